import { describe, expect, test } from 'vitest';
import type { CellRecord } from './cell-record.ts';
import { type CellRecordFixture, cellRecordFixture } from './fixtures/cell-record-fixture.ts';
import { FLOOR_FAMILY, paretoSets } from './pareto.ts';

const forks = (strategy: string, fixture: CellRecordFixture = {}, count = 5): CellRecord[] =>
  Array.from({ length: count }, (_, fork) => cellRecordFixture({ ...fixture, strategy, fork }));

const pointsOf = (records: readonly CellRecord[]) =>
  Object.fromEntries(paretoSets(records)[0]!.points.map((p) => [p.strategy, p.dominatedBy]));

describe('Pareto set', () => {
  test('fast and large against slow and small: both stand; slow and large does not', () => {
    const records = [
      ...forks('deposit', { notifierP50Ns: 1000, tableBytesPeak: 2 ** 21 }),
      ...forks('huge', { notifierP50Ns: 3000, tableBytesPeak: 2 ** 12 }),
      ...forks('poor', { notifierP50Ns: 3000, tableBytesPeak: 2 ** 21 }),
    ];
    expect(pointsOf(records)).toEqual({ deposit: null, huge: null, poor: 'deposit' });
    const { recommendation } = paretoSets(records)[0]!;
    expect(recommendation!.strategy).toBe('deposit');
    expect(recommendation!.sentence).toMatch(
      /^redis-bgsave on mlx5-odp \(storm\): deposit, notifier p99.9 .* us, .*table bytes, peak 2 MiB, failures 0; huge takes less table memory/,
    );
    expect(recommendation!.evidence).toHaveLength(2);
  });

  test('within the tolerance nobody beats anybody; the smaller table is recommended', () => {
    const records = [
      ...forks('a', { notifierP50Ns: 2000, tableBytesPeak: 2 ** 21 }),
      ...forks('b', { notifierP50Ns: 2040, tableBytesPeak: 2 ** 20 }),
    ];
    expect(pointsOf(records)).toEqual({ a: 'b', b: null });
    const close = [...forks('a', { notifierP50Ns: 2000 }), ...forks('b', { notifierP50Ns: 2040 })];
    expect(pointsOf(close)).toEqual({ a: null, b: null });
  });

  test('a strategy with failures is not recommended over one without', () => {
    const failures = { degraded: 4, retried: 0, updateFailed: 1, notifierFailed: 0 };
    const records = [
      ...forks('fast', { notifierP50Ns: 500, overrides: { failures } }),
      ...forks('safe', { notifierP50Ns: 2000 }),
    ];
    expect(pointsOf(records)).toEqual({ fast: null, safe: null });
    expect(paretoSets(records)[0]!.recommendation!.strategy).toBe('safe');
  });

  test('what failed, holds nothing or lacks a figure is listed, not ranked', () => {
    const failed = forks('wrong', { notifierP50Ns: 10 });
    failed[2] = { ...failed[2]!, verdict: 'failed', reason: '2 stale translations' };
    const unknown = { degraded: null, retried: null, updateFailed: null, notifierFailed: null };
    const [set] = paretoSets([
      ...forks('deposit'),
      ...failed,
      ...forks('noop', { overrides: { family: FLOOR_FAMILY } }),
      ...forks('partial', { overrides: { failures: unknown } }),
      ...forks('canary', { overrides: { comparison: false } }),
    ]);
    expect(set!.points.map(({ strategy }) => strategy)).toEqual(['deposit']);
    expect(set!.unranked).toEqual([
      { strategy: 'wrong', reason: 'failed: 2 stale translations' },
      { strategy: 'noop', reason: 'holds no translations (floor)' },
      { strategy: 'partial', reason: 'no figure: failures' },
    ]);
  });

  test('too few samples for p99.9 somewhere: everybody is ranked by p99', () => {
    const short = forks('b').map((record) => {
      const notifier = { ...record.latency.notifier, p999Ns: null };
      return { ...record, latency: { ...record.latency, notifier } };
    });
    const [set] = paretoSets([...forks('a'), ...short]);
    expect(set!.objectives[0]!.id).toBe('notifier-p99');
    expect(set!.points).toHaveLength(2);
  });

  test('what is broken on purpose, or failed elsewhere in the run, is ranked nowhere', () => {
    const fast = { notifierP50Ns: 10 };
    const elsewhere = { ...forks('wrong')[0]!, workload: 'other', verdict: 'failed' as const };
    const [set] = paretoSets([
      ...forks('deposit'),
      ...forks('canary', { ...fast, overrides: { guarantees: { kind: 'canary' } } }),
      ...forks('lazy', { ...fast, overrides: { family: 'control' } }),
      ...forks('wrong', fast),
      { ...elsewhere, reason: '26 stale translations' },
    ]);
    expect(set!.points.map(({ strategy }) => strategy)).toEqual(['deposit']);
    expect(set!.recommendation!.strategy).toBe('deposit');
    expect(set!.unranked.map(({ reason }) => reason)).toEqual([
      'broken on purpose (canary)',
      'broken on purpose (control)',
      'failed in a cell of this run: 26 stale translations',
    ]);
  });

  test('replay ranks by modelled time; few measured forks are said; nobody passed: no recommendation', () => {
    const model = { modelledNs: 5000 };
    const [set] = paretoSets(forks('a', { mode: 'replay', overrides: { model } }, 2));
    expect(set!.objectives.map(({ id }) => id)).toEqual([
      'modelled-time',
      'table-bytes-peak',
      'failures',
    ]);
    expect(set!.recommendation!.sentence).not.toContain('may change places');
    const sentenceOf = (count: number) =>
      paretoSets(forks('a', {}, count))[0]!.recommendation!.sentence;
    expect(sentenceOf(1)).toContain('(1 fork: close figures may change places)');
    expect(sentenceOf(2)).toContain('(2 forks: close figures may change places)');
    expect(sentenceOf(5)).not.toContain('may change places');
    const crashed = { verdict: 'crashed', reason: 'trap' } as const;
    expect(paretoSets(forks('a', { overrides: crashed }))[0]!.recommendation).toBeNull();
  });
});
