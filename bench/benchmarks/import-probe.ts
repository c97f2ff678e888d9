import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { importTraceFile } from '../import/import-trace.ts';
import { packageRoot } from '../package-root.ts';
import type { ByteSink } from '../trace/trace-file.ts';
import type { ProbeFigures } from './probe.ts';

/** Copies of the recording, one after the other in time: 1.1 million lines, 140 MB. */
const COPIES = 12;
const RECORDING = 'storm-async.tracefs-lean.txt.gz';
const TIMESTAMP = /( )(\d+)(\.\d{6}: )/g;

/** Takes the bytes and keeps none: what is measured is the import, not the disk. */
class NoSink implements ByteSink {
  write(): void {}

  async drain(): Promise<void> {}

  async finish(): Promise<void> {}

  async discard(): Promise<void> {}
}

/** Throughput of the text importer on a long recording, and how its memory grows with the file. */
export async function importProbe(): Promise<ProbeFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'xlt-import-'));
  try {
    const short = join(folder, 'short.txt');
    const long = join(folder, 'long.txt');
    const text = gunzipSync(readFileSync(join(packageRoot, 'bench', 'traces', RECORDING)));
    writeCopies(short, text.toString('latin1'), 2);
    writeCopies(long, text.toString('latin1'), COPIES);
    await timed(short);
    const residentAfterShort = process.memoryUsage().rss;
    const { lines, seconds } = await timed(long);
    return {
      lines,
      linesPerSecond: lines / seconds,
      nsPerLine: (seconds * 1e9) / lines,
      growthMib: (process.memoryUsage().rss - residentAfterShort) / 2 ** 20,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(file: string): Promise<{ lines: number; seconds: number }> {
  const startMs = performance.now();
  const { sources } = await importTraceFile([file], new NoSink());
  const seconds = (performance.now() - startMs) / 1000;
  return { lines: sources.reduce((sum, source) => sum + source.lines, 0), seconds };
}

/** Copies begin where the one before ended, to the second. */
function writeCopies(file: string, text: string, copies: number): void {
  const seconds = [...text.matchAll(TIMESTAMP)].map((match) => Number(match[2]));
  const period = Math.max(...bounds(seconds)) - Math.min(...bounds(seconds)) + 1;
  const out = openSync(file, 'w');
  for (let copy = 0; copy < copies; copy++) {
    const shift = copy * period;
    writeSync(
      out,
      text.replace(TIMESTAMP, (_, space: string, whole: string, rest: string) => {
        return `${space}${Number(whole) + shift}${rest}`;
      }),
      null,
      'latin1',
    );
  }
  closeSync(out);
}

function bounds(sorted: readonly number[]): readonly [number, number] {
  return [sorted[0] ?? 0, sorted.at(-1) ?? 0];
}
