import type { MemorySample } from '../../results/cell-record.ts';
import type { Scenario } from '../report-model.ts';
import { type ChartDataset, round4, type ScenarioChart } from './chart-definition.ts';
import { drawable } from './operations.ts';

type MemoryFigure = 'tableBytes' | 'stagingBytes' | 'reserveBytes';

const FIGURES: readonly { readonly key: MemoryFigure; readonly label: string }[] = [
  { key: 'tableBytes', label: 'table memory' },
  { key: 'stagingBytes', label: 'staging memory' },
  { key: 'reserveBytes', label: 'reserve memory' },
];

/** Table memory as the OS breaks 2 MiB blocks, with the allocations that failed. */
export const memoryOverTime: ScenarioChart = {
  id: 'memory-over-time',
  title: 'Table memory over time',
  howToRead:
    'A preallocated table is a flat line at its full price; a dynamic one starts low and climbs as the OS breaks 2 MiB blocks (ticks along the bottom). A cross marks a moment at which an allocation failed. One fork is drawn; the table above holds the figures of all.',
  variants: (_model, scenario) =>
    FIGURES.filter(({ key }) =>
      drawable(scenario).some(({ memory }) => memory.some((sample) => sample[key] > 0)),
    ),
  build(_model, scenario, variant) {
    const figure = variant as MemoryFigure;
    const lines = drawable(scenario).filter(({ memory }) => memory.length > 0);
    if (lines.length === 0) return { absent: 'no cell that passed recorded memory over time' };
    const datasets = lines.flatMap(({ strategy, style, memory }): ChartDataset[] => {
      // Staging and reserve of a strategy without any would be lines on the axis.
      if (figure !== 'tableBytes' && memory.every((sample) => sample[figure] === 0)) return [];
      const line: ChartDataset = {
        label: strategy,
        data: steps(memory, figure),
        stepped: 'before',
        xlt: { strategy, style, role: 'line' },
      };
      const failures = memory
        .filter((sample, index) => index > 0 && sample.failures > memory[index - 1]!.failures)
        .map((sample) => [ms(sample), sample[figure]] as const);
      if (failures.length === 0) return [line];
      return [
        line,
        {
          label: `${strategy}: allocation failed`,
          data: failures,
          xlt: { strategy, style, role: 'mark', mark: 'failure' },
        },
      ];
    });
    const label = FIGURES.find(({ key }) => key === figure)?.label ?? figure;
    const breaks = breakTimes(scenario);
    return {
      config: {
        type: 'line',
        data: { datasets },
        options: {
          plugins: {
            xlt: {
              xUnit: 'ms',
              yUnit: 'bytes',
              scaleAxis: 'y',
              columns: ['time', label],
              ...(breaks.length > 0 ? { rug: breaks, rugLabel: '2 MiB blocks broken' } : {}),
            },
          },
          scales: {
            x: { type: 'linear', min: 0, title: { display: true, text: 'time in the window' } },
            y: { type: 'linear', min: 0, title: { display: true, text: label } },
          },
        },
      },
    };
  },
};

/** Of samples in a row that are equal only the first and the last: the line is the same. */
function steps(
  memory: readonly MemorySample[],
  figure: MemoryFigure,
): (readonly [number, number])[] {
  return memory
    .filter(
      (sample, index) =>
        sample[figure] !== memory[index - 1]?.[figure] ||
        sample[figure] !== memory[index + 1]?.[figure],
    )
    .map((sample) => [ms(sample), sample[figure]] as const);
}

function ms({ timeNs }: MemorySample): number {
  return round4(timeNs / 1e6);
}

/** Moments between which blocks were broken, from the first series that saw any. */
function breakTimes(scenario: Scenario): number[] {
  const memory = scenario.series.find(
    (series) => (series.memory[series.memory.length - 1]?.splits ?? 0) > 0,
  )?.memory;
  return (memory ?? [])
    .filter((sample, index, all) => index > 0 && sample.splits > all[index - 1]!.splits)
    .map(ms);
}
