/**
 * One trace event as it lies in shared memory, and the operations it may name.
 *
 *   byte  0        8     12          16          20    24         28
 *         timeNs   op    firstPage   pageCount   arg   reason     source
 *         u64      u32   u32         u32         u32   u32        u32
 *
 * timeNs counts from the start of the recording; pages are indices of 4 KiB pages in the dense page
 * space of the cell, 2 MiB blocks start at multiples of 512. Only integer constants: this file compiles as
 * TypeScript (host) and as AssemblyScript (core).
 */
export const TRACE_EVENT_BYTES: u32 = 32;
export const TRACE_TIME_NS: u32 = 0;
export const TRACE_OP: u32 = 8;
export const TRACE_FIRST_PAGE: u32 = 12;
export const TRACE_PAGE_COUNT: u32 = 16;
export const TRACE_ARG: u32 = 20;
export const TRACE_REASON: u32 = 24;
export const TRACE_SOURCE: u32 = 28;

/** A VMA appears over the range; arg = PROT_* | VMA_* bits. No notifier runs. */
export const OP_MAP: u32 = 1;
/** A notifier range: arg = one of EVENT_*, with NON_BLOCKABLE or-ed in when the OS may not sleep. */
export const OP_INVALIDATE: u32 = 2;
/** The VMA over the range goes (munmap, exec, exit); the notifier range was an event of its own. */
export const OP_UNMAP_VMA: u32 = 3;
/** The CPU touches each page of the range; arg = FAULT_* bits. */
export const OP_FAULT: u32 = 4;
/** The VMA's rights change; arg = PROT_* bits. The notifier range was an event of its own. */
export const OP_PROTECT_VMA: u32 = 5;
/** The OS breaks the 2 MiB mappings of the range into 4 KiB ones; the pages stay present. */
export const OP_SPLIT: u32 = 6;
/** The OS collapses the range's 4 KiB mappings into 2 MiB ones. */
export const OP_COLLAPSE: u32 = 7;
/** The CPU touches a 2 MiB block and gets a 2 MiB mapping for it. */
export const OP_FAULT_HUGE: u32 = 8;
/** Fork: pages of the range become copy-on-write, the notifier event is PROTECTION_PAGE. */
export const OP_FORK: u32 = 9;
/** The address space ends: RELEASE over everything. */
export const OP_EXIT: u32 = 10;
/** A step mark of the recorded program; changes nothing. */
export const OP_MARK: u32 = 11;

export const PROT_READ: u32 = 1;
export const PROT_WRITE: u32 = 2;
/** The VMA wants 2 MiB pages (MADV_HUGEPAGE or the file's folio size). */
export const VMA_HUGE: u32 = 16;

export const FAULT_WRITE: u32 = 1;
/** The fault hit a present page: write to a read-only or copy-on-write mapping. */
export const FAULT_PRESENT: u32 = 2;

/** enum mmu_notifier_event of include/linux/mmu_notifier.h, in its order. */
export const EVENT_UNMAP: u32 = 0;
export const EVENT_CLEAR: u32 = 1;
export const EVENT_PROTECTION_VMA: u32 = 2;
export const EVENT_PROTECTION_PAGE: u32 = 3;
export const EVENT_SOFT_DIRTY: u32 = 4;
export const EVENT_RELEASE: u32 = 5;
export const EVENT_MIGRATE: u32 = 6;
export const EVENT_EXCLUSIVE: u32 = 7;
/** Or-ed into the arg of OP_INVALIDATE: the OOM reaper's ranges may not sleep. */
export const NON_BLOCKABLE: u32 = 256;

/** Why a notifier range was sent, for labels in tables and charts only. */
export const REASON_UNKNOWN: u32 = 0;
export const REASON_MUNMAP: u32 = 1;
export const REASON_MADVISE: u32 = 2;
export const REASON_MPROTECT: u32 = 3;
export const REASON_MREMAP: u32 = 4;
export const REASON_BRK: u32 = 5;
export const REASON_FORK: u32 = 6;
export const REASON_COW: u32 = 7;
export const REASON_SPLIT: u32 = 8;
export const REASON_COLLAPSE: u32 = 9;
export const REASON_KSM: u32 = 10;
export const REASON_MIGRATION: u32 = 11;
export const REASON_RECLAIM: u32 = 12;
export const REASON_WRITEBACK: u32 = 13;
export const REASON_NUMA: u32 = 14;
export const REASON_EXIT: u32 = 15;
