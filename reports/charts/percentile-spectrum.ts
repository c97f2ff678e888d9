import type { Operation, Series } from '../report-model.ts';
import { type ChartDataset, round4, type ScenarioChart } from './chart-definition.ts';
import { drawable, latencyTitle, operationVariants } from './operations.ts';

/** The HdrHistogram plot: latency over log(1 / (1 - p)), with the forks' interval as a ribbon. */
export const percentileSpectrum: ScenarioChart = {
  id: 'percentile-spectrum',
  title: 'Latency by percentile',
  howToRead:
    'Each step to the right is ten times rarer: 90 %, 99 %, 99.9 % of the operations were at most this slow. Lower is better; where lines cross, the better typical case has the worse tail. The ribbon is the spread over forks; a line without a ribbon is pooled, because single forks hold too few samples there. A line ends where fewer than ten samples lie beyond.',
  variants: (_model, scenario) => operationVariants(scenario),
  build(_model, scenario, variant) {
    const operation = variant as Operation;
    const datasets = drawable(scenario).flatMap((series) => datasetsOf(series, operation));
    if (datasets.length === 0) {
      return { absent: `no cell that passed recorded a ${operation} histogram` };
    }
    const end = Math.max(...datasets.flatMap(({ data }) => data.map((p) => (p as number[])[0]!)));
    return {
      config: {
        type: 'line',
        data: { datasets },
        options: {
          plugins: {
            xlt: {
              xUnit: 'nines',
              yUnit: 'ns',
              scaleAxis: 'y',
              columns: ['percentile', 'latency', 'low', 'high'],
            },
          },
          scales: {
            x: {
              type: 'linear',
              min: 0,
              max: end,
              title: { display: true, text: 'share of operations' },
            },
            y: {
              type: 'logarithmic',
              title: { display: true, text: latencyTitle(scenario, `${operation} latency`) },
            },
          },
        },
      },
    };
  },
};

function datasetsOf(series: Series, operation: Operation): ChartDataset[] {
  const spectrum = series.spectra[operation];
  if (spectrum === undefined) return [];
  const { strategy, style } = series;
  const line: ChartDataset = {
    label: strategy,
    data: spectrum.points.map(([nines, value, low, high]) =>
      low === null || high === null || low === high
        ? [nines, round4(value)]
        : [nines, round4(value), round4(low), round4(high)],
    ),
    xlt: { strategy, style, role: 'line' },
  };
  return [line];
}
