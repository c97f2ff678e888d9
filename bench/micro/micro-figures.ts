import { microLabel } from '../../results/metrics.ts';
import type { CellFigures } from '../cell/cell-report.ts';
import type { CellInputs } from '../cell/cell-setup.ts';
import type { CellModules } from '../cell/thread-modules.ts';
import { loadBetween, takeLoadSnapshot } from '../environment/load-snapshot.ts';
import { countMicroLines } from './count-micro-lines.ts';
import { MICRO_OPERATIONS } from './micro-operations.ts';
import { runMicroCell } from './run-micro-cell.ts';

/** Runs a micro cell and gives what its process knows for the record; the workload plays no part. */
export function microFigures(
  inputs: Pick<CellInputs, 'cell' | 'entry'>,
  modules: CellModules,
  counting: CellModules | null,
): CellFigures {
  const { cell, entry } = inputs;
  const startedAt = new Date().toISOString();
  const before = takeLoadSnapshot();
  const operations = MICRO_OPERATIONS.filter(
    (row) => cell.operations?.includes(microLabel(row)) ?? true,
  );
  const timed = runMicroCell(inputs, modules, operations);
  const counted = counting === null ? [] : countMicroLines(inputs, counting, operations);
  const micro = timed.map((row, i) => ({ ...row, ...counted[i] }));
  return {
    verdict: 'passed',
    reason: null,
    startedAt,
    endedAt: new Date().toISOString(),
    strategyTitle: entry.title,
    family: entry.family,
    guarantees: { ...entry.guarantees, lock: entry.lock, kind: entry.kind },
    device: { profile: cell.device },
    micro,
    host: {
      ...loadBetween(before, takeLoadSnapshot()),
      residentBytesPeak: process.resourceUsage().maxRSS * 1024,
    },
  };
}
