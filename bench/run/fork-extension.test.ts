import { expect, it } from 'vitest';
import type { CellRecord } from '../../results/cell-record.ts';
import { cellRecordFixture } from '../../results/fixtures/cell-record-fixture.ts';
import { benchmarkCell } from '../benchmarks/benchmark-cell.ts';
import { ForkExtension } from './fork-extension.ts';

const SERIES = 'deposit.redis-bgsave';
const GOAL = { metricId: 'degraded', width: 0.05, budgetMs: 3_600_000 };

/** Forks of one series, each with so many degraded failures. */
function forksOf(...degraded: readonly number[]): CellRecord[] {
  return degraded.map((count, fork) =>
    cellRecordFixture({
      fork,
      overrides: {
        cellId: SERIES,
        failures: { degraded: count, retried: 0, updateFailed: 0, notifierFailed: 0 },
      },
    }),
  );
}

/** Forks that are asked for after these, and what is said to be missing. */
function after(records: readonly CellRecord[]): { forks: number[]; missing: string[] } {
  const planned = Array.from({ length: 40 }, (_, fork) => ({
    ...benchmarkCell('deposit', 'storm', fork),
    cellId: SERIES,
  }));
  const extension = new ForkExtension(GOAL, 1);
  const forks = extension.next(planned, records).map(({ fork }) => fork);
  return { forks, missing: extension.missing };
}

it('forks that all counted 0 are as narrow as can be', () => {
  expect(after(forksOf(0, 0, 0, 0, 0))).toEqual({ forks: [], missing: [] });
});

it('an interval about a median of 0 has a width in the unit of the metric', () => {
  const { forks, missing } = after(forksOf(0, 0, 0, 0, 9, 9));
  expect(forks).toEqual([6]);
  expect(missing[0]).toMatch(/: failures that degraded \+-[1-9][\d.]* count after 6 forks/);
  expect(missing[0]).toContain('asked for +-0.05 count');
});

it('an interval about another median has a width in shares of it', () => {
  const { forks, missing } = after(forksOf(100, 100, 200, 300, 300));
  expect(forks).toEqual([5]);
  expect(missing[0]).toMatch(/\+-[1-9][\d.]* % after 5 forks, asked for \+-5\.0 %/);
  expect(after(forksOf(100, 100, 101, 101, 101)).forks).toEqual([]);
});
