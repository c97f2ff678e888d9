import {
  REASON_COLLAPSE,
  REASON_COW,
  REASON_KSM,
  REASON_MIGRATION,
  REASON_RECLAIM,
  REASON_SPLIT,
  REASON_UNKNOWN,
  REASON_WRITEBACK,
} from '../../core/abi/trace-event.ts';
import {
  FAULT_CODE_INSTRUCTION,
  FAULT_CODE_PRESENT,
  FAULT_CODE_WRITE,
  HUGE_BYTES,
  PAGE_BYTES,
  PTE_MAPPED_HUGE,
  RANGE_KERNEL_THREAD,
  RANGE_NESTED,
  RANGE_REASON_INFERRED,
  RECORD_COLLAPSE,
  RECORD_DERIVED_RANGE,
  RECORD_FAULT,
  RECORD_MARK,
  RECORD_PTE,
  RECORD_RANGE,
  USER_END,
} from '../trace/record.ts';
import type { ImportContext } from './import-context.ts';
import { MemoryCalls } from './memory-call.ts';
import {
  CALL_BRK,
  KIND_CALL,
  KIND_COLLAPSE,
  KIND_ENTER,
  KIND_EXEC,
  KIND_FAULT,
  KIND_FORK,
  KIND_MARK,
  KIND_MIGRATE,
  KIND_PTE,
  KIND_RANGE,
  KIND_RETURN,
  KIND_TASK_EXIT,
  type RawEvent,
} from './raw-event.ts';
import type { Space, Task } from './space.ts';
import { SpaceTable } from './space-table.ts';

const MARKS_MAX = 4096;
/** Low bits of an address; `%` on numbers above 2^31 is a slow floating-point remainder. */
const PAGE_MASK = PAGE_BYTES - 1;
const RUN_GAP_NS = 50e6;
const RUN_MAX = 4096;
/** A range that holds the one before it is taken for nested in its window for this long. */
const NESTING_NS = 1e6;
/** Reasons of ranges that kernel threads send, by the thread's name. */
const THREAD_REASONS: readonly (readonly [string, number])[] = [
  ['khugepaged', REASON_COLLAPSE],
  ['ksmd', REASON_KSM],
  ['kcompactd', REASON_MIGRATION],
  ['migration', REASON_MIGRATION],
  ['kswapd', REASON_RECLAIM],
  ['kdamond', REASON_RECLAIM],
  ['oom_reaper', REASON_RECLAIM],
  ['kworker', REASON_WRITEBACK],
];

/** Turns raw events into records: keeps the spaces and names the reason of each range. */
export class AddressSpaceTracker {
  readonly table: SpaceTable;
  readonly #context: ImportContext;
  readonly #calls: MemoryCalls;
  /** The format never prints exec: it shows only as a changed task name. */
  readonly #isExecHidden: boolean;

  constructor(context: ImportContext, isExecHidden: boolean) {
    this.#context = context;
    this.table = new SpaceTable(context);
    this.#calls = new MemoryCalls(context);
    this.#isExecHidden = isExecHidden;
  }

  /** Applies one event at the context's time. */
  apply(event: RawEvent): void {
    const task = this.table.task(event);
    if (this.#isExecHidden) this.#watchName(task, event);
    switch (event.kind) {
      case KIND_FAULT:
        this.#fault(task, event.a0, event.a1);
        break;
      case KIND_RANGE:
        this.#range(task, event);
        break;
      case KIND_ENTER:
        this.#enter(task, event);
        break;
      case KIND_RETURN:
        this.#return(task, event);
        break;
      case KIND_CALL:
        this.#enter(task, event);
        this.#return(task, event);
        break;
      case KIND_FORK:
        this.table.fork(task, event.a0, event.a1);
        break;
      case KIND_EXEC:
        this.table.exec(task, event.program || event.text());
        break;
      case KIND_TASK_EXIT:
        this.table.exit(task);
        break;
      case KIND_COLLAPSE:
        this.#context.push(task.tid, task.space.number, RECORD_COLLAPSE, 0, 0, event.a0);
        break;
      case KIND_MIGRATE:
        this.#migrate(task, event.a0);
        break;
      case KIND_MARK:
        this.#mark(task, event);
        break;
      case KIND_PTE:
        this.#pte(task, event);
        break;
    }
  }

  #fault(task: Task, address: number, code: number): void {
    const context = this.#context;
    const space = task.space;
    task.closeWindow();
    if (address >= USER_END || space === this.table.none) {
      context.note('faults outside user space');
      return;
    }
    const va = address - (address & PAGE_MASK);
    task.faultVa = va;
    space.faults++;
    context.push(task.tid, space.number, RECORD_FAULT, va, va + PAGE_BYTES, code);
    // Without the kernel's ranges: a write to a present page after a fork is a copy-on-write.
    const cow = FAULT_CODE_PRESENT | FAULT_CODE_WRITE;
    if ((code & cow) === cow && space.hasForked) {
      const end = va + PAGE_BYTES;
      context.push(task.tid, space.number, RECORD_DERIVED_RANGE, va, end, 0, REASON_COW);
      space.derivedRanges++;
    }
  }

  #range(task: Task, event: RawEvent): void {
    const context = this.#context;
    const start = event.a0;
    const end = event.a1;
    context.checkUserEnd(end);
    if (((start | end) & PAGE_MASK) !== 0) {
      context.note('ranges not on page boundaries');
      return;
    }
    context.sampleAlignment(start);
    context.sampleAlignment(end);
    if (task.isKernelThread) {
      this.#kernelThreadRange(task, start, end, event.comm());
      return;
    }
    const space = task.space;
    space.ranges++;
    let reason = this.#enclosingReason(task, start, end);
    let bits = 0;
    const isOuter = this.#holdsLastRange(task, start, end);
    if (isOuter) bits |= RANGE_NESTED;
    const isUnexplained = reason === REASON_UNKNOWN;
    if (isUnexplained && isOuter && isHugeBlock(start, end)) {
      reason = REASON_SPLIT;
      bits |= RANGE_REASON_INFERRED;
    }
    // A lean recording has no faults; after a fork, single pages without a call are the copies.
    if (isUnexplained && space.hasForked && space.faults === 0 && end - start === PAGE_BYTES) {
      reason = REASON_COW;
      bits |= RANGE_REASON_INFERRED;
    }
    const number = space.number;
    const record = context.push(task.tid, number, RECORD_RANGE, start, end, bits, reason);
    task.rangeRecord = record;
    task.rangeStart = start;
    task.rangeEnd = end;
    task.rangeTimeNs = context.timeNs;
    task.isRangeUnexplained = isUnexplained;
    if (isUnexplained) this.#extendRun(task, record, start, end);
  }

  /** The last range of the task is a part of this one: it opened first and is still open. */
  #holdsLastRange(task: Task, start: number, end: number): boolean {
    if (task.rangeRecord < 0 || this.#context.timeNs - task.rangeTimeNs > NESTING_NS) return false;
    const isInside = start <= task.rangeStart && end >= task.rangeEnd;
    return isInside && end - start > task.rangeEnd - task.rangeStart;
  }

  #enclosingReason(task: Task, start: number, end: number): number {
    const isBlock = isHugeBlock(start, end);
    if (task.windowReason !== 0 && start < task.windowEnd && end > task.windowStart) {
      const coversBlock = task.windowStart <= start && task.windowEnd >= end;
      return isBlock && !coversBlock ? REASON_SPLIT : task.windowReason;
    }
    // A copy is one page; a wider range over the last fault's page is something else (fork).
    if (task.faultVa >= start && task.faultVa < end) {
      if (isBlock) return REASON_SPLIT;
      if (end - start === PAGE_BYTES) return REASON_COW;
    }
    return REASON_UNKNOWN;
  }

  #extendRun(task: Task, record: number, start: number, end: number): void {
    const timeNs = this.#context.timeNs;
    const continues = start >= task.runEnd && timeNs - task.runTimeNs < RUN_GAP_NS;
    if (!continues || task.run.length >= RUN_MAX) task.run = [];
    task.run.push(record);
    task.runEnd = end;
    task.runTimeNs = timeNs;
  }

  /** The range names no space: it belongs to the one whose VMAs contain it, if only one does. */
  #kernelThreadRange(task: Task, start: number, end: number, comm: string): void {
    const context = this.#context;
    let found: Space | undefined;
    let candidates = 0;
    for (const space of this.table.live()) {
      if (!space.vmas.covers(start, end)) continue;
      candidates++;
      found = space;
    }
    if (candidates > 1) context.note('kernel-thread ranges with several candidate spaces');
    if (candidates === 0) context.note('kernel-thread ranges without a space');
    const space = candidates === 1 && found ? found : this.table.none;
    space.ranges++;
    const reason = THREAD_REASONS.find(([name]) => comm.startsWith(name))?.[1] ?? REASON_UNKNOWN;
    const number = space.number;
    context.push(task.tid, number, RECORD_RANGE, start, end, RANGE_KERNEL_THREAD, reason);
  }

  #enter(task: Task, event: RawEvent): void {
    if (task.isKernelThread) return;
    if (task.isExecSuspected && event.call === CALL_BRK && event.a0 === 0) {
      this.#hiddenExec(task, event.comm());
    }
    task.call = event.call;
    task.a0 = event.a0;
    task.a1 = event.a1;
    task.a2 = event.a2;
    task.a3 = event.a3;
    task.a4 = event.a4;
    task.closeWindow();
    this.#calls.enter(task);
  }

  #return(task: Task, event: RawEvent): void {
    if (task.call !== event.call) {
      this.#context.note('returns without their call');
      return;
    }
    this.#calls.leave(task, event.result);
  }

  #migrate(task: Task, address: number): void {
    const isHere = task.rangeStart <= address && address < task.rangeEnd;
    if (task.rangeRecord < 0 || !isHere) {
      this.#context.note('migration entries of other spaces');
      return;
    }
    if (!task.isRangeUnexplained) return;
    this.#context.relabel(task.rangeRecord, REASON_MIGRATION, RANGE_REASON_INFERRED);
    task.run = [];
  }

  #mark(task: Task, event: RawEvent): void {
    const context = this.#context;
    task.closeWindow();
    if (context.marks.length === MARKS_MAX) {
      context.note('marks beyond the first 4096');
      return;
    }
    const index = context.marks.push(event.text()) - 1;
    context.push(task.tid, task.space.number, RECORD_MARK, 0, 0, index);
  }

  #pte(task: Task, event: RawEvent): void {
    const context = this.#context;
    const start = event.a0;
    const end = start + event.a1;
    context.checkUserEnd(end);
    if (event.a3 === 1) this.#impliedRange(task, start, end, event.a4);
    context.push(task.tid, task.space.number, RECORD_PTE, start, end, event.a2);
    if (event.a2 <= PTE_MAPPED_HUGE) task.space.faults++;
  }

  #impliedRange(task: Task, start: number, end: number, reason: number): void {
    const isBlock = reason === REASON_SPLIT || reason === REASON_COLLAPSE;
    const from = isBlock ? start - (start & (HUGE_BYTES - 1)) : start;
    const to = isBlock ? from + HUGE_BYTES : end;
    const number = task.space.number;
    this.#context.push(task.tid, number, RECORD_DERIVED_RANGE, from, to, 0, reason);
    task.space.derivedRanges++;
  }

  /** perf script does not print exec here: a new task name, then a first step that only exec makes. */
  #watchName(task: Task, event: RawEvent): void {
    let hash = 1;
    for (let at = event.commStart; at < event.commEnd; at++) {
      hash = (Math.imul(hash, 31) + event.bytes[at]!) | 0;
    }
    if (task.commHash !== hash) {
      task.isExecSuspected = task.commHash !== 0 && event.tid === event.pid;
      task.commHash = hash;
    }
    if (!task.isExecSuspected || event.kind !== KIND_FAULT) return;
    const isFirstStep = (event.a1 & FAULT_CODE_INSTRUCTION) !== 0;
    if (isFirstStep && task.space.vmas.bitsAt(event.a0) < 0) this.#hiddenExec(task, event.comm());
    task.isExecSuspected = false;
  }

  #hiddenExec(task: Task, comm: string): void {
    const hash = task.commHash;
    task.isExecSuspected = false;
    this.#context.note('exec inferred from a changed task name');
    this.table.exec(task, comm);
    task.commHash = hash;
  }
}

function isHugeBlock(start: number, end: number): boolean {
  return end - start === HUGE_BYTES && (start & (HUGE_BYTES - 1)) === 0;
}
