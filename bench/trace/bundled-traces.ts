import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../results/usage-error.ts';
import { IMPORTER } from '../import/import-recording.ts';
import { importTraceFile } from '../import/import-trace.ts';
import type { PageTrace } from '../workloads/page-trace.ts';
import { type PageTraceOptions, pageTraceOf } from './page-trace-of.ts';
import {
  FileSink,
  MemorySink,
  parseTraceFile,
  TRACE_VERSION,
  type TraceFile,
} from './trace-file.ts';

/** A recording that comes with the package (bench/traces). */
export interface BundledTrace {
  readonly id: string;
  /** File names in bench/traces; the second is the kernel threads' half of the same run. */
  readonly files: readonly string[];
  readonly description: string;
}

export const BUNDLED_TRACES: readonly BundledTrace[] = [
  {
    id: 'redis-bgsave',
    files: ['redis-bgsave.tracefs-full.txt.gz'],
    description:
      'redis-server under load with BGSAVE: fork, then copy-on-write; page faults recorded',
  },
  {
    id: 'redis-bgsave-lean',
    files: ['redis-bgsave.tracefs-lean.txt.gz'],
    description: 'the same program in another run, without page faults',
  },
  {
    id: 'redis-strace',
    files: ['redis.strace.txt.gz'],
    description: 'the same program under strace: ranges derived from calls, a lower bound',
  },
  {
    id: 'node-gc',
    files: ['node-gc.tracefs-lean.txt.gz'],
    description: 'node under garbage collection: thousands of 256 KiB ranges from several threads',
  },
  {
    id: 'node-gc-strace',
    files: ['node-gc.strace.txt.gz'],
    description: 'the same program under strace: derived ranges, more than the kernel sends',
  },
  {
    id: 'gcc-compile',
    files: ['gcc-compile.tracefs-full.txt.gz'],
    description:
      'gcc -O2 of a large file (cc1, as, collect2, ld): growth by brk and mmap, few ranges',
  },
  {
    id: 'storm-async',
    files: ['storm-async.tracefs-lean.txt.gz', 'storm-async.tracefs-side.txt.gz'],
    description:
      'kernel-side storms: khugepaged, compaction, KSM, reclaim, DONTNEED of every 2nd page',
  },
  {
    id: 'forky-sh',
    files: ['forky-sh.tracefs-lean.txt.gz'],
    description: 'a shell script that forks some 500 processes',
  },
  {
    id: 'thp-forced',
    files: ['thp-forced.tracefs-full.txt.gz'],
    description: 'every kind of huge-page event once, in a 64 MiB arena, with step marks',
  },
  {
    id: 'thp-forced-perf',
    files: ['thp-forced.perfscript.txt.gz'],
    description: 'the same program recorded by perf',
  },
  {
    id: 'thp-forced-bpftrace',
    files: ['thp-forced.bpftrace.csv.gz'],
    description: 'the same program recorded by bpftrace: ranges only',
  },
  {
    id: 'thp-forced-strace',
    files: ['thp-forced.strace.txt.gz'],
    description: 'the same program under strace: derived ranges',
  },
  {
    id: 'thp-forced-poll',
    files: ['thp-forced.poll4ms.txt.gz'],
    description: 'the same program seen by polling its page map every 4 ms: derived ranges',
  },
];

/**
 * The imported recording; kept as .xlt in node_modules/.cache/xlt-bench, under a name made of the
 * sources' and importer's identity. Where that folder cannot be written, it is imported in memory.
 *
 * @throws UsageError for an unknown id, with the ids there are
 */
export async function loadBundledTrace(id: string): Promise<TraceFile> {
  const bundled = BUNDLED_TRACES.find((trace) => trace.id === id);
  if (!bundled) {
    const ids = BUNDLED_TRACES.map((trace) => trace.id).join(', ');
    throw new UsageError(`no bundled recording "${id}", expected one of: ${ids}`);
  }
  const paths = bundledPaths(bundled);
  const cachePath = await cachePathOf(bundled, paths);
  const cached = await readCached(cachePath);
  if (cached) return cached;
  const memory = new MemorySink();
  await importTraceFile(paths, memory);
  await writeCache(cachePath, memory.bytes);
  return parseTraceFile(memory.bytes, bundled.id);
}

/** One process of a bundled recording, ready for the core. */
export async function loadBundledPageTrace(
  id: string,
  options: PageTraceOptions = {},
): Promise<PageTrace> {
  return pageTraceOf(await loadBundledTrace(id), { name: id, ...options });
}

/** Paths of the recording's files, whether this runs from the sources or compiled. */
export function bundledPaths(bundled: BundledTrace): string[] {
  return bundled.files.map((file) => join(packageFolder(), 'bench', 'traces', file));
}

async function cachePathOf(bundled: BundledTrace, paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(`${IMPORTER} ${TRACE_VERSION}`);
  for (const path of paths) hash.update(await readFile(path));
  const name = `${bundled.id}-${hash.digest('hex').slice(0, 16)}.xlt`;
  return join(packageFolder(), 'node_modules', '.cache', 'xlt-bench', name);
}

/** Undefined when there is no good file: a damaged one is made again. */
async function readCached(path: string): Promise<TraceFile | undefined> {
  try {
    return parseTraceFile(await readFile(path), path);
  } catch {
    return undefined;
  }
}

async function writeCache(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const sink = new FileSink(path);
    sink.write(bytes);
    await sink.finish();
  } catch {
    // Read-only installation: the next run imports again.
  }
}

function packageFolder(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${start}`);
  }
}
