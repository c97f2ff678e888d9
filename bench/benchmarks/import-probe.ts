import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { importTraceFile } from '../import/import-trace.ts';
import { packageRoot } from '../package-root.ts';
import type { ByteSink } from '../trace/trace-file.ts';
import type { ProbeFigures } from './probe.ts';

/** A bundled recording that is imported many times over, one copy after the other in time. */
interface RepeatedRecording {
  readonly file: string;
  readonly copies: number;
  /** A line's time: what stands before it, its whole units, what stands behind them. */
  readonly time: RegExp;
  readonly unitsPerSecond: number;
}

const KERNEL_TIME = /( )(\d+)(\.\d{6,9}: )/g;

/** 1.1 million lines, 140 MB; the recording that the budget is for. */
const LEAN: RepeatedRecording = {
  file: 'storm-async.tracefs-lean.txt.gz',
  copies: 12,
  time: KERNEL_TIME,
  unitsPerSecond: 1,
};
/** The other forms, some 0.4 to 1 million lines each. */
const FORMS: Readonly<Record<string, RepeatedRecording>> = {
  full: { ...LEAN, file: 'redis-bgsave.tracefs-full.txt.gz' },
  perf: { ...LEAN, file: 'thp-forced.perfscript.txt.gz', copies: 1000 },
  bpftrace: {
    file: 'thp-forced.bpftrace.csv.gz',
    copies: 15_000,
    time: /^()(\d+)(,)/gm,
    unitsPerSecond: 1e9,
  },
  strace: {
    file: 'node-gc.strace.txt.gz',
    copies: 40,
    time: /^(\d+ )(\d+)(\.\d{6} )/gm,
    unitsPerSecond: 1,
  },
};

/** Takes the bytes and keeps none: what is measured is the import, not the disk. */
class NoSink implements ByteSink {
  write(): void {}

  async drain(): Promise<void> {}

  async finish(): Promise<void> {}

  async discard(): Promise<void> {}
}

/** Throughput of the text importer on long recordings, and how its memory grows with the file. */
export async function importProbe(): Promise<ProbeFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'xlt-import-'));
  try {
    // Both are written first: the texts in memory would be taken for the import's growth.
    const short = writeCopies(folder, { ...LEAN, copies: 2 });
    const long = writeCopies(folder, LEAN);
    await timed(short);
    const residentAfterShort = process.memoryUsage().rss;
    const { lines, seconds } = await timed(long);
    const growthMib = (process.memoryUsage().rss - residentAfterShort) / 2 ** 20;
    const forms: Record<string, number> = {};
    for (const [name, recording] of Object.entries(FORMS)) {
      const form = await timed(writeCopies(folder, recording));
      forms[`${name}LinesPerSecond`] = form.lines / form.seconds;
    }
    return {
      lines,
      linesPerSecond: lines / seconds,
      nsPerLine: (seconds * 1e9) / lines,
      growthMib,
      ...forms,
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

/** Copies begin a second after the one before ended. */
function writeCopies(folder: string, recording: RepeatedRecording): string {
  const { copies, time, unitsPerSecond } = recording;
  const text = gunzipSync(readFileSync(join(packageRoot, 'bench', 'traces', recording.file)));
  const lines = text.toString('latin1');
  const times = [...lines.matchAll(time)].map((match) => Number(match[2]));
  const period = times.at(-1)! - times[0]! + unitsPerSecond;
  const file = join(folder, `${copies}-${recording.file}.txt`);
  const out = openSync(file, 'w');
  try {
    for (let copy = 0; copy < copies; copy++) {
      const later = lines.replace(time, (_, before: string, units: string, behind: string) => {
        return `${before}${Number(units) + copy * period}${behind}`;
      });
      writeSync(out, later, null, 'latin1');
    }
  } finally {
    closeSync(out);
  }
  return file;
}
