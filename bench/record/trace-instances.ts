import { cpus, freemem } from 'node:os';
import { type RecordedEvent, SIDE_EVENTS } from './recorded-events.ts';
import { processTree, threadsOf } from './task-tree.ts';
import { type LostEvents, TracefsInstance } from './tracefs-instance.ts';

const BUFFER_KIB_DEFAULT = 65_536;
const BUFFER_KIB_MIN = 1024;
/** The kernel takes a buffer's memory at once, for every CPU. */
const BUFFER_MEMORY_SHARE = 1 / 8;
const SIDE_BUFFER_SHARE = 1 / 4;

/** Ring buffer per CPU when the user names none: 64 MiB, less where memory is short. */
export function defaultBufferKib(freeBytes = freemem(), cpuCount = cpus().length): number {
  const share = Math.floor((freeBytes * BUFFER_MEMORY_SHARE) / 1024 / cpuCount);
  return Math.max(BUFFER_KIB_MIN, Math.min(BUFFER_KIB_DEFAULT, share));
}

/**
 * The target's instance, and a second one for everything that is *not* the target: khugepaged,
 * ksmd, kcompactd and kswapd invalidate the target's ranges in their own context, where the filter of
 * the first does not see them.
 */
export class TraceInstances {
  readonly main: TracefsInstance;
  readonly side: TracefsInstance | undefined;
  readonly bufferKib: number;
  /** Names of events that were asked for and that this kernel does not have. */
  readonly missingEvents: readonly string[];

  /**
   * @param hasRanges without true ranges the second instance would stay empty
   * @throws {EnvironmentRefused} the kernel refuses; nothing is left behind
   */
  constructor(
    tracefs: string,
    events: readonly RecordedEvent[],
    hasRanges: boolean,
    bufferKib = defaultBufferKib(),
  ) {
    this.bufferKib = bufferKib;
    this.main = TracefsInstance.create(tracefs, 'target');
    try {
      this.main.configure();
      this.side = hasRanges ? TracefsInstance.create(tracefs, 'kernel') : undefined;
      this.side?.configure();
      this.side?.enable(SIDE_EVENTS, Math.ceil(bufferKib * SIDE_BUFFER_SHARE));
      this.missingEvents = this.main.enable(events, bufferKib);
    } catch (error) {
      this.main.tryRemove();
      this.side?.tryRemove();
      throw error;
    }
  }

  /** Puts every thread of a running process and its descendants into the filters. */
  follow(pid: number): void {
    const followed = new Set<number>();
    // New threads of followed ones are followed by the kernel; those made meanwhile by threads that
    // were not yet followed are found by looking again.
    for (let before = -1; before !== followed.size; ) {
      before = followed.size;
      for (const tid of processTree(pid).flatMap(threadsOf)) {
        if (followed.has(tid)) continue;
        followed.add(tid);
        this.main.write('set_event_pid', `${tid}\n`);
        this.side?.write('set_event_notrace_pid', `${tid}\n`);
      }
    }
  }

  start(): void {
    this.side?.write('tracing_on', '1');
    this.main.write('tracing_on', '1');
  }

  stop(): void {
    this.main.write('tracing_on', '0');
    this.side?.write('tracing_on', '0');
  }

  lostEvents(): LostEvents {
    const main = this.main.lostEvents();
    const side = this.side?.lostEvents() ?? { overrun: 0, commitOverrun: 0, dropped: 0 };
    return {
      overrun: main.overrun + side.overrun,
      commitOverrun: main.commitOverrun + side.commitOverrun,
      dropped: main.dropped + side.dropped,
    };
  }

  /** @returns folders that are still there because another process has a file of them open */
  async remove(): Promise<string[]> {
    const left: string[] = [];
    for (const instance of [this.main, this.side]) {
      if (instance !== undefined && !(await instance.remove())) left.push(instance.folder);
    }
    return left;
  }
}
