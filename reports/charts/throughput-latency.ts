import type { CapacityRow } from '../report-model.ts';
import { type ChartDataset, round4, type ScenarioChart } from './chart-definition.ts';
import { drawable } from './operations.ts';

type CapacityFigure = 'notifierP99Ns' | 'notifierP999Ns' | 'faultP99Ns';

const FIGURES: readonly { readonly key: CapacityFigure; readonly label: string }[] = [
  { key: 'notifierP999Ns', label: 'notifier p99.9' },
  { key: 'notifierP99Ns', label: 'notifier p99' },
  { key: 'faultP99Ns', label: 'fault p99' },
];

/** Latency against achieved rate as the offered rate rises, to saturation. */
export const throughputLatency: ScenarioChart = {
  id: 'throughput-latency',
  title: 'Throughput and latency to saturation',
  howToRead:
    'The offered rate of invalidations rises along each line. Where the line turns upwards the strategy is at its knee; crosses are saturated points: less was achieved than offered, and the latency there is that of the queue. Further right and lower is better.',
  variants: (_model, scenario) =>
    FIGURES.filter(({ key }) =>
      drawable(scenario).some(({ capacity }) => capacity.some((point) => point[key] !== null)),
    ),
  build(_model, scenario, variant) {
    const figure = variant as CapacityFigure;
    const datasets = drawable(scenario).flatMap(({ strategy, style, capacity }) => {
      const points = pointsOf(capacity, figure);
      const saturated = pointsOf(
        capacity.filter((row) => row.saturated),
        figure,
      );
      if (points.length === 0) return [];
      const line: ChartDataset = {
        label: strategy,
        data: points,
        xlt: { strategy, style, role: 'line' },
      };
      const mark: ChartDataset = {
        label: `${strategy}: saturated`,
        data: saturated,
        xlt: { strategy, style, role: 'mark', mark: 'saturated' },
      };
      return saturated.length > 0 ? [line, mark] : [line];
    });
    if (datasets.length === 0) {
      return { absent: 'this scenario holds no rate sweep (the suite capacity makes one)' };
    }
    const label = FIGURES.find(({ key }) => key === figure)?.label ?? figure;
    return {
      config: {
        type: 'line',
        data: { datasets },
        options: {
          plugins: {
            xlt: {
              xUnit: 'per second',
              yUnit: 'ns',
              scaleAxis: 'y',
              columns: ['achieved rate', label],
            },
          },
          scales: {
            x: { type: 'linear', title: { display: true, text: 'achieved ranges per second' } },
            y: { type: 'logarithmic', title: { display: true, text: label } },
          },
        },
      },
    };
  },
};

function pointsOf(
  rows: readonly CapacityRow[],
  figure: CapacityFigure,
): (readonly [number, number])[] {
  return rows
    .filter((row) => row[figure] !== null && row.achievedPerSecond !== null)
    .map((row) => [round4(row.achievedPerSecond!), round4(row[figure]!)] as const);
}
