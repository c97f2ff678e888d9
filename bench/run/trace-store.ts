import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkloadReference } from '../suites/cell.ts';
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

  /** @throws UsageError for an unknown workload, a damaged file or a parameter out of range */
  async fileOf(workload: WorkloadReference, seed: number): Promise<string> {
    // A recording is the same for every seed.
    const key = JSON.stringify(isSynthetic(workload.id) ? [workload, seed] : [workload]);
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const file = join(this.#folder, `${this.#files.size}.trace`);
    writeStoredTrace(file, await resolveWorkload(workload, seed));
    this.#files.set(key, file);
    return file;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
