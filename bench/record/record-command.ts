import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EnvironmentRefused } from './environment-refused.ts';
import { findExecutable } from './executable.ts';
import { checkRecordOptions, isTracePath, type RecordOptions } from './record-options.ts';
import type { Recording } from './recording.ts';
import { partPath } from './recording-text.ts';
import { StopSignals } from './stop-signals.ts';
import { recordStrace } from './strace-recording.ts';
import { recordTracefs } from './trace-recording.ts';
import { findTracefs, removeStaleInstances } from './tracefs-instance.ts';

function logToStandardError(line: string): void {
  process.stderr.write(`xlt-bench record: ${line}\n`);
}

/** Records text into a folder beside the trace, imports it, and keeps it if that fails. */
async function recordTrace(
  options: RecordOptions,
  signals: StopSignals,
  log: (line: string) => void,
): Promise<Recording> {
  const folder = mkdtempSync(`${options.out}.text-`);
  let isKept = false;
  try {
    const out = join(folder, `${basename(options.out, '.xlt')}.txt`);
    const { files, facts } = await recordText({ ...options, out }, signals, log);
    isKept = true;
    // Only here: whoever records text does without the importer and what it needs.
    const { importTrace } = await import('../import/import-trace.ts');
    const texts = files.slice(0, (facts.kernelThreadRangeEvents ?? 0) > 0 ? 2 : 1);
    // A process that ran already has pages that no event of the recording mapped.
    const snapshots = files.filter((file) => file === partPath(out, 'start-pages'));
    const inputs = options.pid === undefined ? texts : [...texts, ...snapshots];
    await importTrace({ inputs, out: options.out, force: options.force === true });
    isKept = false;
    return { files: [options.out], facts };
  } catch (error) {
    if (isKept) log(`the recording could not be imported; its text is kept in ${folder}`);
    throw error;
  } finally {
    if (!isKept) rmSync(folder, { recursive: true, force: true });
  }
}

async function recordText(
  options: RecordOptions,
  signals: StopSignals,
  log: (line: string) => void,
): Promise<Recording> {
  const tracefs = findTracefs();
  if ('folder' in tracefs) {
    for (const name of removeStaleInstances(tracefs.folder)) {
      log(`removed the tracefs instance ${name} of a recorder that was killed`);
    }
    return recordTracefs(options, tracefs.folder, signals, log);
  }
  const strace = findExecutable('strace');
  if (strace === undefined) {
    throw new EnvironmentRefused(
      `record: cannot record: ${tracefs.refusal}, and there is no strace in PATH; either record as ` +
        'root with tracefs mounted, or install strace',
    );
  }
  return recordStrace(options, strace, tracefs.refusal, signals, log);
}

/** What the user is told at the end. */
function summary({ facts, files }: Recording): string {
  const seconds = (facts.stopSeconds - facts.startSeconds).toFixed(2);
  const ended =
    facts.exitCode === undefined
      ? 'let go'
      : `ended with ${facts.signal ? `signal ${facts.signal}` : `exit code ${facts.exitCode}`}`;
  const side = facts.kernelThreadRangeEvents ?? 0;
  const ranges =
    facts.ranges === 'true'
      ? `${facts.rangeEvents} notifier ranges and ${side} by kernel threads and others`
      : 'no notifier ranges (the import derives them)';
  const who = facts.pid === 0 ? 'the process' : `process ${facts.pid}`;
  return `${who} ${ended} after ${seconds} s: ${ranges}; wrote ${files.join(', ')}`;
}

/**
 * Records the address-space changes of a command, or of a running process and its descendants.
 * The command has the caller's standard streams; its exit code is in the facts. Ctrl-C goes to the
 * command, and what was recorded until its end is saved. Nothing but the files remains.
 * With an `out` that ends in `.xlt` the text is imported at once and only the binary trace is kept.
 *
 * @throws {UsageError} an option is wrong, or events were lost (nothing is saved)
 * @throws {EnvironmentRefused} neither tracefs nor strace can be used here
 */
export async function recordCommand(options: RecordOptions): Promise<Recording> {
  if (process.platform !== 'linux') {
    throw new EnvironmentRefused(`record: cannot record on ${process.platform}: it needs Linux`);
  }
  checkRecordOptions(options);
  const log = options.log ?? logToStandardError;
  const signals = new StopSignals();
  try {
    const record = isTracePath(options.out) ? recordTrace : recordText;
    const recording = await record(options, signals, log);
    log(summary(recording));
    return recording;
  } finally {
    signals.close();
  }
}
