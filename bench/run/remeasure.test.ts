import { expect, it, vi } from 'vitest';
import { compareRuns } from '../../results/compare/compare-runs.ts';
import { cellRecordFixture } from '../../results/fixtures/cell-record-fixture.ts';
import { hostFixture, storedRunFixture } from '../../results/fixtures/run-fixture.ts';
import { remeasureOffenders } from './remeasure.ts';

const interrupted = new AbortController();

vi.mock('./stored-plan.ts', () => ({ planOfRun: () => ({ plan: { cells: [] }, config: {} }) }));
vi.mock('./run-suite.ts', () => ({
  moduleHashes: () => ({}),
  runSuite: async () => {
    interrupted.abort();
    return { directory: 'remeasured-1', records: [], interrupted: true };
  },
}));

it('has no verdict when it is interrupted: a regression was seen once only', async () => {
  const run = (p50: number, id: string) =>
    storedRunFixture(
      Array.from({ length: 8 }, (_, fork) =>
        cellRecordFixture({ fork, notifierP50Ns: p50 + fork, overrides: { modules: {} } }),
      ),
      hostFixture(),
      id,
    );
  const [before, after] = [run(20_000, 'run-1'), run(24_000, 'run-2')];
  const how = { draws: 200, metrics: ['notifier-p50'] };
  const first = compareRuns(before, after, how);
  expect(first.conclusion.exitCode).toBe(1);
  expect(await remeasureOffenders(before, after, first, how, interrupted.signal)).toBe(null);
});
