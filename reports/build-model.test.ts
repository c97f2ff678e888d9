import { describe, expect, test } from 'vitest';
import type { CellRecord } from '../results/cell-record.ts';
import { buildModel } from './build-model.ts';
import { pareto } from './charts/pareto.ts';
import { generateRun } from './fixtures/generate-run.ts';
import { resultsTable } from './page/results-table.ts';
import type { ReportModel } from './report-model.ts';
import { consequences, headline, plainText, verdictSentences } from './verdict.ts';

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
  const model = replayOf((strategy) => (strategy === 'deposit' ? 2_600_000 : 1_300_000));
  const scenario = model.scenarios[0]!;
  const deposit = scenario.series.find(({ strategy }) => strategy === 'deposit')!;
  expect(deposit.estimates['modelled-time']).toMatchObject({ kind: 'exact', value: 2_600_000 });
  expect(deposit.estimates['notifier-p99']).toMatchObject({ kind: 'exact' });
  const [first] = verdictSentences(model, scenario).map((sentence) => plainText(sentence));
  expect(first).toBe(
    'flat-preallocated and huge-then-4k need the least modelled device time (1.30 ms, counted; equal).',
  );
});

function replayOf(modelledNs: (strategy: string) => number): ReportModel {
  const storm = generateRun({ ...OPTIONS, strategies: 4, forks: 1, mode: 'replay' });
  const records = storm.records.map((record) => ({
    ...record,
    model: { ...record.model, modelledNs: modelledNs(record.strategy) },
  }));
  return buildModel([{ ...storm, records }]);
}

test('a replay names no winner by less than the threshold', () => {
  const model = replayOf((strategy) => (strategy === 'deposit' ? 1_220_000_040 : 1_220_000_000));
  const [first] = verdictSentences(model, model.scenarios[0]!).map((one) => plainText(one));
  expect(first).toMatch(/^All 3 ranked need the same .*less than 0\.01 % apart/);
  const far = replayOf((strategy) => (strategy === 'deposit' ? 1_300_000_000 : 1_220_000_000));
  const [text] = verdictSentences(far, far.scenarios[0]!).map((one) => plainText(one));
  expect(text).toMatch(/^flat-preallocated and huge-then-4k need the least .*; equal\)/);
});

describe('who is named as best', () => {
  const scenarioOf = (model: ReportModel) =>
    model.scenarios.find(({ workload }) => workload === 'redis-bgsave')!;
  const altered = (change: (record: CellRecord) => CellRecord, forks = 6) => {
    const run = generateRun({ ...OPTIONS, strategies: 4, forks });
    return buildModel([{ ...run, records: run.records.map(change) }]);
  };
  const texts = (model: ReportModel) =>
    verdictSentences(model, scenarioOf(model)).map((one) => plainText(one));

  test('never a strategy that is known to be wrong', () => {
    const model = altered((record) =>
      record.strategy === 'flat-preallocated'
        ? { ...record, guarantees: { kind: 'canary' } }
        : record,
    );
    const plain = altered((record) => record);
    expect(scenarioOf(plain).undominated).toContain('flat-preallocated');
    expect(texts(plain)[0]).toMatch(/^flat-preallocated blocks the OS least/);
    const scenario = scenarioOf(model);
    expect(scenario.undominated).not.toContain('flat-preallocated');
    expect(scenario.recommendation!.strategy).not.toBe('flat-preallocated');
    expect(texts(model)[0]).not.toContain('flat-preallocated');
    expect(texts(model)).toContain(
      'flat-preallocated is known to be wrong, so it is not ranked: broken on purpose (canary).',
    );
    const rowOf = (of: ReportModel) =>
      /<tr data-strategy="flat-preallocated".*?<\/tr>/s.exec(
        resultsTable(of, scenarioOf(of)).text,
      )![0];
    expect(rowOf(plain)).toContain('class="num best"');
    expect(rowOf(model)).not.toContain('class="num best"');
    expect(rowOf(model)).toContain('known wrong');
    const config = pareto.build(model, scenario, 'notifier-p99');
    expect(JSON.stringify(config)).toContain('flat-preallocated (not ranked)');
  });

  test('the device waits least only where the judge sees it', () => {
    const stalled = (shares: Readonly<Record<string, number>>) =>
      altered((record) => {
        const stallShare = (shares[record.strategy] ?? 0.9) + record.fork / 1000;
        return { ...record, device: { ...record.device, stallShare } };
      });
    const stallOf = (model: ReportModel) => texts(model).find((text) => /stall|waiting/.test(text));
    expect(stallOf(stalled({ deposit: 0.1 }))).toMatch(/^deposit keeps the device waiting least/);
    const alike = stallOf(stalled({ deposit: 0.899 }))!;
    expect(alike).toMatch(/^deposit showed the lowest device stall share/);
    expect(alike).toMatch(/No difference seen from flat-preallocated and huge-then-4k/);
    const model = stalled({ deposit: 0.899 });
    expect(plainText(headline(model, scenarioOf(model)))).not.toContain('waiting least');
  });

  test('by the same percentile in the sentence, the tag and the chart: one that all have', () => {
    const model = altered((record) => {
      if (record.strategy !== 'deposit') return record;
      const notifier = { ...record.latency.notifier, p999Ns: null };
      return { ...record, latency: { ...record.latency, notifier } };
    });
    const scenario = scenarioOf(model);
    expect(scenario.objectives[0]!.id).toBe('notifier-p99');
    expect(texts(model)[0]).toContain('notifier p99 ');
    expect(pareto.variants(model, scenario)[0]!.key).toBe('notifier-p99');
  });

  test('not without a word where the harness itself costs as much', () => {
    const warning = /^The harness floor \(noop: no table\) has notifier p99/;
    expect(texts(altered((record) => record)).some((text) => warning.test(text))).toBe(false);
    const slow = altered((record) => {
      if (record.strategy !== 'noop') return record;
      const notifier = { ...record.latency.notifier, p50Ns: 1e9, p99Ns: 1e9, p999Ns: 1e9 };
      return { ...record, latency: { ...record.latency, notifier } };
    });
    expect(texts(slow).some((text) => /^The harness floor \(noop/.test(text))).toBe(true);
  });
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

test('an update that failed and was asked for again is said once', () => {
  const none = { attempts: 30_000, failures: 21_002, injected: 0, notifierFailed: 0 };
  const text = (retried: number, updateFailed: number) =>
    consequences({ ...none, degraded: 206, retried, updateFailed });
  expect(text(700, 700)).toBe('206 degraded, 700 updates failed and tried again');
  expect(text(720, 700)).toBe('20 retried, 206 degraded, 700 updates failed and tried again');
  expect(text(0, 700)).toBe('206 degraded, 700 updates failed');
  expect(text(13, 0)).toBe('13 retried, 206 degraded');
});
