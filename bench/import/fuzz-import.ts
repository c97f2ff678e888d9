import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { gunzipSync, gzipSync } from 'node:zlib';
import { UsageError } from '../../results/usage-error.ts';
import { BUNDLED_TRACES, bundledPaths } from '../trace/bundled-traces.ts';
import { pageTraceOf } from '../trace/page-trace-of.ts';
import { MemorySink, parseTraceFile, type TraceFile } from '../trace/trace-file.ts';
import { checkPageTrace } from '../workloads/check-page-trace.ts';
import { importTraceFile } from './import-trace.ts';
import { mutateRecording, seededRandom } from './mutate-recording.ts';

/** A piece this long of a recording is mutated: long enough for forks, calls and ranges. */
const PIECE_BYTES = 12_000;
const IMPORT_TIMEOUT_MS = 10_000;
const MEMORY_MAX_BYTES = 1024 * 1024 * 1024;
const GZIP_SHARE = 0.1;

export interface FuzzResult {
  readonly imported: number;
  readonly refused: number;
  /** Traces from which a process could be replayed. */
  readonly replayed: number;
  /** Messages that were given, without numbers and names, with their counts. */
  readonly messages: ReadonlyMap<string, number>;
}

/**
 * Imports `count` damaged recordings. Each must give a trace (whose replay keeps the core's rules) or a
 * one-line UsageError, within the time and memory limits.
 * @throws Error that names seed and round at the first that does not
 */
export async function fuzzImport(
  count: number,
  seed: number,
  onRound: (round: number) => void = () => {},
): Promise<FuzzResult> {
  const pieces = await recordingPieces();
  const folder = await mkdtemp(join(tmpdir(), 'xlt-bench-fuzz-'));
  const path = join(folder, 'recording.txt');
  const messages = new Map<string, number>();
  const result = { imported: 0, refused: 0, replayed: 0, messages };
  try {
    for (let round = 0; round < count; round++) {
      onRound(round);
      const random = seededRandom(seed + round);
      const piece = pieces[Math.floor(random() * pieces.length)]!;
      let bytes = mutateRecording(pieceOf(piece, random), random);
      if (random() < GZIP_SHARE) bytes = damagedGzip(bytes, random);
      await writeFile(path, bytes);
      try {
        await importOne(path, result);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}: ${(error as Error).stack}`);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return result;
}

async function importOne(
  path: string,
  result: { imported: number; refused: number; replayed: number; messages: Map<string, number> },
): Promise<void> {
  const sink = new MemorySink();
  try {
    await withTimeout(importTraceFile([path], sink));
    result.imported++;
    const trace = pageTraceOf(writtenTrace(sink.bytes));
    const violations = checkPageTrace(trace, { maxViolations: 1 });
    if (violations.length > 0)
      throw new Error(`the replay breaks a rule: ${violations[0]!.message}`);
    result.replayed++;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (error.message.includes('\n'))
      throw new Error(`a message of several lines: ${error.message}`);
    result.refused++;
    const kind = error.message
      .replace(/\(".*?"/g, '("..."')
      .replace(/0x[0-9a-f]+|[\d.]+/g, 'N')
      .slice(0, 70);
    result.messages.set(kind, (result.messages.get(kind) ?? 0) + 1);
  }
  const { rss } = process.memoryUsage();
  if (rss > MEMORY_MAX_BYTES) throw new Error(`${Math.round(rss / 2 ** 20)} MiB of memory in use`);
}

/** What the importer wrote must be readable: a refusal here is the importer's fault. */
function writtenTrace(bytes: Uint8Array): TraceFile {
  try {
    return parseTraceFile(bytes, 'fuzzed.xlt');
  } catch (error) {
    throw new Error(`the importer wrote a bad trace: ${(error as Error).message}`);
  }
}

async function withTimeout(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const message = `no end after ${IMPORT_TIMEOUT_MS} ms`;
    timer = setTimeout(() => reject(new Error(message)), IMPORT_TIMEOUT_MS);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function recordingPieces(): Promise<Buffer[]> {
  const paths = BUNDLED_TRACES.flatMap(bundledPaths);
  return Promise.all(paths.map(async (path) => gunzipSync(await readFile(path))));
}

function pieceOf(text: Buffer, random: () => number): Buffer {
  if (text.length <= PIECE_BYTES) return text;
  const start = Math.floor(random() * (text.length - PIECE_BYTES));
  const lineStart = text.indexOf(10, start) + 1;
  const end = text.indexOf(10, Math.min(text.length - 1, lineStart + PIECE_BYTES)) + 1;
  return text.subarray(lineStart, end || text.length);
}

/** A compressed recording with a byte changed or the end cut off. */
function damagedGzip(text: Buffer, random: () => number): Buffer {
  const bytes = gzipSync(text, { level: 1 });
  const at = Math.floor(random() * bytes.length);
  if (random() < 0.5) return bytes.subarray(0, at);
  bytes[at] = bytes[at]! ^ (1 << Math.floor(random() * 8));
  return bytes;
}

/**
 * Ends the process when a round does not end: a loop in a scanner also stops every timer of this
 * thread, so another thread watches.
 */
function startWatchdog(seed: number): { readonly round: Int32Array; readonly worker: Worker } {
  const round = new Int32Array(new SharedArrayBuffer(4));
  const code = `
    const { workerData: { round, seed, pid, timeoutMs } } = require('node:worker_threads');
    let seen = -1;
    setInterval(() => {
      const now = Atomics.load(round, 0);
      if (now === seen) {
        require('node:fs').writeSync(2, 'seed ' + seed + ', round ' + now + ': no end after ' + timeoutMs + ' ms\\n');
        process.kill(pid, 'SIGKILL');
      }
      seen = now;
    }, timeoutMs);`;
  const workerData = { round, seed, pid: process.pid, timeoutMs: 3 * IMPORT_TIMEOUT_MS };
  return { round, worker: new Worker(code, { eval: true, workerData }) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const count = Number(process.argv[2] ?? 1000);
  const seed = Number(process.argv[3] ?? 1);
  const started = performance.now();
  const { round, worker } = startWatchdog(seed);
  const result = await fuzzImport(count, seed, (now) => Atomics.store(round, 0, now));
  await worker.terminate();
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`${count} damaged recordings, seed ${seed}, ${seconds} s, no crash, no hang`);
  const { imported, replayed, refused, messages } = result;
  console.log(`${imported} imported (${replayed} replayed), ${refused} refused with one line:`);
  for (const [message, times] of [...messages].sort((a, b) => b[1] - a[1])) {
    console.log(`${String(times).padStart(8)}  ${message}`);
  }
}
