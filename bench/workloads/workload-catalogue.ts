import { UsageError } from '../../results/usage-error.ts';
import { nearestName } from '../nearest-name.ts';
import { storm } from './storm.ts';
import type { Workload } from './workload.ts';

/** Every synthetic workload, in the order lists and reports show them. */
export const WORKLOADS: readonly Workload[] = [storm];

/** @throws {UsageError} naming the nearest id */
export function findWorkload(id: string): Workload {
  const found = WORKLOADS.find((workload) => workload.id === id);
  if (found !== undefined) return found;
  const ids = WORKLOADS.map((workload) => workload.id);
  const near = nearestName(id, ids);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new UsageError(`workload "${id}": unknown${hint} (synthetic workloads: ${ids.join(', ')})`);
}
