import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../../results/usage-error.ts';
import { findExecutable } from './executable.ts';
import { RECORDING_PARTS } from './recording-facts.ts';
import { partPath } from './recording-text.ts';

/** What to record and where to; exactly one of `command` and `pid` is given. */
export interface RecordOptions {
  /** The file to write: text, gzipped text (`.gz`) or a binary trace (`.xlt`). */
  readonly out: string;
  /** Program and arguments. */
  readonly command?: readonly string[] | undefined;
  /** A process that runs already; with it, its descendants are recorded. */
  readonly pid?: number | undefined;
  /** Ends the recording of a running process after this time. */
  readonly seconds?: number | undefined;
  /** Record page faults as well. */
  readonly faults?: boolean | undefined;
  /** Record TLB flushes as well. */
  readonly flush?: boolean | undefined;
  /** Ring buffer per CPU; the kernel threads' instance has a quarter of it. */
  readonly bufferKib?: number | undefined;
  /** Hand an open /dev/kvm down (descriptor 9) to a command that gives up its rights. */
  readonly passKvm?: boolean | undefined;
  /** Replace the files of an earlier recording. */
  readonly force?: boolean | undefined;
  /** One line for the user; standard error by default. */
  readonly log?: ((line: string) => void) | undefined;
}

const BUFFER_KIB_MIN = 64;
const BUFFER_KIB_MAX = 16 * 2 ** 20;
const SECONDS_MAX = 7 * 24 * 3600;

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function checkNumber(option: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (value >= min && value <= max)) return;
  throw new UsageError(`record: ${option} ${value}: expected a number ${min}..${max}`);
}

/** True for a binary trace: the recording is imported at once. */
export function isTracePath(out: string): boolean {
  return out.endsWith('.xlt');
}

/** @throws {UsageError} one line: which option, what was expected */
export function checkRecordOptions(options: RecordOptions): void {
  const { out, command, pid } = options;
  if (out === '') throw new UsageError('record: --out: expected a file name');
  if (isFolder(out)) throw new UsageError(`record: --out ${out}: a folder, expected a file name`);
  if (!isFolder(dirname(out))) {
    throw new UsageError(`record: --out ${out}: there is no folder ${dirname(out)}`);
  }
  if (options.force !== true) refuseToReplace(out);
  checkWritable(out);
  if ((command === undefined) === (pid === undefined)) {
    throw new UsageError('record: expected either a command after -- or --pid');
  }
  checkNumber('--seconds', options.seconds, 0.001, SECONDS_MAX);
  checkNumber('--buffer-kib', options.bufferKib, BUFFER_KIB_MIN, BUFFER_KIB_MAX);
  if (command !== undefined) checkCommand(command, options);
  else checkPid(pid!);
}

/** Asked before the recording: afterwards it would be lost. */
function checkWritable(out: string): void {
  const path = `${out}.${process.pid}.tmp`;
  try {
    closeSync(openSync(path, 'wx'));
    rmSync(path);
  } catch (error) {
    throw new UsageError(
      `record: --out ${out}: cannot be written (${(error as Error).message.split(',')[0]})`,
    );
  }
}

/** For the same reason. */
function refuseToReplace(out: string): void {
  const paths = isTracePath(out) ? [out] : RECORDING_PARTS.map((part) => partPath(out, part));
  const existing = paths.find((path) => existsSync(path));
  if (existing === undefined) return;
  throw new UsageError(`record: ${existing}: exists already, expected another --out or --force`);
}

function checkCommand(command: readonly string[], options: RecordOptions): void {
  const [program] = command;
  if (program === undefined || program === '') {
    throw new UsageError('record: expected a command after --');
  }
  if (findExecutable(program) === undefined) {
    throw new UsageError(`record: ${program}: no such program in PATH, or it is not executable`);
  }
  if (options.seconds !== undefined) {
    throw new UsageError('record: --seconds goes with --pid; limit a command with timeout(1)');
  }
}

function checkPid(pid: number): void {
  if (!Number.isInteger(pid) || pid < 1) {
    throw new UsageError(`record: --pid ${pid}: expected the number of a process`);
  }
  if (pid === process.pid)
    throw new UsageError(`record: --pid ${pid}: that is the recorder itself`);
  if (!isFolder(`/proc/${pid}`)) {
    throw new UsageError(`record: --pid ${pid}: there is no such process`);
  }
}
