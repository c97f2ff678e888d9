import type { WorkloadReference } from '../suites/cell.ts';
import { BUNDLED_TRACES, loadBundledPageTrace } from '../trace/bundled-traces.ts';
import { pageTraceOf } from '../trace/page-trace-of.ts';
import { readTraceFile } from '../trace/trace-file.ts';
import type { PageTrace } from '../workloads/page-trace.ts';
import { findWorkload, WORKLOADS } from '../workloads/workload-catalogue.ts';

/**
 * The page trace a cell's workload names: a bundled recording, an .xlt file, or a synthetic storm made
 * from the fork's seed. A recording is the same for every seed.
 * @throws UsageError for an unknown name, a damaged file or a parameter out of range
 */
export async function resolveWorkload(
  { id, params }: WorkloadReference,
  seed: number,
): Promise<PageTrace> {
  if (BUNDLED_TRACES.some((trace) => trace.id === id)) {
    return loadBundledPageTrace(id, recordingOptions(params));
  }
  if (/[/\\]|\.xlt$/.test(id)) {
    return pageTraceOf(await readTraceFile(id), recordingOptions(params));
  }
  return findWorkload(id).make(params, seed);
}

/** Is it generated from a seed? */
export function isSynthetic(id: string): boolean {
  return WORKLOADS.some((workload) => workload.id === id);
}

function recordingOptions(params: WorkloadReference['params']): {
  process?: string;
  regions?: 'explicit' | 'implicit';
} {
  const { process, regions } = params;
  return {
    ...(process === undefined || process === null ? {} : { process: String(process) }),
    ...(regions === 'implicit' || regions === 'explicit' ? { regions } : {}),
  };
}
