import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BUNDLED_TRACES, bundledPaths } from '../trace/bundled-traces.ts';
import { FileSink } from '../trace/trace-file.ts';
import { importTraceFile } from './import-trace.ts';

/** Seconds between the copies; longer than the recording. */
const COPY_SECONDS = 10;

export interface ImportThroughput {
  readonly lines: number;
  readonly textBytes: number;
  /** Fastest of the runs. */
  readonly seconds: number;
  readonly linesPerSecond: number;
  /** CPU seconds of that run, of all threads. */
  readonly cpuSeconds: number;
  /** Largest memory of the process so far. */
  readonly peakBytes: number;
}

/**
 * Measures the import of tracefs text, from file to .xlt file: the bundled redis recording with page
 * faults, repeated `copies` times (79 939 lines each) with the clock running on.
 */
export async function measureImport(copies = 12, runs = 3): Promise<ImportThroughput> {
  const folder = await mkdtemp(join(tmpdir(), 'xlt-bench-throughput-'));
  try {
    const path = join(folder, 'recording.txt');
    await writeCopies(path, copies);
    const results: ImportThroughput[] = [];
    for (let run = 0; run < runs; run++)
      results.push(await measureOne(path, join(folder, 't.xlt')));
    return results.reduce((best, result) => (result.seconds < best.seconds ? result : best));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measureOne(path: string, out: string): Promise<ImportThroughput> {
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const metadata = await importTraceFile([path], new FileSink(out));
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const source = metadata.sources[0]!;
  return {
    lines: source.lines,
    textBytes: source.bytes,
    seconds,
    linesPerSecond: source.lines / seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

async function writeCopies(path: string, copies: number): Promise<void> {
  const bundled = BUNDLED_TRACES.find(({ id }) => id === 'redis-bgsave')!;
  const text = gunzipSync(await readFile(bundledPaths(bundled)[0]!)).toString('latin1');
  const file = await open(path, 'w');
  try {
    for (let copy = 0; copy < copies; copy++) {
      const later = text.replace(/^(.{36} +)(\d+)(?=\.\d{6}: )/gm, (_, head: string, seconds) => {
        return head + String(Number(seconds) + copy * COPY_SECONDS);
      });
      await file.write(later, null, 'latin1');
    }
  } finally {
    await file.close();
  }
}
