import type { Cell } from '../suites/cell.ts';
import { cellIdOf } from '../suites/cell-id.ts';

export const BENCHMARK_SEED = 1;

/** A cell of the project's own benchmark: an ideal device, plenty of memory, one thread of each kind. */
export function benchmarkCell(
  strategy: string,
  mode: Cell['mode'],
  fork: number,
  changes: Partial<Cell> = {},
): Cell {
  const settings = {
    strategy,
    params: {},
    workload: { id: 'storm', params: {} },
    device: 'ideal',
    mode,
    pace: { kind: 'asap' },
    access: { kind: 'uniform' },
    deviceThreads: 1,
    stormThreads: 1,
    maintenanceThreads: 0,
    windowSeconds: 0.5,
    timeoutSeconds: 120,
    memory: { profile: 'plenty' },
    comparison: true,
    ...changes,
  } as const;
  return { ...settings, cellId: cellIdOf(settings), fork, seed: BENCHMARK_SEED };
}
