import { join } from 'node:path';
import { scenarioKey, strategyLabel } from '../../results/cell-identity.ts';
import { type CompareOptions, compareRuns } from '../../results/compare/compare-runs.ts';
import { applyQuorum, offendersOf, QUORUM } from '../../results/compare/offender-quorum.ts';
import type { Comparison } from '../../results/comparison.ts';
import { readRun, type StoredRun } from '../../results/run-store.ts';
import { refuseOtherModules } from './module-hashes.ts';
import { runSuite } from './run-suite.ts';
import { planOfRun } from './stored-plan.ts';

/**
 * The gate's second look: what regressed is measured again, and a regression stands only where 3 of 4
 * measurements agree. The repetitions are run folders inside the candidate's.
 * @returns null when `signal` ended it before there were enough
 * @throws UsageError when the modules are not those that made the candidate
 */
export async function remeasureOffenders(
  before: StoredRun,
  after: StoredRun,
  first: Comparison,
  how: CompareOptions,
  signal: AbortSignal,
): Promise<Comparison | null> {
  const offenders = offendersOf(first);
  if (offenders.length === 0) return first;
  refuseOtherModules(
    after.records,
    `--remeasure ${after.directory}`,
    'build the version to be gated, or compare without --remeasure',
  );
  const cellIds = new Set(
    after.records
      .filter((record) =>
        offenders.some(
          (row) => row.scenario === scenarioKey(record) && row.candidate === strategyLabel(record),
        ),
      )
      .map(({ cellId }) => cellId),
  );
  const { plan, config } = planOfRun(after.directory);
  const cells = plan.cells.filter(({ cellId }) => cellIds.has(cellId));
  const repeats: Comparison[] = [];
  for (let nth = 1; nth < QUORUM.of; nth++) {
    const { directory } = await runSuite({
      plan: { ...plan, cells },
      out: join(after.directory, `remeasured-${nth}`),
      command: `xlt-bench compare ${before.directory} ${after.directory} --remeasure`,
      config,
      force: true,
      resume: false,
      strict: false,
      signal,
    });
    if (signal.aborted) return null;
    repeats.push(compareRuns(before, readRun(directory), how));
  }
  return applyQuorum(first, repeats);
}
