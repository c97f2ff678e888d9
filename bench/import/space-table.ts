import { REASON_FORK } from '../../core/abi/trace-event.ts';
import {
  MAP_INHERITED,
  MAP_PRIVATE,
  RANGE_REASON_INFERRED,
  RECORD_DERIVED_RANGE,
  RECORD_EXEC,
  RECORD_EXIT,
  RECORD_FORK,
  RECORD_MAP,
} from '../trace/record.ts';
import type { ImportContext } from './import-context.ts';
import { type RawEvent, SHARING_COPY, SHARING_SPACE } from './raw-event.ts';
import { Space, Task, VMA_DONTFORK, VMA_EVER_WRITABLE } from './space.ts';

/** Names of kernel threads that send ranges of spaces which are not theirs. */
const KERNEL_THREAD =
  /^(khugepaged|ksmd|kswapd\d+|kcompactd\d+|kworker\/.*|oom_reaper|migration\/\d+|kdamond\.\d+)$/;
/**
 * Fork announces one range per private VMA that holds anonymous pages, in order of address and just
 * before its event; even `true` has more than ten of them. Fewer are copy-on-write.
 */
const FORK_RANGES_MIN = 3;
const FORK_GAP_NS = 50e6;
const COMM_BYTES = 15;

/** The tasks and address spaces of a recording: who runs where. */
export class SpaceTable {
  readonly spaces: Space[] = [];
  readonly #context: ImportContext;
  readonly #tasks = new Map<number, Task>();
  /** Most lines are of the task of the line before. */
  #last: Task | undefined;
  readonly #spaceOfPid = new Map<number, Space>();
  /** Stands in for "no space": kernel threads and their unassigned ranges. */
  readonly none = new Space(0, 0, 'none', 0, 0);

  constructor(context: ImportContext) {
    this.#context = context;
  }

  /** The task of an event; unknown tasks are older than the recording and get a space. */
  task(event: RawEvent): Task {
    const { tid, pid } = event;
    const known = this.#last?.tid === tid ? this.#last : this.#tasks.get(tid);
    if (known) {
      this.#last = known;
      if (pid !== 0 && known.pid !== pid) this.#settlePid(known, pid);
      return known;
    }
    const name = event.comm() || `pid ${pid || tid}`;
    const isKernelThread = KERNEL_THREAD.test(name);
    let space = this.none;
    if (!isKernelThread) {
      const sibling = pid !== 0 ? this.#spaceOfPid.get(pid) : undefined;
      space = sibling ?? this.#newSpace(pid || tid, name, 0);
      space.tasks++;
    }
    const task = new Task(tid, pid, space);
    task.isKernelThread = isKernelThread;
    this.#tasks.set(tid, task);
    return task;
  }

  /** Spaces that have a task. */
  *live(): Iterable<Space> {
    for (const space of this.spaces) if (space.endNs < 0) yield space;
  }

  /** A task made another one: a thread, a vfork child, or a process with a copy of the space. */
  fork(parent: Task, childTid: number, sharing: number): void {
    const context = this.#context;
    const forkRanges = this.#takeForkRanges(parent);
    let copies = sharing === SHARING_COPY;
    if (sharing !== SHARING_COPY && sharing !== SHARING_SPACE) {
      // The event does not say which; fork's own ranges do, where the space has a notifier.
      if (forkRanges > 0) copies = true;
      else if (parent.space.ranges === 0) {
        copies = !parent.hasNewStack;
        context.note('forks without evidence, taken for a process or thread by the last mmap');
      }
    }
    const old = this.#tasks.get(childTid);
    if (old) this.#leave(old);
    let space = parent.space;
    if (copies && space !== this.none) space = this.#copySpace(parent, childTid);
    space.tasks++;
    const child = new Task(childTid, 0, space);
    child.parentTask = copies ? parent : undefined;
    child.isKernelThread = parent.isKernelThread;
    child.commHash = parent.commHash;
    this.#tasks.set(childTid, child);
    this.#last = undefined;
    parent.hasNewStack = false;
  }

  exec(task: Task, program: string): void {
    const context = this.#context;
    const old = task.space;
    const comm = Buffer.from(program.slice(program.lastIndexOf('/') + 1))
      .subarray(0, COMM_BYTES)
      .toString('utf8');
    const space = this.#newSpace(task.pid || task.tid, comm, old.number);
    space.tasks = 1;
    this.#leaveSpace(old, task.tid);
    task.space = space;
    task.parentTask = undefined;
    task.commHash = 0;
    task.closeWindow();
    context.push(task.tid, space.number, RECORD_EXEC, 0, 0, old.number);
  }

  exit(task: Task): void {
    this.#tasks.delete(task.tid);
    this.#last = undefined;
    this.#leaveSpace(task.space, task.tid);
  }

  #leave(task: Task): void {
    this.#context.note('tasks whose end was not seen');
    this.exit(task);
  }

  /** Names the ranges just before a fork event; returns how many there are. */
  #takeForkRanges(parent: Task): number {
    const context = this.#context;
    const run = parent.run;
    const isFork = run.length >= FORK_RANGES_MIN && context.timeNs - parent.runTimeNs < FORK_GAP_NS;
    if (!isFork) return 0;
    for (const record of run) context.relabel(record, REASON_FORK, RANGE_REASON_INFERRED);
    const count = run.length;
    parent.closeWindow();
    return count;
  }

  #copySpace(parent: Task, childTid: number): Space {
    const context = this.#context;
    const from = parent.space;
    from.hasForked = true;
    const space = this.#newSpace(childTid, from.comm, from.number);
    space.hasForked = true;
    space.brk = from.brk;
    context.push(parent.tid, from.number, RECORD_FORK, 0, 0, space.number, REASON_FORK);
    for (const vma of from.vmas.all()) {
      if (vma.bits & VMA_DONTFORK) continue;
      space.vmas.map(vma.start, vma.end, vma.bits);
      const arg = (vma.bits & 31) | MAP_INHERITED;
      context.push(childTid, space.number, RECORD_MAP, vma.start, vma.end, arg, REASON_FORK);
      // Fork write-protects what may hold anonymous pages: private and writable, now or once.
      if (vma.bits & MAP_PRIVATE && vma.bits & VMA_EVER_WRITABLE) {
        const { start, end } = vma;
        context.push(parent.tid, from.number, RECORD_DERIVED_RANGE, start, end, 0, REASON_FORK);
        from.derivedRanges++;
      }
    }
    for (const block of from.splitBlocks) space.splitBlocks.add(block);
    return space;
  }

  /** The first event with a pid tells whether an assumed copy was a thread after all. */
  #settlePid(task: Task, pid: number): void {
    task.pid = pid;
    const parent = task.parentTask;
    task.parentTask = undefined;
    if (parent && parent.pid === pid && parent.space !== task.space) {
      this.#context.note('forks that turned out to be threads');
      this.#leaveSpace(task.space, task.tid);
      task.space = parent.space;
      task.space.tasks++;
    } else if (!this.#spaceOfPid.has(pid)) {
      this.#spaceOfPid.set(pid, task.space);
    }
  }

  #newSpace(pid: number, comm: string, parent: number): Space {
    const space = new Space(this.spaces.length + 1, pid, comm, parent, this.#context.timeNs);
    this.spaces.push(space);
    this.#spaceOfPid.set(pid, space);
    return space;
  }

  #leaveSpace(space: Space, tid: number): void {
    if (space === this.none) return;
    space.tasks--;
    if (space.tasks > 0) return;
    space.endNs = this.#context.timeNs;
    space.vmas.clear();
    space.splitBlocks.clear();
    this.#context.push(tid, space.number, RECORD_EXIT, 0, 0);
  }
}
