import type { ChartDataset, ScenarioChart } from './chart-definition.ts';
import { round4 } from './chart-definition.ts';
import { drawable } from './operations.ts';

/** One dot per fork: shows bands and outliers that a median hides. */
export const forkStrip: ScenarioChart = {
  id: 'fork-strip',
  title: 'Every fork',
  howToRead:
    'Each dot is one forked process. Dots close together: the figure is reproducible. Two bands: the result depends on something outside the strategy, such as where memory landed. Do not trust a difference smaller than the spread of the dots.',
  variants: (model, scenario) =>
    model.metrics
      .filter(({ id }) =>
        drawable(scenario).some(({ values }) => values[id]?.some((value) => value !== null)),
      )
      .map(({ id, label }) => ({ key: id, label })),
  build(model, scenario, variant) {
    const metric = model.metrics.find(({ id }) => id === variant);
    const rows = drawable(scenario).filter(({ values }) =>
      values[variant]?.some((value) => value !== null),
    );
    if (metric === undefined || rows.length === 0) {
      return { absent: 'no cell that passed measured this metric' };
    }
    const datasets = rows.map(({ strategy, style, values }, row): ChartDataset => {
      const measured = (values[variant] ?? []).filter((value) => value !== null);
      return {
        label: strategy,
        data: measured.map((value) => [round4(value), row]),
        xlt: { strategy, style, role: 'points' },
      };
    });
    const smallest = Math.min(
      ...datasets.flatMap(({ data }) => data.map((p) => (p as number[])[0]!)),
    );
    return {
      config: {
        type: 'scatter',
        data: { datasets },
        options: {
          plugins: {
            xlt: {
              xUnit: metric.unit,
              yUnit: 'count',
              columns: [metric.label],
              rows: rows.map(({ strategy }) => strategy),
              rowsAreStrategies: true,
              // A logarithmic axis has no place for zero.
              ...(smallest > 0 ? { scaleAxis: 'x' } : {}),
            },
          },
          scales: {
            x: {
              type: smallest > 0 ? 'logarithmic' : 'linear',
              title: { display: true, text: metric.label },
            },
            y: { type: 'linear', title: { display: true, text: '' } },
          },
        },
      },
    };
  },
};
