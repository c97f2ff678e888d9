import { CALL_NONE } from './raw-event.ts';
import { VmaMap } from './vma-map.ts';

/** Bits of a VMA beside PROT_* and MAP_PRIVATE / MAP_ANONYMOUS of a map record. */
export const VMA_EVER_WRITABLE = 256;
export const VMA_DONTFORK = 512;
export const VMA_HUGEPAGE = 1024;

/** One address space (mm): what the recording has told about it so far. */
export class Space {
  readonly vmas = new VmaMap();
  /** Present end of the heap, 0 while unknown. */
  brk = 0;
  tasks = 0;
  ranges = 0;
  derivedRanges = 0;
  faults = 0;
  maps = 0;
  /** It was forked, or is a copy: single pages may be copy-on-write. */
  hasForked = false;
  endNs = -1;
  /** Blocks of MADV_HUGEPAGE areas that a partial operation has split. */
  readonly splitBlocks = new Set<number>();

  readonly number: number;
  readonly pid: number;
  readonly comm: string;
  readonly parent: number;
  readonly startNs: number;

  constructor(number: number, pid: number, comm: string, parent: number, startNs: number) {
    this.number = number;
    this.pid = pid;
    this.comm = comm;
    this.parent = parent;
    this.startNs = startNs;
  }
}

/** One thread (TID) and what encloses its next event. */
export class Task {
  isKernelThread = false;
  /** Call whose return has not been seen. */
  call = CALL_NONE;
  a0 = 0;
  a1 = 0;
  a2 = 0;
  a3 = 0;
  a4 = 0;
  /** The call or fault that explains the next ranges, if they touch [windowStart, windowEnd). */
  windowReason = 0;
  windowStart = 0;
  windowEnd = 0;
  faultVa = -1;
  /** The last range, to see nesting and to name migrations. */
  rangeRecord = -1;
  rangeStart = 0;
  rangeEnd = 0;
  rangeTimeNs = 0;
  isRangeUnexplained = false;
  /** Ranges without an enclosing call or fault, in ascending order: a fork may turn out to be theirs. */
  run: number[] = [];
  runTimeNs = 0;
  runEnd = 0;
  /** The last mapping was a thread's stack. */
  hasNewStack = false;
  /** The copy of its parent's space was assumed; the first event with a pid decides. */
  parentTask: Task | undefined;
  commHash = 0;
  isExecSuspected = false;

  readonly tid: number;
  pid: number;
  space: Space;

  constructor(tid: number, pid: number, space: Space) {
    this.tid = tid;
    this.pid = pid;
    this.space = space;
  }

  /** Forgets what might explain the next range. */
  closeWindow(): void {
    this.windowReason = 0;
    this.faultVa = -1;
    this.rangeRecord = -1;
    if (this.run.length > 0) this.run = [];
  }
}
