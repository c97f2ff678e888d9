import { describe, expect, test } from 'vitest';
import { compareStrategies } from '../../results/compare/compare-runs.ts';
import { judgePairs } from '../../results/compare/judge-pairs.ts';
import { buildModel } from '../build-model.ts';
import { cellText } from '../chart-marks.ts';
import { generateRun } from '../fixtures/generate-run.ts';
import { frontierOf } from '../frontier.ts';
import { payloadScenario } from '../page/page-payload.ts';
import { resultsTable } from '../page/results-table.ts';
import type { CapacityRow } from '../report-model.ts';
import { REPORT_CHARTS, SCENARIO_CHARTS } from './all-charts.ts';
import { allocationFailures } from './allocation-failures.ts';
import type { ChartConfig, ScenarioChart } from './chart-definition.ts';
import { ecdf } from './ecdf.ts';
import { type HeatMapScenario, heatMapColumns, heatMapConfig } from './heat-map.ts';
import { latencyOverTime } from './latency-over-time.ts';
import { memoryOverTime } from './memory-over-time.ts';
import { pareto } from './pareto.ts';
import { percentileSpectrum } from './percentile-spectrum.ts';
import { rangeSizes } from './range-sizes.ts';
import { scalingCurves } from './scaling-curves.ts';
import { throughputLatency } from './throughput-latency.ts';

const OPTIONS = { runId: 'a', seed: 3, strategies: 8, workloads: 1, forks: 6 };
const model = buildModel([generateRun(OPTIONS)]);
const scenario = model.scenarios[0]!;

function configOf(chart: ScenarioChart, variant: string): ChartConfig {
  const outcome = chart.build(model, scenario, variant);
  if ('absent' in outcome) throw new Error(outcome.absent);
  return outcome.config;
}

const datasetOf = (config: ChartConfig, label: string) =>
  config.data.datasets.find((dataset) => dataset.label === label)!;

test('every chart is plain JSON, and every one without data says why', () => {
  for (const chart of SCENARIO_CHARTS) {
    for (const { key } of chart.variants(model, scenario)) {
      const config = configOf(chart, key);
      expect(JSON.parse(JSON.stringify(config))).toEqual(config);
      expect(config.data.datasets.every(({ data }) => data.length > 0)).toBe(true);
    }
    const bare = { ...scenario, series: [], rangeSizes: null };
    const outcome = chart.build(model, bare, chart.variants(model, scenario)[0]?.key ?? '');
    expect([chart.id, 'absent' in outcome && outcome.absent.length > 10]).toEqual([chart.id, true]);
  }
  for (const chart of REPORT_CHARTS) expect('absent' in chart.build(model, '')).toBe(true);
});

test('the Pareto chart joins what nothing beats, and rings what failed to allocate', () => {
  const config = configOf(pareto, 'notifier-p99');
  const frontier = datasetOf(config, 'frontier').data as number[][];
  const ranked = config.data.datasets.filter(({ xlt }) => xlt.role === 'points' && !xlt.floor);
  const places = ranked.map(({ data }) => data[0] as number[]);
  for (const [x, y] of frontier) {
    expect(places.some((other) => other[0]! < x! && other[1]! < y!)).toBe(false);
  }
  const rings = config.data.datasets.filter(({ xlt }) => xlt.mark === 'ring');
  const failing = scenario.series.filter(({ failures }) => failures.failures > 0);
  expect(rings.map(({ xlt }) => xlt.strategy)).toEqual(failing.map(({ strategy }) => strategy));
  expect(datasetOf(config, 'noop (floor)').xlt.floor).toBe(true);
});

test('the frontier of points', () => {
  expect(frontierOf([])).toEqual([]);
  expect(
    frontierOf([
      [3, 1],
      [1, 3],
      [2, 2],
      [3, 3],
      [1, 4],
    ]),
  ).toEqual([
    [1, 3],
    [2, 2],
    [3, 1],
  ]);
});

test('memory over time: flat stays at its price, huge-then-4k climbs, failures are marked', () => {
  const config = configOf(memoryOverTime, 'tableBytes');
  expect(datasetOf(config, 'flat-preallocated').data).toEqual([
    [0, 2 ** 21],
    [2000, 2 ** 21],
  ]);
  const climbing = datasetOf(config, 'huge-then-4k').data as number[][];
  expect(climbing[0]![1]).toBe(4096);
  expect(climbing.at(-1)![1]).toBeGreaterThan(2 ** 19);
  expect(datasetOf(config, 'huge-then-4k: allocation failed').data.length).toBeGreaterThan(3);
  expect(config.options.plugins.xlt.rug!.length).toBeGreaterThan(10);
  expect(config.data.datasets.some(({ label }) => label.startsWith('deposit: allocation'))).toBe(
    false,
  );
});

test('failures stack to their sum, by context and order', () => {
  const config = configOf(allocationFailures, 'context');
  const rows = config.data.labels!;
  for (const [row, strategy] of rows.entries()) {
    const stacked = config.data.datasets.reduce((sum, { data }) => sum + (data[row] as number), 0);
    const series = scenario.series.find((one) => one.strategy === strategy)!;
    expect(stacked).toBe(series.failures.failures);
  }
  expect(config.data.datasets.map(({ label }) => label)).toContain('KERNEL order 8');
});

test('without a failed allocation there is no chart of failures', () => {
  const calm = scenario.series.map((one) => ({
    ...one,
    failures: { ...one.failures, failures: 0, retried: 5 },
  }));
  const outcome = allocationFailures.build(model, { ...scenario, series: calm }, 'consequence');
  expect('absent' in outcome && outcome.absent).toMatch(
    /^none of [\d\u202f]+.* allocations failed/,
  );
});

test('in an open loop, latency over time says that it counts from issue', () => {
  const outcome = latencyOverTime.build(model, { ...scenario, openLoop: true }, 'notifier-p99');
  if ('absent' in outcome) throw new Error(outcome.absent);
  expect(outcome.config.options.scales.y!.title.text).toBe('notifier p99, from issue');
  const table = resultsTable(model, { ...scenario, openLoop: true }).text;
  expect(table).toContain('notifier p99<small>from planned time</small>');
  const closed = resultsTable(model, { ...scenario, openLoop: false }).text;
  expect(closed).not.toContain('from planned time');
});

test('storms are shaded where the windows say so', () => {
  const bands = configOf(latencyOverTime, 'notifier-p99').options.plugins.xlt.bands!;
  expect(bands).toEqual([
    [300, 500],
    [800, 1000],
    [1300, 1500],
    [1800, 2000],
  ]);
});

test('a rate sweep is drawn against the offered rate, so that no line runs back', () => {
  const row = (offered: number, achieved: number, p999: number | null): CapacityRow => ({
    offeredPerSecond: offered,
    achievedPerSecond: achieved,
    notifierP99Ns: 2 * offered,
    notifierP999Ns: p999,
    faultP99Ns: null,
    saturated: achieved < offered,
  });
  const capacity = [row(1000, 1000, null), row(2000, 1500, 9e4), row(4000, 1200, 9e5)];
  const swept = { ...scenario, series: scenario.series.map((one) => ({ ...one, capacity })) };
  const variants = throughputLatency.variants(model, swept).map(({ key }) => key);
  expect(variants).toEqual(['notifier-p99', 'notifier-p999']);
  const build = (key: string) => {
    const outcome = throughputLatency.build(model, swept, key);
    if ('absent' in outcome) throw new Error(outcome.absent);
    return outcome.config;
  };
  const line = datasetOf(build('notifier-p99'), 'deposit');
  expect(line.data).toEqual([
    [1000, 2000, 1000],
    [2000, 4000, 1500],
    [4000, 8000, 1200],
  ]);
  expect(datasetOf(build('notifier-p99'), 'deposit: saturated').xlt.mark).toBe('ring');
  expect(build('notifier-p99').options.plugins.xlt.notes).toEqual([]);
  expect(build('notifier-p999').options.plugins.xlt.notes![0]).toContain('at 1\u202f000/s');
});

test('ribbons come from the forks', () => {
  const { data } = datasetOf(configOf(percentileSpectrum, 'notifier'), 'deposit');
  const [, value, low, high] = data[12] as number[];
  expect(low!).toBeLessThan(value!);
  expect(high!).toBeGreaterThan(value!);
});

test('sizes that no range has keep their place', () => {
  const outcome = rangeSizes.build(
    model,
    {
      ...scenario,
      rangeSizes: [
        [12, 3000],
        [15, 1000],
      ],
    },
    'ranges',
  );
  if ('absent' in outcome) throw new Error(outcome.absent);
  const { labels, datasets } = outcome.config.data;
  expect(labels).toEqual(['4 KiB', '8 KiB', '16 KiB', '32 KiB']);
  expect(datasets[0]!.data).toEqual([0.75, 0, 0, 0.25]);
  expect(datasets[0]!.label).toContain('4\u202f000 ranges');
});

test('a replay is modelled, and its distribution takes steps', () => {
  const replay = { ...scenario, mode: 'replay' };
  const build = (chart: ScenarioChart) => {
    const outcome = chart.build(model, replay, 'notifier');
    if ('absent' in outcome) throw new Error(outcome.absent);
    return outcome.config.options;
  };
  expect(build(percentileSpectrum).scales.y!.title.text).toBe('modelled notifier latency');
  expect(build(ecdf).scales.x!.title.text).toBe('modelled notifier latency');
  expect(build(ecdf).plugins.xlt.stepped).toBe(true);
  expect(configOf(ecdf, 'notifier').options.plugins.xlt.stepped).toBeUndefined();
});

test('range sizes are shares of all ranges', () => {
  const [dataset] = configOf(rangeSizes, 'ranges').data.datasets;
  expect((dataset!.data as number[]).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 3);
});

describe('the heat map', () => {
  const troubled = buildModel([generateRun({ ...OPTIONS, troubles: true })]);
  const metric = {
    id: 'notifier-p99',
    label: 'notifier p99',
    unit: 'ns',
    better: 'lower',
    threshold: 0.1,
    exactInReplay: false,
  } as const;
  const scenarios = troubled.scenarios.map((one) => payloadScenario(troubled, one));
  const baseline = 'flat-preallocated';
  const cellsOf = (some: readonly HeatMapScenario[]) =>
    heatMapColumns(some, metric, baseline, judgePairs);
  const columns = cellsOf(scenarios);
  const config = heatMapConfig({ metric, baseline, strategies: troubled.strategies, columns });
  const verdictOf = (label: string) => datasetOf(config, label).xlt.pointLabels![0];

  test('has a word for each cell that has no ratio', () => {
    expect(verdictOf('coarse-zap')).toBe('failed');
    expect(verdictOf('mlx5-odp')).toBe('crashed');
    expect(verdictOf('mlx5-implicit')).toBe('refused');
    expect(verdictOf('flat-preallocated')).toBe('baseline');
    expect(verdictOf('huge-then-4k')).toBe('slower');
    expect(verdictOf('noop')).toBe('faster');
  });

  test('with few forks a cell is undecided', () => {
    const few = scenarios.map((one) => ({
      ...one,
      series: one.series.map(({ forks, values, ...rest }) => ({
        ...rest,
        forks: forks.filter(([, , verdict]) => verdict === 'passed').slice(0, 3),
        values: { [metric.id]: (values[metric.id] ?? []).slice(0, 3) },
      })),
    }));
    const cell = cellsOf(few)[0]!.cells['huge-then-4k']!;
    expect(cell.verdict).toBe('too noisy');
    expect(cell.reason).toMatch(/3 forks a side carry no verdict/);
  });

  test('a column whose baseline has no figure is divided by one that has, and says so', () => {
    const refused = scenarios.map((one) => ({
      ...one,
      series: one.series.map((series) =>
        series.strategy === baseline
          ? { ...series, status: 'refused', forks: [], values: {} }
          : series,
      ),
    }));
    const [column] = cellsOf(refused);
    const other = column!.baseline;
    expect(other).not.toBe(baseline);
    expect(column!.cells[baseline]!.verdict).toBe('refused');
    expect(column!.cells[other]!.verdict).toBe('baseline');
    expect(column).toEqual(heatMapColumns(refused, metric, other, judgePairs)[0]);
    const some = heatMapConfig({
      metric,
      baseline,
      strategies: troubled.strategies,
      columns: [column!],
    });
    expect(some.options.plugins.xlt.xNames![0]).toContain(`÷ ${other}`);
  });

  test('text and colour agree where a figure is 0 and no ratio exists', () => {
    expect(cellText('faster', null)).toBe('faster');
    expect(cellText('equal', null)).toBe('equal');
    expect(cellText('too noisy', null)).toBe('?');
    const zeros = scenarios.map((one) => ({
      ...one,
      series: one.series.map((series) => ({
        ...series,
        values: { [metric.id]: (series.values[metric.id] ?? []).map(() => 0) },
      })),
    }));
    const { cells } = cellsOf(zeros)[0]!;
    expect(cells[baseline]).toMatchObject({ verdict: 'baseline', ratio: null });
    expect(cells['huge-then-4k']!.ratio).toBeNull();
  });

  test('says what compare says, of every cell and to four digits', () => {
    const run = generateRun(OPTIONS);
    const model = buildModel([run]);
    const mine = heatMapColumns(
      model.scenarios.map((one) => payloadScenario(model, one)),
      metric,
      baseline,
      judgePairs,
    );
    const { rows } = compareStrategies(run, baseline, undefined, { metrics: [metric.id] });
    expect(rows.length).toBeGreaterThan(3);
    for (const { scenario: key, candidate, verdict, reason, ratio } of rows) {
      const place = model.scenarios.findIndex((one) => one.key.endsWith(key));
      const four = (value: number) => Number(value.toPrecision(4));
      expect(mine[place]!.cells[candidate]).toEqual({
        verdict,
        reason,
        ratio: four(ratio!.estimate),
        low: four(ratio!.low),
        high: four(ratio!.high),
      });
    }
  });
});

test('scaling curves join scenarios that differ in one number', () => {
  const sizes = [1, 4, 16];
  const scenarios = sizes.map((regions) => ({
    ...scenario,
    workloadName: 'churn',
    workloadParams: { regions, seed: 'fixed' },
  }));
  const sweep = { ...model, scenarios };
  const [variant] = scalingCurves.variants(sweep);
  const outcome = scalingCurves.build(sweep, variant!.key);
  if ('absent' in outcome) throw new Error(outcome.absent);
  const deposit = outcome.config.data.datasets.find(({ label }) => label === 'deposit')!;
  expect(deposit.data.map((point) => (point as number[])[0])).toEqual(sizes);
  const mapped = sizes.map((gib) => ({ ...scenario, workloadParams: { spaceMiB: 1024 * gib } }));
  const bySpace = { ...model, scenarios: mapped };
  const [view] = scalingCurves.variants(bySpace);
  expect(view!.label).toContain('by mapped memory: ');
  const drawn = scalingCurves.build(bySpace, view!.key);
  if ('absent' in drawn) throw new Error(drawn.absent);
  expect(drawn.config.options.scales.x!.title.text).toBe('mapped memory');
  const [line] = drawn.config.data.datasets;
  expect((line!.data as number[][]).map(([x]) => x)).toEqual(sizes.map((gib) => gib * 2 ** 30));
});

test('scaling curves keep thread counts at the same sizes apart', () => {
  const scenarios = ['1 device thread', '4 device threads'].flatMap((variant) =>
    [1, 4].map((regions) => ({ ...scenario, variant, workloadParams: { regions } })),
  );
  const labels = scalingCurves.variants({ ...model, scenarios }).map(({ label }) => label);
  expect(new Set(labels).size).toBe(labels.length);
  expect(labels.filter((label) => label.includes('4 device threads')).length).toBe(
    labels.length / 2,
  );
});
