import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, readProcessStat } from './process-stat.ts';
import type { StopSignals } from './stop-signals.ts';

const ATTACHED_POLL_MS = 50;
/** The first signal lets the program end as it likes; a program deaf to it is killed at the third. */
const SIGNALS_UNTIL_KILL = 3;

/** How the recorded command ended. `exitCode` is the shell's: 128 + n for a death by signal n. */
export interface TargetEnd {
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
}

/** A started command. It shares the recorder's terminal, standard streams and process group. */
export interface StartedTarget {
  readonly pid: number;
  /** Resolves when it has ended; never rejects. */
  readonly ended: Promise<TargetEnd>;
}

/** A terminal sends Ctrl-C to its whole foreground group: then the target has had it already. */
function terminalSignalsUs(): boolean {
  const stat = readProcessStat('self');
  return stat !== undefined && stat.terminal !== 0 && stat.foregroundGroup === stat.processGroup;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

function endOf(child: ChildProcess): Promise<TargetEnd> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const number = signal === null ? 0 : constants.signals[signal];
      resolve({ exitCode: code ?? 128 + number, signal });
    });
  });
}

/**
 * Starts `argv` and passes signals on until it ends. The recorder itself survives them, so that it
 * can finish the recording.
 *
 * @param onStart gets the process id before the program can have done anything the caller waits for
 * @param signalled the process that gets the signals, when it is not the started one itself
 * @throws the operating system's error if it cannot be started
 */
export async function startTarget(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  signals: StopSignals,
  onStart: (pid: number) => void = () => {},
  signalled?: () => number | undefined,
): Promise<StartedTarget> {
  const child = spawn(argv[0]!, argv.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (child.pid !== undefined) onStart(child.pid);
  const ended = endOf(child);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  signals.handle((signal, count) => {
    const kill = count >= SIGNALS_UNTIL_KILL;
    if (!kill && signal === 'SIGINT' && terminalSignalsUs()) return;
    sendSignal(signalled?.() ?? child.pid!, kill ? 'SIGKILL' : signal);
  });
  return { pid: child.pid!, ended: ended.finally(() => signals.handle(undefined)) };
}

/**
 * Waits until a process that was running already ends, or the user ends the recording with Ctrl-C
 * (the process gets no signal), or `seconds` have passed.
 */
export async function waitForAttached(
  pid: number,
  seconds: number | undefined,
  signals: StopSignals,
): Promise<void> {
  const startTicks = readProcessStat(pid)?.startTicks;
  const deadline = seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1000;
  const before = signals.count;
  while (startTicks !== undefined && isRunning(pid, startTicks) && signals.count === before) {
    const left = deadline - Date.now();
    if (left <= 0) return;
    await sleep(Math.min(ATTACHED_POLL_MS, left));
  }
}
