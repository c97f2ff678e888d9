import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import { WORKLOADS } from '../workloads/workload-catalogue.ts';
import type { WorkloadReference } from './cell.ts';
import type { CellGroup } from './suite.ts';

/**
 * The workloads a group's words stand for, in their order, each once. Parameters of synthetic ones
 * are checked here, so that a bad one ends the run before it begins.
 *
 * @param recordings ids of the bundled recordings
 * @throws {UsageError} naming the nearest workload, or the parameter and its range
 */
export function selectWorkloads(
  words: CellGroup['workloads'],
  recordings: readonly string[],
  where: string,
): WorkloadReference[] {
  const selected = new Map<string, WorkloadReference>();
  for (const word of words) {
    const reference = typeof word === 'string' ? { id: word, params: {} } : word;
    for (const id of idsOf(reference.id, recordings, where)) {
      const chosen = { id, params: reference.params };
      WORKLOADS.find((workload) => workload.id === id)?.check(chosen.params);
      selected.set(JSON.stringify(chosen), chosen);
    }
  }
  return [...selected.values()];
}

function idsOf(id: string, recordings: readonly string[], where: string): readonly string[] {
  const synthetic = WORKLOADS.filter((workload) => workload.id !== 'mix').map(({ id }) => id);
  if (id === 'all-synthetic') return synthetic;
  if (id === 'all-recordings') return recordings;
  const known = [...WORKLOADS.map((workload) => workload.id), ...recordings];
  if (known.includes(id) || /[/\\.]/.test(id)) return [id];
  const near = nearestName(id, known);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new UsageError(
    `${where}: workload "${id}" is unknown${hint} (known: ${known.join(', ')}; or the path of a trace)`,
  );
}
