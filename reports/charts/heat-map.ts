import type { Judgement } from '../../results/compare/judge.ts';
import type { FamilyOptions, PlainPair, PlainSeries } from '../../results/compare/judge-pairs.ts';
import type { VerdictWord } from '../../results/comparison.ts';
import type { Metric } from '../../results/metrics.ts';
import type { ChartConfig } from './chart-definition.ts';

type HeatMapMetric = Pick<
  Metric,
  'id' | 'label' | 'unit' | 'better' | 'threshold' | 'exactInReplay'
>;

/** What a heat map is made from: the same plain data in Node and in the page. */
export interface HeatMapScenario {
  readonly title: string;
  readonly run: string;
  /** The run's plan seed. */
  readonly seed: number;
  /** Why this run's timings may not be judged; null: they may. */
  readonly block: string | null;
  readonly mode: string;
  readonly series: readonly HeatMapSeries[];
}

interface HeatMapSeries {
  readonly strategy: string;
  readonly status: string;
  readonly conditions: string;
  /** [fork, seed, verdict, ...] */
  readonly forks: readonly (readonly (string | number | null)[])[];
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
}

/** A cell's class: the engine's verdict, or why there is none. */
export type HeatMapClass =
  | VerdictWord
  | 'baseline'
  | 'absent'
  | 'failed'
  | 'crashed'
  | 'timeout'
  | 'refused';

export interface HeatMapCell {
  readonly verdict: HeatMapClass;
  readonly reason: string;
  readonly ratio: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Scenarios of a heat map, each with its cells by strategy. */
export interface HeatMapColumn {
  readonly title: string;
  /** What its cells are divided by. */
  readonly baseline: string;
  readonly cells: Readonly<Record<string, HeatMapCell>>;
}

export const HEAT_MAP = {
  id: 'heat-map',
  title: 'All strategies, all scenarios',
  howToRead:
    'Each cell is the figure of the strategy divided by that of the baseline, for the chosen metric: ×0.50 is half. Blue is faster or better, orange is slower or worse, grey is equal or no difference seen. “?” means that the forks allow no verdict, “–” that the strategy has no such figure there; a failed, crashed or refused cell says so, and a word alone stands where a figure is 0 and no ratio exists. Where the baseline has no figure, the column is divided by the first strategy that has one, named under its title. The verdicts are those of “xlt-bench compare RUN --baseline STRATEGY --metric METRIC”: bootstrap intervals over forks, and p corrected for all cells of the run.',
} as const;

/** A series in one metric, as the judge takes it. */
export function plainSeries(
  { forks, values, conditions }: Omit<HeatMapSeries, 'strategy' | 'status'>,
  metricId: string,
): PlainSeries {
  const passed = forks.filter(([, , verdict]) => verdict === 'passed');
  return {
    forks: passed.map(([fork, seed]) => [fork as number, seed as number] as const),
    values: values[metricId] ?? [],
    conditions,
  };
}

/**
 * Judges every strategy against the baseline in one metric. A scenario in which the baseline has no figure
 * is judged against the first strategy that has one. It also runs in the page when the reader picks another
 * baseline, so it uses only its arguments and this file's functions.
 */
export function heatMapColumns(
  scenarios: readonly HeatMapScenario[],
  metric: HeatMapMetric,
  baseline: string,
  judge: (metric: HeatMapMetric, pairs: PlainPair[], options: FamilyOptions) => Judgement[],
): HeatMapColumn[] {
  const made = new Map<string, HeatMapColumn[]>();
  const against = (strategy: string): HeatMapColumn[] => {
    const columns = made.get(strategy) ?? columnsAgainst(scenarios, metric, strategy, judge);
    made.set(strategy, columns);
    return columns;
  };
  return scenarios.map(({ series }, index) => {
    const named = [baseline, ...series.map(({ strategy }) => strategy)];
    const able = named.find((strategy) =>
      series.some((one) => one.strategy === strategy && hasFigures(one, metric.id)),
    );
    return against(able ?? baseline)[index]!;
  });
}

/** Whether a strategy may be the baseline of a metric: it is right, and a fork of it measured the metric. */
export function hasFigures(series: HeatMapSeries, metricId: string): boolean {
  const usable = series.status === 'passed' || series.status === 'partial';
  return usable && (series.values[metricId] ?? []).some((value) => value !== null);
}

/** The columns against one strategy, each run a family of its own. */
export function columnsAgainst(
  scenarios: readonly HeatMapScenario[],
  metric: HeatMapMetric,
  baseline: string,
  judge: (metric: HeatMapMetric, pairs: PlainPair[], options: FamilyOptions) => Judgement[],
): HeatMapColumn[] {
  const columns = scenarios.map(({ title }) => ({
    title,
    baseline,
    cells: {} as Record<string, HeatMapCell>,
  }));
  for (const run of new Set(scenarios.map((scenario) => scenario.run))) {
    const places: [column: number, strategy: string][] = [];
    const pairs: PlainPair[] = [];
    let options: FamilyOptions = { seed: 1, paired: true, block: null };
    scenarios.forEach((scenario, column) => {
      if (scenario.run !== run) return;
      options = { seed: scenario.seed, paired: true, block: scenario.block };
      const base = scenario.series.find(({ strategy }) => strategy === baseline);
      const against = base === undefined ? undefined : plainSeries(base, metric.id);
      for (const series of scenario.series) {
        const own = plainSeries(series, metric.id);
        columns[column]!.cells[series.strategy] = unjudgedCell(series, baseline, own);
        const both = against !== undefined && own.values.length + against.values.length > 0;
        if (!both || series.strategy === baseline) continue;
        if (own.forks.length === 0 || against.forks.length === 0) continue;
        places.push([column, series.strategy]);
        pairs.push({ mode: scenario.mode, baseline: against, candidate: own });
      }
    });
    judge(metric, pairs, options).forEach((judgement, i) => {
      const [column, strategy] = places[i]!;
      const { cells } = columns[column]!;
      // A strategy that was wrong in one fork is shown as wrong, however fast its other forks were.
      if (cells[strategy]!.verdict === 'absent') cells[strategy] = judgedCell(judgement);
    });
  }
  return columns;
}

export function unjudgedCell(
  { strategy, status }: HeatMapSeries,
  baseline: string,
  { values }: PlainSeries,
): HeatMapCell {
  const none = { reason: '', ratio: null, low: null, high: null };
  if (status !== 'passed' && status !== 'partial') {
    return { ...none, verdict: status as HeatMapClass };
  }
  if (strategy !== baseline || values.every((value) => value === null)) {
    return { ...none, verdict: 'absent' };
  }
  // A baseline of 0 divides nothing.
  if (values.every((value) => value === null || value === 0)) {
    return { ...none, verdict: 'baseline' };
  }
  return { verdict: 'baseline', reason: '', ratio: 1, low: 1, high: 1 };
}

export function judgedCell({ verdict, reason, ratio }: Judgement): HeatMapCell {
  const digits = (value: number) => Number(value.toPrecision(4));
  if (ratio !== null) {
    const { estimate, low, high } = ratio;
    return { verdict, reason, ratio: digits(estimate), low: digits(low), high: digits(high) };
  }
  return { verdict, reason, ratio: null, low: null, high: null };
}

/** Builds the heat map. It uses only its argument. */
export function heatMapConfig({
  metric,
  baseline,
  strategies,
  columns,
}: {
  readonly metric: HeatMapMetric;
  readonly baseline: string;
  readonly strategies: readonly { readonly label: string; readonly style: number }[];
  readonly columns: readonly HeatMapColumn[];
}): ChartConfig {
  const datasets = strategies.map(({ label, style }, row) => {
    const cells = columns.map((column) => column.cells[label]);
    return {
      label,
      data: cells.map((cell, column) => [
        column,
        row,
        cell?.ratio ?? null,
        cell?.low ?? null,
        cell?.high ?? null,
      ]),
      xlt: {
        strategy: label,
        style,
        role: 'cells' as const,
        pointLabels: cells.map((cell) => cell?.verdict ?? 'absent'),
      },
    };
  });
  return {
    type: 'scatter',
    data: { datasets },
    options: {
      plugins: {
        xlt: {
          xUnit: 'count',
          yUnit: 'count',
          columns: ['scenario', 'ratio', 'low', 'high'],
          xNames: columns.map((column) =>
            column.baseline === baseline ? column.title : `${column.title} ÷ ${column.baseline}`,
          ),
          rows: strategies.map(({ label }) => label),
          rowsAreStrategies: true,
        },
      },
      scales: {
        x: {
          type: 'linear',
          min: -0.5,
          max: columns.length - 0.5,
          title: { display: true, text: `${metric.label} against ${baseline}` },
        },
        y: { type: 'linear', title: { display: true, text: '' } },
      },
    },
  };
}
