import type { Operation } from '../report-model.ts';
import { type ChartDataset, round4, type ScenarioChart } from './chart-definition.ts';
import { drawable, latencyTitle, operationVariants } from './operations.ts';

/** Empirical distribution functions, one line per strategy. */
export const ecdf: ScenarioChart = {
  id: 'ecdf',
  title: 'Distribution of latency (ECDF)',
  howToRead:
    'Height is the share of operations that were at most this slow. A line further left is faster; a vertical rise means that nearly all operations take the same time, a step that there are two kinds of operation (for example with and without a table split).',
  variants: (_model, scenario) => operationVariants(scenario),
  build(_model, scenario, variant) {
    const operation = variant as Operation;
    const datasets = drawable(scenario).flatMap(({ spectra, strategy, style }): ChartDataset[] => {
      const spectrum = spectra[operation];
      if (spectrum === undefined) return [];
      // Beyond p99.9 the lines are one: the percentile chart shows the tail.
      const points = spectrum.points
        .filter(([nines]) => nines <= 3)
        .map(([nines, value]) => [round4(value), round4(1 - 10 ** -nines)] as const);
      return [
        {
          label: strategy,
          data: [...points, [round4(spectrum.maxNs), 1]],
          xlt: { strategy, style, role: 'line' },
        },
      ];
    });
    if (datasets.length === 0) {
      return { absent: `no cell that passed recorded a ${operation} histogram` };
    }
    return {
      config: {
        type: 'line',
        data: { datasets },
        options: {
          plugins: {
            xlt: {
              xUnit: 'ns',
              yUnit: 'share',
              scaleAxis: 'x',
              columns: ['latency', 'share of operations'],
              // Counted costs take few values, and none between them.
              ...(scenario.mode === 'replay' ? { stepped: true } : {}),
            },
          },
          scales: {
            x: {
              type: 'logarithmic',
              title: { display: true, text: latencyTitle(scenario, `${operation} latency`) },
            },
            y: { type: 'linear', min: 0, max: 1, title: { display: true, text: 'share at most' } },
          },
        },
      },
    };
  },
};
