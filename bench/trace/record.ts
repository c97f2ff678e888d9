/**
 * One record of an imported recording: {timeNs, task, space, op, va, len, arg, reason}. It says what
 * the recorder saw, per address space and with virtual addresses; bench/trace/page-trace-of.ts turns
 * the records of one space into the events that the core replays. docs/trace-format.md has the table.
 */

/** A notifier range that the kernel announced; arg = RANGE_* bits. */
export const RECORD_RANGE = 1;
/** A notifier range that the importer concluded from a call or a fault; arg = RANGE_* bits. */
export const RECORD_DERIVED_RANGE = 2;
/** A VMA appears; arg = MAP_PROT bits (PROT_* of mmap) | MAP_* bits below. */
export const RECORD_MAP = 3;
/** A VMA, or a part of one, goes. */
export const RECORD_UNMAP = 4;
/** The rights of the range change; arg = PROT_* of mprotect. */
export const RECORD_PROTECT = 5;
/** mremap moved pages; va and len are the source, arg = first page number of the target. */
export const RECORD_MOVE = 6;
/** madvise; arg = behaviour number. */
export const RECORD_ADVISE = 7;
/** A page fault on va; arg = bits of the x86 error code. */
export const RECORD_FAULT = 8;
/** The space was copied; arg = number of the new space. */
export const RECORD_FORK = 9;
/** The space was made by exec; arg = number of the space that the task left. */
export const RECORD_EXEC = 10;
/** The last task of the space ended. */
export const RECORD_EXIT = 11;
/** A huge-page collapse without address (mm_collapse_huge_page); arg = 1 when it succeeded. */
export const RECORD_COLLAPSE = 12;
/** A mark of the recorded program; arg = index into the marks of the metadata. */
export const RECORD_MARK = 13;
/** What a poll of the pagemap found; arg = PTE_* of the change. */
export const RECORD_PTE = 14;

/** Names of the operations, by number. */
export const RECORD_NAMES: readonly string[] = [
  'none',
  'range',
  'derived-range',
  'map',
  'unmap',
  'protect',
  'move',
  'advise',
  'fault',
  'fork',
  'exec',
  'exit',
  'collapse',
  'mark',
  'pte',
];

/** The range was announced inside the window of another range of the same task. */
export const RANGE_NESTED = 1;
/** A kernel thread sent the range; the space was found by its VMAs. */
export const RANGE_KERNEL_THREAD = 2;
/** The reason is inferred from the history of the space, not from an enclosing call or fault. */
export const RANGE_REASON_INFERRED = 4;

/** Low bits of RECORD_MAP's arg are PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4. */
export const MAP_PROT = 7;
/** Private mapping: fork write-protects it. */
export const MAP_PRIVATE = 8;
/** Not backed by a file. */
export const MAP_ANONYMOUS = 16;
/** The space got the VMA from its parent at fork. */
export const MAP_INHERITED = 32;

/** Bits of the x86 page-fault error code. */
export const FAULT_CODE_PRESENT = 1;
export const FAULT_CODE_WRITE = 2;
export const FAULT_CODE_INSTRUCTION = 16;

/** arg of RECORD_PTE: what the poll says happened since the previous poll. */
export const PTE_MAPPED = 0;
export const PTE_MAPPED_HUGE = 1;
export const PTE_UNMAPPED = 2;
export const PTE_VMA_GONE = 3;
export const PTE_MOVED = 4;
export const PTE_SPLIT = 5;
export const PTE_COLLAPSED = 6;

/** behaviour numbers of madvise that matter here (include/uapi/asm-generic/mman-common.h). */
export const MADV_DONTNEED = 4;
export const MADV_FREE = 8;
export const MADV_REMOVE = 9;
export const MADV_DONTFORK = 10;
export const MADV_DOFORK = 11;
export const MADV_HUGEPAGE = 14;
export const MADV_NOHUGEPAGE = 15;
export const MADV_COLLAPSE = 25;

export const PAGE_BYTES = 4096;
export const HUGE_BYTES = 2 * 1024 * 1024;
/** First address above the user half of a 4-level x86-64 address space. */
export const USER_END = 2 ** 47;

/** Where records go as they are made, in order of time. */
export interface RecordSink {
  /**
   * Appends a record. va and len are bytes and multiples of 4096; arg is an integer in [0, 2^53).
   * @returns the record's number, for `relabel`
   */
  push(
    timeNs: number,
    task: number,
    space: number,
    op: number,
    va: number,
    len: number,
    arg: number,
    reason: number,
  ): number;
  /** Sets the reason of a record again, and adds bits to its arg; false when it has been written out. */
  relabel(record: number, reason: number, argBits: number): boolean;
}
