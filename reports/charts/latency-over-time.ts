import type { Scenario, Series, WindowPoint } from '../report-model.ts';
import { type ChartDataset, round4, type ScenarioChart } from './chart-definition.ts';
import { drawable } from './operations.ts';

type WindowFigure = 'notifierP99Ns' | 'notifierMaxNs' | 'faultP99Ns' | 'faultMaxNs';

/** Keys are metric ids, so that the page's metric picks the figure. */
const FIGURES: readonly {
  readonly key: string;
  readonly label: string;
  readonly figure: WindowFigure;
}[] = [
  { key: 'notifier-p99', label: 'notifier p99', figure: 'notifierP99Ns' },
  { key: 'notifier-max', label: 'notifier max', figure: 'notifierMaxNs' },
  { key: 'fault-p99', label: 'fault p99', figure: 'faultP99Ns' },
  { key: 'fault-max', label: 'fault max', figure: 'faultMaxNs' },
];

/** Latency per block of the measured window, storms shaded. */
export const latencyOverTime: ScenarioChart = {
  id: 'latency-over-time',
  title: 'Latency over time',
  howToRead:
    'One point per block of the measured window of one fork. Shaded: an invalidation storm is on. A strategy that copes stays flat through the shade; one that falls behind climbs in it and recovers late.',
  variants: (_model, scenario) =>
    FIGURES.filter(({ figure }) =>
      drawable(scenario).some(({ windows }) => windows.some((window) => window[figure] !== null)),
    ),
  build(_model, scenario, variant) {
    const { figure, label } = FIGURES.find(({ key }) => key === variant) ?? FIGURES[0]!;
    const datasets = drawable(scenario).flatMap((series) => datasetOf(series, figure));
    if (datasets.length === 0) return { absent: 'no cell that passed recorded latency by blocks' };
    const bands = stormBands(scenario);
    return {
      config: {
        type: 'line',
        data: { datasets },
        options: {
          plugins: {
            xlt: {
              xUnit: 'ms',
              yUnit: 'ns',
              scaleAxis: 'y',
              columns: ['time', label],
              ...(bands.length > 0 ? { bands, bandLabel: 'storm' } : {}),
            },
          },
          scales: {
            x: { type: 'linear', min: 0, title: { display: true, text: 'time in the window' } },
            y: {
              type: 'logarithmic',
              title: { display: true, text: titleOf(scenario, label) },
            },
          },
        },
      },
    };
  },
};

/** Blocks hold service times; an open loop's other notifier figures count from the planned time. */
function titleOf({ openLoop }: Scenario, label: string): string {
  return openLoop && label.startsWith('notifier') ? `${label}, from issue` : label;
}

function datasetOf({ strategy, style, windows }: Series, figure: WindowFigure): ChartDataset[] {
  const data = windows
    .filter((window) => window[figure] !== null)
    .map((window) => [round4(middleMs(window)), round4(window[figure]!)] as const);
  if (data.length === 0) return [];
  return [{ label: strategy, data, xlt: { strategy, style, role: 'line' } }];
}

function middleMs({ timeNs, durationNs }: WindowPoint): number {
  return (timeNs + durationNs / 2) / 1e6;
}

/** The storms of the first series that says; all series of a scenario replay the same workload. */
function stormBands(scenario: Scenario): (readonly [number, number])[] {
  const windows = scenario.series.find((series) =>
    series.windows.some(({ storm }) => storm === true),
  )?.windows;
  const bands: [number, number][] = [];
  for (const { timeNs, durationNs, storm } of windows ?? []) {
    if (storm !== true) continue;
    const from = round4(timeNs / 1e6);
    const to = round4((timeNs + durationNs) / 1e6);
    const last = bands[bands.length - 1];
    if (last !== undefined && from <= last[1] * 1.001) last[1] = to;
    else bands.push([from, to]);
  }
  return bands;
}
