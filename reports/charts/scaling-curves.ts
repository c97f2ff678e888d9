import type { ReportModel, Scenario } from '../report-model.ts';
import { scenarioTitle } from '../scenario-title.ts';
import { type ChartDataset, type ReportChart, round4 } from './chart-definition.ts';
import { drawable } from './operations.ts';

/** Scenarios that differ in one numeric parameter of the workload and in nothing else. */
interface Sweep {
  readonly key: string;
  readonly parameter: string;
  readonly label: string;
  readonly points: readonly { readonly at: number; readonly scenario: Scenario }[];
}

/** How a parameter is titled, in which unit, and what one of it is in that unit. */
function axisOf(parameter: string): { title: string; unit: string; factor: number } {
  return parameter === 'spaceMiB'
    ? { title: 'mapped memory', unit: 'bytes', factor: 2 ** 20 }
    : { title: parameter, unit: 'count', factor: 1 };
}

const METRICS = ['notifier-p99', 'notifier-p50', 'fault-p99', 'bytes-per-gib', 'modelled-time'];

/** How a figure grows with regions, mapped bytes or threads. */
export const scalingCurves: ReportChart = {
  id: 'scaling-curves',
  title: 'Scaling',
  howToRead:
    'Both axes are logarithmic: a straight line is a power law, a flat one costs the same at any size. A slope of 1 doubles with the size; log n bends towards flat.',
  variants: (model) =>
    sweepsOf(model).flatMap((sweep) =>
      model.metrics
        .filter(({ id }) => METRICS.includes(id))
        .map(({ id, label }) => ({
          key: `${sweep.key}#${id}`,
          label: `${label} by ${sweep.label}`,
        })),
    ),
  build(model, variant) {
    const sweeps = sweepsOf(model);
    const sweep = sweeps.find(({ key }) => variant.startsWith(`${key}#`));
    const metric = model.metrics.find(({ id }) => variant.endsWith(`#${id}`));
    if (sweep === undefined || metric === undefined) {
      return { absent: 'no workload was run at two sizes or more (the suite scaling does so)' };
    }
    const axis = axisOf(sweep.parameter);
    const datasets = model.strategies.flatMap(({ label, style }): ChartDataset[] => {
      const data = sweep.points.flatMap(({ at, scenario }) => {
        const series = drawable(scenario).find(({ strategy }) => strategy === label);
        const figure = series?.estimates[metric.id];
        if (figure == null || figure.value <= 0) return [];
        const { value, low, high } = figure;
        return [
          low === null || high === null
            ? [at * axis.factor, round4(value)]
            : [at * axis.factor, round4(value), round4(low), round4(high)],
        ];
      });
      if (data.length < 2) return [];
      return [{ label, data, xlt: { strategy: label, style, role: 'line' } }];
    });
    if (datasets.length === 0)
      return { absent: `no strategy measured ${metric.label} at two sizes` };
    return {
      config: {
        type: 'line',
        data: { datasets },
        options: {
          plugins: {
            xlt: {
              xUnit: axis.unit,
              yUnit: metric.unit,
              scaleAxis: 'y',
              columns: [axis.title, metric.label, 'low', 'high'],
            },
          },
          scales: {
            x: { type: 'logarithmic', title: { display: true, text: axis.title } },
            y: { type: 'logarithmic', title: { display: true, text: metric.label } },
          },
        },
      },
    };
  },
};

function sweepsOf({ scenarios }: ReportModel): Sweep[] {
  const sweeps = new Map<string, Sweep>();
  for (const scenario of scenarios) {
    for (const [parameter, at] of Object.entries(scenario.workloadParams)) {
      if (typeof at !== 'number' || at <= 0) continue;
      const { [parameter]: _, ...others } = scenario.workloadParams;
      const { run, workloadName, device, mode, pressure, variant } = scenario;
      const kind = [run, workloadName, device, mode, pressure, variant];
      const key = JSON.stringify([...kind, parameter, others]);
      const known = sweeps.get(key);
      const under = [device, mode, ...(variant === null ? [] : [scenarioTitle(variant)])];
      const label = `${axisOf(parameter).title}: ${workloadName} · ${under.join(' · ')}`;
      const points = [...(known?.points ?? []), { at, scenario }].sort((a, b) => a.at - b.at);
      sweeps.set(key, { key, parameter, label, points });
    }
  }
  return [...sweeps.values()].filter(({ points }) => points.length > 1);
}
