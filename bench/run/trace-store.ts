import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkloadReference } from '../suites/cell.ts';
import type { PageTrace } from '../workloads/page-trace.ts';
import { isSynthetic, resolveWorkload } from './resolve-workload.ts';
import { writeStoredTrace } from './stored-trace.ts';

/**
 * Page traces of a run, each made once and read by every cell that plays it: a cell's process then
 * neither generates a storm nor loads the importers. Files lie in a temporary folder that is removed at
 * the end of the run.
 */
export class TraceStore {
  readonly #folder = mkdtempSync(join(tmpdir(), 'xlt-bench-'));
  readonly #files = new Map<string, string>();
  readonly #recordings = new Map<string, string>();

  /** @throws UsageError for an unknown workload, a damaged file or a parameter out of range */
  async fileOf(workload: WorkloadReference, seed: number): Promise<string> {
    // A recording is the same for every seed.
    const key = JSON.stringify(isSynthetic(workload.id) ? [workload, seed] : [workload]);
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const file = join(this.#folder, `${this.#files.size}.trace`);
    const trace = await resolveWorkload(workload, seed);
    writeStoredTrace(file, trace);
    this.#files.set(key, file);
    if (!isSynthetic(workload.id)) this.#recordings.set(key, contentHash(trace));
    return file;
  }

  /** Digest of what a recording plays; null: a storm, which its id, parameters and seed make. */
  recordingHash(workload: WorkloadReference): string | null {
    return this.#recordings.get(JSON.stringify([workload])) ?? null;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Largest piece of events that is handed to the digest at once. */
const PIECE_BYTES = 1 << 30;

function contentHash({ events, pageCount, regions, contiguity }: PageTrace): string {
  const hash = createHash('sha256').update(JSON.stringify({ pageCount, regions, contiguity }));
  for (let at = 0; at < events.length; at += PIECE_BYTES) {
    hash.update(events.subarray(at, at + PIECE_BYTES));
  }
  return hash.digest('hex');
}
