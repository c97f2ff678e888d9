/**
 * One trace event as it lies in shared memory, and the operations it may name.
 *
 *   byte  0        8     12          16          20    24         28
 *         timeNs   op    firstPage   pageCount   arg   reason     source
 *         u64      u32   u32         u32         u32   u32        u32
 *
 * timeNs counts from the start of the recording; pages are indices of 4 KiB pages in the dense page
 * space of the cell, 2 MiB blocks start at multiples of 512. Untyped constants: this file compiles as
 * TypeScript (host) and as AssemblyScript (core).
 */
export const TRACE_EVENT_BYTES = 32;
export const TRACE_TIME_NS = 0;
export const TRACE_OP = 8;
export const TRACE_FIRST_PAGE = 12;
export const TRACE_PAGE_COUNT = 16;
export const TRACE_ARG = 20;
export const TRACE_REASON = 24;
export const TRACE_SOURCE = 28;

/** A VMA appears over the range; arg = PROT_* | VMA_* bits. No notifier runs. */
export const OP_MAP = 1;
/** A notifier range: arg = one of EVENT_*, with NON_BLOCKABLE or-ed in when the OS may not sleep. */
export const OP_INVALIDATE = 2;
/** The VMA over the range goes (munmap, exec, exit); the notifier range was an event of its own. */
export const OP_UNMAP_VMA = 3;
/** The CPU touches one page; arg = FAULT_* bits. */
export const OP_FAULT = 4;
/** The VMA's rights change; arg = PROT_* bits. The notifier range was an event of its own. */
export const OP_PROTECT_VMA = 5;
/** The OS breaks the 2 MiB mappings of the range into 4 KiB ones; the pages stay present. */
export const OP_SPLIT = 6;
/** The OS collapses the range's 4 KiB mappings into 2 MiB ones. */
export const OP_COLLAPSE = 7;
/** The CPU touches a 2 MiB block and gets a 2 MiB mapping for it. */
export const OP_FAULT_HUGE = 8;
/** Fork: pages of the range become copy-on-write, the notifier event is PROTECTION_PAGE. */
export const OP_FORK = 9;
/** The address space ends: RELEASE over everything. */
export const OP_EXIT = 10;
/** A step mark of the recorded program; changes nothing. */
export const OP_MARK = 11;

export const PROT_READ = 1;
export const PROT_WRITE = 2;
/** The VMA wants 2 MiB pages (MADV_HUGEPAGE or the file's folio size). */
export const VMA_HUGE = 16;

export const FAULT_WRITE = 1;
/** The fault hit a present page: write to a read-only or copy-on-write mapping. */
export const FAULT_PRESENT = 2;

/** enum mmu_notifier_event of include/linux/mmu_notifier.h, in its order. */
export const EVENT_UNMAP = 0;
export const EVENT_CLEAR = 1;
export const EVENT_PROTECTION_VMA = 2;
export const EVENT_PROTECTION_PAGE = 3;
export const EVENT_SOFT_DIRTY = 4;
export const EVENT_RELEASE = 5;
export const EVENT_MIGRATE = 6;
export const EVENT_EXCLUSIVE = 7;
/** Or-ed into the arg of OP_INVALIDATE: the OOM reaper's ranges may not sleep. */
export const NON_BLOCKABLE = 256;

/** Why a notifier range was sent, for labels in tables and charts only. */
export const REASON_UNKNOWN = 0;
export const REASON_MUNMAP = 1;
export const REASON_MADVISE = 2;
export const REASON_MPROTECT = 3;
export const REASON_MREMAP = 4;
export const REASON_BRK = 5;
export const REASON_FORK = 6;
export const REASON_COW = 7;
export const REASON_SPLIT = 8;
export const REASON_COLLAPSE = 9;
export const REASON_KSM = 10;
export const REASON_MIGRATION = 11;
export const REASON_RECLAIM = 12;
export const REASON_WRITEBACK = 13;
export const REASON_NUMA = 14;
export const REASON_EXIT = 15;
