import type { CapacityRow } from '../report-model.ts';
import { formatValue } from '../units.ts';
import { type ChartDataset, round4, type ScenarioChart } from './chart-definition.ts';
import { drawable } from './operations.ts';

type CapacityFigure = 'notifierP99Ns' | 'notifierP999Ns' | 'faultP99Ns';

/** Keys are metric ids, so that the page's metric picks the figure. */
const FIGURES: readonly {
  readonly key: string;
  readonly label: string;
  readonly figure: CapacityFigure;
}[] = [
  { key: 'notifier-p99', label: 'notifier p99', figure: 'notifierP99Ns' },
  { key: 'notifier-p999', label: 'notifier p99.9', figure: 'notifierP999Ns' },
  { key: 'fault-p99', label: 'fault p99', figure: 'faultP99Ns' },
];

/** Latency against offered rate, to saturation: against the achieved rate a line would run back on itself. */
export const throughputLatency: ScenarioChart = {
  id: 'throughput-latency',
  title: 'Latency by offered rate, to saturation',
  howToRead:
    'The offered rate of invalidations rises to the right. Where a line turns upwards the strategy is at its knee. A red ring is a saturated point: less was achieved than offered, and the latency there is that of the queue, which grows for as long as the window lasts. Lower is better. The achieved rates are in the data table.',
  variants: (_model, scenario) =>
    FIGURES.filter(({ figure }) =>
      drawable(scenario).some(({ capacity }) => capacity.some((point) => point[figure] !== null)),
    ),
  build(_model, scenario, variant) {
    const { figure, label } = FIGURES.find(({ key }) => key === variant) ?? FIGURES[0]!;
    const swept = drawable(scenario);
    const datasets = swept.flatMap(({ strategy, style, capacity }) => {
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
        xlt: { strategy, style, role: 'mark', mark: 'ring' },
      };
      return saturated.length > 0 ? [line, mark] : [line];
    });
    if (datasets.length === 0) {
      return { absent: 'this scenario holds no rate sweep (the suite capacity makes one)' };
    }
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
              columns: ['offered rate', label, 'achieved rate'],
              columnUnits: ['per second', 'ns', 'per second'],
              notes: notDrawn(
                swept.flatMap(({ capacity }) => capacity),
                figure,
                label,
              ),
            },
          },
          scales: {
            x: {
              type: 'logarithmic',
              title: { display: true, text: 'offered ranges per second' },
            },
            y: { type: 'logarithmic', title: { display: true, text: label } },
          },
        },
      },
    };
  },
};

function pointsOf(rows: readonly CapacityRow[], figure: CapacityFigure) {
  return rows
    .filter((row) => row[figure] !== null)
    .map((row) => [
      row.offeredPerSecond,
      round4(row[figure]!),
      row.achievedPerSecond === null ? null : round4(row.achievedPerSecond),
    ]);
}

/** A rate too low for the percentile leaves a hole where a knee may be: it says so. */
function notDrawn(rows: readonly CapacityRow[], figure: CapacityFigure, label: string): string[] {
  const rates = rows.filter((row) => row[figure] === null).map((row) => row.offeredPerSecond);
  const names = [...new Set(rates)]
    .sort((a, b) => a - b)
    .map((rate) => formatValue(rate, 'per second'));
  if (names.length === 0) return [];
  return [
    `Not every line has a ${label} at ${names.join(', ')}: too few samples, or not measured.`,
  ];
}
