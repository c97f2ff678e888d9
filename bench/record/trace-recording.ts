import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../results/usage-error.ts';
import { EnvironmentRefused } from './environment-refused.ts';
import { PageSnapshots } from './page-snapshots.ts';
import { findRangeSource, LOST_WITHOUT_RANGES, type RangeSource } from './range-source.ts';
import type { RecordOptions } from './record-options.ts';
import { type RecordedEvent, targetEvents } from './recorded-events.ts';
import { type Recording, RecordingTexts } from './recording.ts';
import { machineFacts, type RecordingFacts } from './recording-facts.ts';
import { ShimSocket } from './shim-socket.ts';
import type { StopSignals } from './stop-signals.ts';
import { startTarget, type TargetEnd, waitForAttached } from './target-process.ts';
import { commandLineOf } from './task-tree.ts';
import { TraceInstances } from './trace-instances.ts';
import { LAUNCHER_COMMAND_LINE, launcherArguments } from './trace-launcher.ts';
import type { LostEvents } from './tracefs-instance.ts';

const EXEC_WAIT_MS = 500;
const EXEC_POLL_MS = 2;
const RANGE_MARK = ' kvm_unmap_hva_range: ';

/** In the line of an exec; thread ids differ from the process id when a thread execs. */
function execMark(pid: number): string {
  return ` pid=${pid} old_pid=`;
}

/** What is known when the target has ended or was let go. */
interface Observed {
  readonly pid: number;
  readonly startNs: bigint;
  readonly stopNs: bigint;
  readonly end?: TargetEnd;
}

/** Looks at a command's pages as soon as the launcher has become it; without the shim's help. */
async function snapshotAfterExec(pid: number, snapshots: PageSnapshots): Promise<void> {
  for (let waitedMs = 0; waitedMs < EXEC_WAIT_MS; waitedMs += EXEC_POLL_MS) {
    const line = commandLineOf(pid);
    if (line === '') return;
    if (!line.startsWith(LAUNCHER_COMMAND_LINE)) {
      snapshots.takeStart(pid);
      return;
    }
    await sleep(EXEC_POLL_MS);
  }
}

/** One recording through tracefs, from the instances to the files. */
class TraceRecording {
  readonly #options: RecordOptions;
  readonly #log: (line: string) => void;
  readonly #signals: StopSignals;
  readonly #source: RangeSource;
  readonly #events: readonly RecordedEvent[];
  readonly #instances: TraceInstances;
  readonly #snapshots = new PageSnapshots(() => process.hrtime.bigint());
  #shimOwnsVm = false;
  #shimStarts = 0;

  constructor(
    options: RecordOptions,
    tracefs: string,
    signals: StopSignals,
    log: (line: string) => void,
  ) {
    this.#options = options;
    this.#signals = signals;
    this.#log = log;
    this.#source = findRangeSource(tracefs, options.pid);
    if ('missing' in this.#source) {
      log(`ranges will be derived: ${this.#source.missing}; ${LOST_WITHOUT_RANGES}`);
    }
    this.#events = targetEvents(options.faults === true, options.flush === true);
    const hasRanges = !('missing' in this.#source);
    this.#instances = new TraceInstances(tracefs, this.#events, hasRanges, options.bufferKib);
    const { missingEvents } = this.#instances;
    if (missingEvents.length > 0) {
      log(`this kernel has no ${missingEvents.join(', ')}: not recorded`);
    }
  }

  async run(): Promise<Observed> {
    const { pid, seconds } = this.#options;
    if (pid === undefined) return this.#runCommand();
    this.#instances.follow(pid);
    const startNs = process.hrtime.bigint();
    this.#instances.start();
    this.#snapshots.takeStart(pid);
    this.#log(`recording process ${pid}; Ctrl-C ends the recording, not the process`);
    await waitForAttached(pid, seconds, this.#signals);
    this.#snapshots.takeEnd(pid);
    this.#instances.stop();
    return { pid, startNs, stopNs: process.hrtime.bigint() };
  }

  async #runCommand(): Promise<Observed> {
    const library = 'missing' in this.#source ? undefined : this.#source.library;
    let targetPid = 0;
    const socket =
      library === undefined
        ? undefined
        : await ShimSocket.listen({
            started: (ownsVm) => {
              this.#shimOwnsVm = ownsVm;
              this.#shimStarts++;
              this.#snapshots.takeStart(targetPid);
            },
            ending: () => this.#snapshots.takeEnd(targetPid),
          });
    try {
      if (this.#signals.count > 0) throw new UsageError('record: interrupted before the start');
      const { main, side } = this.#instances;
      const startNs = process.hrtime.bigint();
      const target = await startTarget(
        launcherArguments(
          { main: main.folder, side: side?.folder ?? '' },
          library ?? '',
          this.#options.passKvm === true,
          this.#options.command!,
        ),
        socket === undefined ? {} : { XLT_BENCH_SOCKET: socket.path },
        this.#signals,
        (pid) => {
          targetPid = pid;
        },
      );
      if (socket === undefined) await snapshotAfterExec(target.pid, this.#snapshots);
      const end = await target.ended;
      // The launcher's last step before it becomes the command is to switch the instance on.
      const launched = main.read('tracing_on').startsWith('1');
      this.#instances.stop();
      const stopNs = process.hrtime.bigint();
      if (!launched) {
        throw new EnvironmentRefused(`record: the command was not started: ${main.folder} refused`);
      }
      return { pid: target.pid, startNs, stopNs, end };
    } finally {
      socket?.close();
    }
  }

  async save(observed: Observed): Promise<Recording> {
    const lost = this.#instances.lostEvents();
    this.#refuseIfLost(lost);
    const texts = new RecordingTexts(this.#options.out, this.#signals);
    try {
      const { main, side } = this.#instances;
      const [rangeEvents = 0, execs = 0] = await texts.copy('target', join(main.folder, 'trace'), [
        RANGE_MARK,
        execMark(observed.pid),
      ]);
      const [sideRanges] =
        side === undefined
          ? []
          : await texts.copy('kernel-threads', join(side.folder, 'trace'), [RANGE_MARK]);
      const { startLines, endLines } = this.#snapshots;
      if (startLines !== undefined) await texts.write('start-pages', startLines);
      if (endLines !== undefined) await texts.write('end-pages', endLines);
      const missing = this.#rangesMissing(execs);
      const facts = this.#facts(observed, lost, rangeEvents, sideRanges, missing, texts.paths);
      return await texts.finish(facts);
    } catch (error) {
      texts.discard();
      throw error;
    }
  }

  #refuseIfLost(lost: LostEvents): void {
    const total = lost.overrun + lost.commitOverrun + lost.dropped;
    if (total === 0) return;
    throw new UsageError(
      `record: ${total} events were lost (overrun ${lost.overrun}, commit overrun ` +
        `${lost.commitOverrun}, dropped ${lost.dropped}), so nothing is saved: record again with ` +
        `--buffer-kib ${this.#instances.bufferKib * 4} (it was ${this.#instances.bufferKib}), ` +
        'fewer events or a shorter time',
    );
  }

  /**
   * Why the ranges of this recording are not the kernel's, or undefined if they are.
   * @param execs how often the command's process became another program
   */
  #rangesMissing(execs: number): string | undefined {
    if ('missing' in this.#source) return this.#source.missing;
    if (this.#source.library === undefined) return undefined;
    let missing: string | undefined;
    if (this.#shimStarts < execs) {
      missing =
        'the command did not load the preload library (a static or setuid program, or one that ' +
        'clears LD_PRELOAD)';
    } else if (!this.#shimOwnsVm) {
      missing = 'the command could not make a KVM VM (if it gives up its rights, use --pass-kvm)';
    }
    if (missing !== undefined) {
      this.#log(`ranges must be derived: ${missing}; ${LOST_WITHOUT_RANGES}`);
    }
    return missing;
  }

  #facts(
    observed: Observed,
    lost: LostEvents,
    rangeEvents: number,
    sideRanges: number | undefined,
    missing: string | undefined,
    paths: readonly string[],
  ): RecordingFacts {
    const { command } = this.#options;
    return {
      ...machineFacts(),
      recorder: 'tracefs',
      ...(command === undefined ? {} : { command }),
      pid: observed.pid,
      clock: 'monotonic',
      startSeconds: Number(observed.startNs) / 1e9,
      stopSeconds: Number(observed.stopNs) / 1e9,
      ranges: missing === undefined ? 'true' : 'derived',
      ...(missing === undefined ? {} : { rangesMissing: missing }),
      rangeEvents,
      ...(sideRanges === undefined ? {} : { kernelThreadRangeEvents: sideRanges }),
      shim: this.#shimOwnsVm && missing === undefined,
      events: this.#events.map((event) => event.name),
      missingEvents: this.#instances.missingEvents,
      lost,
      files: paths.map((path) => basename(path)),
      ...(observed.end === undefined ? {} : { exitCode: observed.end.exitCode }),
      ...(observed.end?.signal ? { signal: observed.end.signal } : {}),
      startPages: this.#snapshots.start,
      endPages: this.#snapshots.end,
    };
  }

  /** Removes the instances; whatever happened before. */
  async close(): Promise<void> {
    for (const folder of await this.#instances.remove()) {
      this.#log(
        `${folder} is held open by another process; it is switched off, and the next recording ` +
          `removes it (or: rmdir ${folder})`,
      );
    }
  }
}

/**
 * Records through tracefs: the kernel's tracepoints of the command and its children, and what
 * kernel threads do to them.
 *
 * @param tracefs the folder where tracefs is mounted
 * @throws {EnvironmentRefused} the kernel refuses instances or events
 * @throws {UsageError} events were lost; nothing is saved
 */
export async function recordTracefs(
  options: RecordOptions,
  tracefs: string,
  signals: StopSignals,
  log: (line: string) => void,
): Promise<Recording> {
  const recording = new TraceRecording(options, tracefs, signals, log);
  try {
    return await recording.save(await recording.run());
  } finally {
    await recording.close();
  }
}
