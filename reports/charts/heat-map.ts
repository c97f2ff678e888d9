import type { compareForks, RatioVerdict } from '../ratio.ts';
import type { ChartConfig } from './chart-definition.ts';

/** What a heat map is made from: the same plain data in Node and in the page. */
export interface HeatMapInput {
  readonly metric: {
    readonly id: string;
    readonly label: string;
    readonly better: 'lower' | 'higher';
    readonly threshold: number;
    readonly exactInReplay: boolean;
  };
  readonly baseline: string;
  readonly strategies: readonly { readonly label: string; readonly style: number }[];
  readonly columns: readonly HeatMapColumn[];
}

export interface HeatMapColumn {
  readonly title: string;
  readonly mode: string;
  readonly series: readonly {
    readonly strategy: string;
    readonly status: string;
    readonly values: readonly (number | null)[];
  }[];
}

/** A cell's class: a verdict, or why there is none. */
export type HeatMapClass = RatioVerdict | 'absent' | 'failed' | 'crashed' | 'timeout' | 'refused';

export const HEAT_MAP = {
  id: 'heat-map',
  title: 'All strategies, all scenarios',
  howToRead:
    'Each cell is the figure of the strategy divided by that of the baseline, for the chosen metric: ×0.50 is half. Blue is better, orange is worse, grey is no difference seen (the whole interval lies within the threshold). “?” means that the forks allow no verdict. A failed, crashed, refused or absent cell says so. Intervals here rest on the medians of the forks alone, without correction for the number of cells; the verdict to act on, corrected and with the blocks inside each fork, is that of “xlt-bench compare RUN --baseline STRATEGY”.',
} as const;

/** Two interval ends of a cell that has none. */
type Bound = number | null;

/**
 * Builds the heat map for one metric and baseline. It also runs in the page when the reader picks
 * another baseline, so it uses only its arguments.
 */
export function heatMapConfig(input: HeatMapInput, compare: typeof compareForks): ChartConfig {
  const { metric, baseline, strategies, columns } = input;
  const rows = strategies.map(({ label }) => label);
  const datasets = strategies.map(({ label, style }, row) => {
    const classes: string[] = [];
    const data = columns.map(({ series, mode }, column) => {
      const rules = { ...metric, exact: mode === 'replay' && metric.exactInReplay };
      const own = series.find(({ strategy }) => strategy === label);
      const base = series.find(({ strategy }) => strategy === baseline);
      let cell: { verdict: HeatMapClass; ratio: Bound; low: Bound; high: Bound };
      if (own === undefined) cell = { verdict: 'absent', ratio: null, low: null, high: null };
      else if (own.status !== 'passed' && own.status !== 'partial') {
        cell = { verdict: own.status as HeatMapClass, ratio: null, low: null, high: null };
      } else {
        const ratio = base === undefined ? null : compare(own.values, base.values, rules);
        const verdict = ratio === null ? 'absent' : label === baseline ? 'baseline' : ratio.verdict;
        const known = ratio !== null && Number.isFinite(ratio.ratio);
        cell = {
          verdict,
          ratio: known ? Number(ratio.ratio.toPrecision(4)) : null,
          low: known && ratio.low !== null ? Number(ratio.low.toPrecision(4)) : null,
          high: known && ratio.high !== null ? Number(ratio.high.toPrecision(4)) : null,
        };
      }
      classes.push(cell.verdict);
      return [column, row, cell.ratio, cell.low, cell.high];
    });
    return {
      label,
      data,
      xlt: { strategy: label, style, role: 'cells' as const, pointLabels: classes },
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
          xNames: columns.map(({ title }) => title),
          rows,
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
