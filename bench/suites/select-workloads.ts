import { readFileSync } from 'node:fs';
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
      const chosen = { id, params: withModel(id, reference.params, where) };
      const synthetic = WORKLOADS.find((workload) => workload.id === id);
      if (synthetic) synthetic.check(chosen.params);
      else checkRecordingParams(id, chosen.params, where);
      selected.set(JSON.stringify(chosen), chosen);
    }
  }
  return [...selected.values()];
}

/** A model may be named by its file: the plan holds the model itself, so that a run says what it played. */
function withModel(
  id: string,
  params: WorkloadReference['params'],
  where: string,
): WorkloadReference['params'] {
  const { model } = params;
  if (id !== 'mix' || typeof model !== 'string') return params;
  try {
    return { ...params, model: JSON.parse(readFileSync(model, 'utf8')) };
  } catch (error) {
    throw new UsageError(
      `${where}: model ${model}: ${(error as Error).message.split('\n')[0]}; expected a JSON file made by xlt-bench fit`,
    );
  }
}

/** What a recording can be told: the process to play, and how its memory is registered. */
function checkRecordingParams(id: string, params: WorkloadReference['params'], where: string) {
  for (const [name, value] of Object.entries(params)) {
    if (name === 'process' && ['string', 'number'].includes(typeof value)) continue;
    if (name === 'regions' && (value === 'explicit' || value === 'implicit')) continue;
    throw new UsageError(
      `${where}: recording ${id}: ${name}=${JSON.stringify(value)}: expected process=NAME or PID, or regions=explicit or implicit`,
    );
  }
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
