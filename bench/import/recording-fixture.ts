import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RECORD_NAMES } from '../trace/record.ts';
import { MemorySink, parseTraceFile, type TraceFile } from '../trace/trace-file.ts';
import { importTraceFile } from './import-trace.ts';

/** Runs `use` with a folder that is removed afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'xlt-bench-import-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Imports texts as the files of one run, named recording.txt, recording-2.txt ... */
export function importTexts(...texts: readonly (string | Uint8Array)[]): Promise<TraceFile> {
  return withFolder(async (folder) => {
    const paths = texts.map((_, i) => join(folder, `recording${i === 0 ? '' : `-${i + 1}`}.txt`));
    for (const [i, text] of texts.entries()) await writeFile(paths[i]!, text);
    return importPaths(paths);
  });
}

export async function importPaths(paths: readonly string[]): Promise<TraceFile> {
  const sink = new MemorySink();
  await importTraceFile(paths, sink);
  return parseTraceFile(sink.bytes, 'recording.xlt');
}

/** One record in words, for comparisons. */
export interface NamedRecord {
  readonly timeNs: number;
  readonly task: number;
  readonly space: number;
  readonly op: string;
  readonly va: number;
  readonly len: number;
  readonly arg: number;
  readonly reason: number;
}

export function recordsOf({ columns }: TraceFile): NamedRecord[] {
  return Array.from({ length: columns.capacity }, (_, i) => ({
    timeNs: columns.timeNs[i]!,
    task: columns.task[i]!,
    space: columns.space[i]!,
    op: RECORD_NAMES[columns.op[i]!]!,
    va: columns.page[i]! * 4096,
    len: columns.pages[i]! * 4096,
    arg: columns.arg[i]!,
    reason: columns.reason[i]!,
  }));
}
