import { describe, expect, test } from 'vitest';
import { buildModel } from './build-model.ts';
import { generateRun } from './fixtures/generate-run.ts';
import { plainText, verdictSentences } from './verdict.ts';

const OPTIONS = { runId: 'a', seed: 3, strategies: 8, workloads: 2, forks: 6 };
const clean = buildModel([generateRun(OPTIONS)]);
const troubled = buildModel([generateRun({ ...OPTIONS, troubles: true })]);
const redis = troubled.scenarios.find(({ workload }) => workload === 'redis-bgsave')!;
const seriesOf = (strategy: string) => redis.series.find((one) => one.strategy === strategy)!;

describe('what became of cells', () => {
  test('one stale translation fails the series, and none of its figures is left', () => {
    const series = seriesOf('coarse-zap');
    expect(series.status).toBe('failed');
    expect(series.reason).toMatch(/stale translation/);
    expect(redis.undominated).not.toContain('coarse-zap');
    const sentences = verdictSentences(troubled, redis).map((sentence) => plainText(sentence));
    expect(sentences.some((text) => text.startsWith('coarse-zap failed in 1 of 6 forks'))).toBe(
      true,
    );
    expect(sentences[0]).not.toMatch(/^coarse-zap/);
  });

  test('a crash, a refusal and a timeout stay rows with their reasons', () => {
    expect(seriesOf('mlx5-odp')).toMatchObject({
      status: 'crashed',
      reason: 'wasm trap: unreachable in update',
    });
    expect(seriesOf('mlx5-implicit').status).toBe('refused');
    const partial = seriesOf('radix');
    expect(partial.status).toBe('partial');
    expect(partial.estimates['notifier-p99']).toMatchObject({ n: 5, kind: 'range' });
  });

  test('canaries and verify cells are never in a scenario', () => {
    expect(troubled.checks.map(({ strategy, canary }) => [strategy, canary])).toEqual([
      ['canary-forgets-cache', true],
      ['canary-late-zap', true],
    ]);
    const compared = troubled.scenarios.flatMap(({ series }) => series.map((one) => one.strategy));
    expect(compared.some((name) => name.startsWith('canary'))).toBe(false);
    expect(troubled.strategies.some(({ id }) => id.startsWith('canary'))).toBe(false);
  });

  test('a planned cell without a record is named', () => {
    expect(clean.missing).toEqual([]);
    expect(troubled.missing).toHaveLength(1);
    expect(troubled.missing[0]).toMatch(/fork 5$/);
  });
});

describe('figures', () => {
  test('counts of failures are the records’ sums', () => {
    const run = generateRun(OPTIONS);
    const records = run.records.filter(
      ({ strategy, workload }) => strategy === 'huge-then-4k' && workload === 'redis-bgsave',
    );
    const scenario = buildModel([run]).scenarios.find(
      ({ workload }) => workload === 'redis-bgsave',
    )!;
    const series = scenario.series.find(({ strategy }) => strategy === 'huge-then-4k')!;
    const failures = records.flatMap(({ allocations }) => allocations.map((row) => row.failures));
    expect(series.failures.failures).toBe(failures.reduce((sum, count) => sum + count, 0));
    expect(series.failures.retried).toBe(
      records.reduce((sum, record) => sum + record.failures.retried!, 0),
    );
  });

  test('a figure nobody measured is absent, not zero', () => {
    const series = clean.scenarios[0]!.series[0]!;
    expect(series.estimates['modelled-time']).toBeUndefined();
    expect(clean.metrics.map(({ id }) => id)).not.toContain('modelled-time');
  });

  test('two runs never share a scenario', () => {
    const two = buildModel([generateRun(OPTIONS), generateRun({ ...OPTIONS, runId: 'b' })]);
    expect(two.scenarios).toHaveLength(4);
    expect(new Set(two.scenarios.map(({ anchor }) => anchor)).size).toBe(4);
    expect(
      two.scenarios.every(({ series }) => series.every(({ forks }) => forks.length === 6)),
    ).toBe(true);
  });

  test('the percentile spectrum rises, agrees with the record, and ends where samples do', () => {
    const run = generateRun(OPTIONS);
    const model = buildModel([run]);
    const scenario = model.scenarios.find(({ workload }) => workload === 'node-gc')!;
    const series = scenario.series.find(({ strategy }) => strategy === 'deposit')!;
    const { points, maxNs } = series.spectra.notifier!;
    for (let index = 1; index < points.length; index++) {
      expect(points[index]![1]).toBeGreaterThanOrEqual(points[index - 1]![1]);
    }
    const p99 = points.find(([nines]) => nines === 2)!;
    expect(p99[1]).toBe(series.estimates['notifier-p99']!.value);
    expect(points.at(-1)![0]).toBeLessThan(6);
    expect(points.at(-1)![1]).toBeLessThanOrEqual(maxNs);
  });
});

test('one fork in replay is counted, and two strategies that count alike are equal', () => {
  const storm = generateRun({ ...OPTIONS, forks: 1, mode: 'replay' });
  const records = storm.records.map((record) => ({
    ...record,
    model: { ...record.model, modelledNs: record.strategy === 'deposit' ? 2_600_000 : 1_300_000 },
  }));
  const model = buildModel([{ ...storm, records }]);
  const scenario = model.scenarios[0]!;
  const deposit = scenario.series.find(({ strategy }) => strategy === 'deposit')!;
  expect(deposit.estimates['modelled-time']).toMatchObject({ kind: 'exact', value: 2_600_000 });
  expect(deposit.estimates['notifier-p99']).toMatchObject({ kind: 'exact' });
  const [first] = verdictSentences(model, scenario).map((sentence) => plainText(sentence));
  expect(first).toContain('needs the least modelled device time (1.30 ms, counted)');
  expect(first).toContain('No difference seen from');
  expect(first).not.toContain('deposit');
});

test('strategies stand in the order of the configuration, wherever it names them', () => {
  const run = generateRun({ ...OPTIONS, strategies: 4 });
  const suite = { groups: [{ strategies: [{ id: 'deposit' }, 'huge-then-4k'] }] };
  const named = { ...run, plan: { ...run.plan, config: { suite } } };
  expect(buildModel([named]).strategies.map(({ label }) => label)).toEqual([
    'deposit',
    'huge-then-4k',
    'flat-preallocated',
    'noop',
  ]);
});

test('the report is a function of the runs', () => {
  expect(buildModel([generateRun(OPTIONS)])).toEqual(clean);
});

test('the scenarios of a sweep stand in the order of its size', () => {
  const run = generateRun(OPTIONS);
  const [first] = run.records;
  const at = (perSecond: number) => ({ ...first!, variant: `${perSecond}ps` });
  const records = [at(100_000), at(1_000_000), at(20_000)];
  const titles = buildModel([{ ...run, records }]).scenarios.map(({ variant }) => variant);
  expect(titles).toEqual(['20000ps', '100000ps', '1000000ps']);
});

test('sentences of a report write figures as its tables do', () => {
  const model = buildModel([
    generateRun({ runId: 'a', seed: 3, strategies: 4, workloads: 1, forks: 6 }),
  ]);
  const evidence = model.scenarios.flatMap(({ recommendation }) => recommendation?.evidence ?? []);
  expect(evidence.length).toBeGreaterThan(0);
  for (const text of evidence) {
    expect(text).toMatch(/\d (ns|µs|ms)/);
    expect(text).not.toMatch(/\d us\b|\d{4}/);
  }
});
