import { describe, expect, test } from 'vitest';
import { cellRecordFixture } from '../fixtures/cell-record-fixture.ts';
import { hostFixture, storedRunFixture } from '../fixtures/run-fixture.ts';
import { SeededRandom } from '../statistics/seeded-random.ts';
import { compareRuns } from './compare-runs.ts';
import { applyQuorum, offendersOf } from './offender-quorum.ts';

/** Eight forks around a median, with 1 % of noise between them. */
function run(p50: number, seed: number, id: string) {
  const random = new SeededRandom(seed);
  const records = Array.from({ length: 8 }, (_, fork) => {
    const notifierP50Ns = Math.round(p50 * Math.exp(0.01 * random.normal()));
    return cellRecordFixture({ fork, notifierP50Ns });
  });
  return storedRunFixture(records, hostFixture(), id);
}

describe('quorum', () => {
  const before = run(20_000, 1, 'run-1');
  const at = (p50: number, seed: number) =>
    compareRuns(before, run(p50, seed, 'run-2'), { draws: 400, metrics: ['notifier-p50'] });

  test('a regression stands when three of four measurements agree', () => {
    const first = at(24_000, 2);
    expect(offendersOf(first)).toHaveLength(1);
    const kept = applyQuorum(first, [at(24_000, 3), at(20_000, 4), at(24_000, 5)]);
    expect(kept.conclusion.exitCode).toBe(1);
    expect(kept.rows[0]!.reason).toContain('regressed in 3 of 4 measurements');
    const dropped = applyQuorum(first, [at(20_000, 3), at(20_000, 4), at(24_000, 5)]);
    expect(dropped.rows[0]).toMatchObject({ verdict: 'too noisy', outcome: 'undecided' });
    expect(dropped.conclusion.exitCode).toBe(3);
  });
});
