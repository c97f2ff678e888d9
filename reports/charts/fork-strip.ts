import type { ChartConfig, ScenarioChart } from './chart-definition.ts';
import { drawable } from './operations.ts';

export interface ForkStripInput {
  readonly metric: { readonly id: string; readonly label: string; readonly unit: string };
  readonly rows: readonly {
    readonly strategy: string;
    readonly style: number;
    readonly values: readonly (number | null)[];
  }[];
}

/**
 * Builds the strip plot of one metric. It also runs in the page, which holds every fork's figures
 * once and makes the plots from them; so it uses only its argument.
 *
 * @returns null when no fork measured the metric
 */
export function forkStripConfig({ metric, rows }: ForkStripInput): ChartConfig | null {
  const measured = rows
    .map(({ strategy, style, values }) => ({
      strategy,
      style,
      figures: values.filter((value): value is number => value !== null),
    }))
    .filter(({ figures }) => figures.length > 0);
  if (measured.length === 0) return null;
  // A logarithmic axis has no place for zero.
  const positive = measured.every(({ figures }) => figures.every((figure) => figure > 0));
  const datasets = measured.map(({ strategy, style, figures }, row) => ({
    label: strategy,
    data: figures.map((figure) => [Number(figure.toPrecision(4)), row]),
    xlt: { strategy, style, role: 'points' as const },
  }));
  return {
    type: 'scatter',
    data: { datasets },
    options: {
      plugins: {
        xlt: {
          xUnit: metric.unit,
          yUnit: 'count',
          columns: [metric.label],
          rows: measured.map(({ strategy }) => strategy),
          rowsAreStrategies: true,
          ...(positive ? { scaleAxis: 'x' as const } : {}),
        },
      },
      scales: {
        x: {
          type: positive ? 'logarithmic' : 'linear',
          title: { display: true, text: metric.label },
        },
        y: { type: 'linear', title: { display: true, text: '' } },
      },
    },
  };
}

/** One dot per fork: shows bands and outliers that a median hides. */
export const forkStrip: ScenarioChart = {
  id: 'fork-strip',
  title: 'Every fork',
  howToRead:
    'Each dot is one forked process. Dots close together: the figure is reproducible. Two bands: the result depends on something outside the strategy, such as where memory landed. Do not trust a difference smaller than the spread of the dots.',
  variants: (model, scenario) =>
    model.metrics
      .filter(({ id }) => drawable(scenario).some(({ values }) => hasSpread(values[id] ?? [])))
      .map(({ id, label }) => ({ key: id, label })),
  build(model, scenario, variant) {
    const metric = model.metrics.find(({ id }) => id === variant);
    if (metric === undefined) return { absent: 'no figure of two forks or more differs from 0' };
    const rows = drawable(scenario).map(({ strategy, style, values }) => ({
      strategy,
      style,
      values: values[variant] ?? [],
    }));
    const config = forkStripConfig({ metric, rows });
    return config === null ? { absent: 'no cell that passed measured this metric' } : { config };
  },
};

/** One dot has no spread, and dots that are all 0 say nothing that the table does not. */
function hasSpread(values: readonly (number | null)[]): boolean {
  const figures = values.filter((value) => value !== null);
  return figures.length > 1 && figures.some((figure) => figure !== 0);
}
