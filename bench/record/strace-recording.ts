import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentRefused } from './environment-refused.ts';
import { PageSnapshots } from './page-snapshots.ts';
import { LOST_WITHOUT_RANGES } from './range-source.ts';
import type { RecordOptions } from './record-options.ts';
import { type Recording, RecordingTexts } from './recording.ts';
import { machineFacts } from './recording-facts.ts';
import type { StopSignals } from './stop-signals.ts';
import { startTarget, type TargetEnd, waitForAttached } from './target-process.ts';
import { childrenOf, commandLineOf, processTree } from './task-tree.ts';

const CALLS = 'trace=%memory,clone,clone3,fork,vfork,execve,exit_group';
const EXEC_WAIT_MS = 1000;
const EXEC_POLL_MS = 5;
const DETACH_WAIT_MS = 5000;
/** And the blank behind them. */
const PID_DIGITS_MAX = 11;

function wallClockNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}

/** The traced command: the child of strace that has become something else than strace. */
function tracedChild(stracePid: number): number | undefined {
  const own = commandLineOf(stracePid);
  return childrenOf(stracePid).find((child) => ![own, ''].includes(commandLineOf(child)));
}

/** Who made the first call: with -f strace begins each line with the process. 0: it does not say. */
function firstPidIn(text: string): number {
  const file = openSync(text, 'r');
  try {
    const start = Buffer.alloc(PID_DIGITS_MAX);
    readSync(file, start);
    return Number(/^\d+(?= )/.exec(start.toString('latin1'))?.[0] ?? 0);
  } finally {
    closeSync(file);
  }
}

/** One recording through strace, from its start to the files. */
class StraceRecording {
  readonly #options: RecordOptions;
  readonly #strace: string;
  readonly #signals: StopSignals;
  readonly #text: string;
  readonly #snapshots = new PageSnapshots(wallClockNs);
  #targetPid: number | undefined;

  constructor(options: RecordOptions, strace: string, signals: StopSignals) {
    this.#options = options;
    this.#strace = strace;
    this.#signals = signals;
    this.#text = `${options.out}.${process.pid}.strace`;
  }

  async record(reason: string): Promise<Recording> {
    const startNs = wallClockNs();
    const { pid } = this.#options;
    const end = pid === undefined ? await this.#runCommand() : await this.#attach(pid);
    const stopNs = wallClockNs();
    const texts = new RecordingTexts(this.#options.out, this.#signals);
    try {
      this.#refuseIfEmpty();
      await texts.copy('target', this.#text);
      const { startLines, endLines } = this.#snapshots;
      if (startLines !== undefined) await texts.write('start-pages', startLines);
      if (endLines !== undefined) await texts.write('end-pages', endLines);
      return await texts.finish({
        ...machineFacts(),
        recorder: 'strace',
        ...(this.#options.command === undefined ? {} : { command: this.#options.command }),
        pid: this.#targetPid ?? firstPidIn(this.#text),
        clock: 'realtime',
        startSeconds: Number(startNs / 1000n) / 1e6,
        stopSeconds: Number(stopNs / 1000n) / 1e6,
        ranges: 'derived',
        rangesMissing: reason,
        rangeEvents: 0,
        shim: false,
        files: texts.paths.map((path) => basename(path)),
        ...(end === undefined ? {} : { exitCode: end.exitCode }),
        ...(end?.signal ? { signal: end.signal } : {}),
        startPages: this.#snapshots.start,
        endPages: this.#snapshots.end,
      });
    } catch (error) {
      texts.discard();
      throw error;
    }
  }

  discard(): void {
    rmSync(this.#text, { force: true });
  }

  #arguments(...rest: readonly string[]): string[] {
    return [this.#strace, '-f', '-ttt', '-e', CALLS, '-o', this.#text, ...rest];
  }

  async #runCommand(): Promise<TargetEnd> {
    let stracePid = 0;
    const target = await startTarget(
      this.#arguments('--seccomp-bpf', '--', ...this.#options.command!),
      {},
      this.#signals,
      (pid) => {
        stracePid = pid;
      },
      () => this.#targetPid ?? tracedChild(stracePid),
    );
    for (let waitedMs = 0; waitedMs < EXEC_WAIT_MS; waitedMs += EXEC_POLL_MS) {
      this.#targetPid = tracedChild(target.pid);
      if (this.#targetPid !== undefined || commandLineOf(target.pid) === '') break;
      await sleep(EXEC_POLL_MS);
    }
    if (this.#targetPid !== undefined) this.#snapshots.takeStart(this.#targetPid);
    return target.ended;
  }

  async #attach(pid: number): Promise<undefined> {
    this.#targetPid = pid;
    this.#snapshots.takeStart(pid);
    // strace cannot filter by seccomp in a process that it has not started.
    const child = spawn(this.#strace, this.#arguments('-p', processTree(pid).join(',')).slice(1), {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = once(child, 'exit');
    await Promise.race([ended, waitForAttached(pid, this.#options.seconds, this.#signals)]);
    this.#snapshots.takeEnd(pid);
    // It detaches, and the process goes on.
    child.kill('SIGINT');
    await Promise.race([ended, sleep(DETACH_WAIT_MS)]);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }

  #refuseIfEmpty(): void {
    const size = statSync(this.#text, { throwIfNoEntry: false })?.size ?? 0;
    if (size > 0) return;
    throw new EnvironmentRefused(
      'record: strace recorded nothing: tracing other processes is forbidden here (in a ' +
        'container: --cap-add SYS_PTRACE; for --pid: the same user and kernel.yama.ptrace_scope 0)',
    );
  }
}

/**
 * Records the system calls of the command and its children: what an ordinary user can.
 *
 * @param strace the program's path
 * @param reason why there are no true ranges
 * @throws {EnvironmentRefused} strace may not trace
 */
export async function recordStrace(
  options: RecordOptions,
  strace: string,
  reason: string,
  signals: StopSignals,
  log: (line: string) => void,
): Promise<Recording> {
  log(`recording system calls with strace: ${reason}; ${LOST_WITHOUT_RANGES}`);
  if (options.faults === true || options.flush === true) {
    log('strace shows neither page faults nor TLB flushes: --faults and --flush have no effect');
  }
  const recording = new StraceRecording(options, strace, signals);
  try {
    return await recording.record(reason);
  } finally {
    recording.discard();
  }
}
