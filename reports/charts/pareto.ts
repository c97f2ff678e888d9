import { frontierOf } from '../frontier.ts';
import { isRanked } from '../ranked-series.ts';
import type { MetricHeader, Scenario, Series } from '../report-model.ts';
import { formatCount } from '../units.ts';
import { type ChartDataset, round4, type ScenarioChart } from './chart-definition.ts';
import { drawable, latencyTitle } from './operations.ts';

/** Memory is the other side of every trade: mean table bytes for each GiB that is mapped. */
export const PARETO_MEMORY = 'bytes-per-gib';

/** Latencies that may stand against memory, most telling first. */
export const PARETO_LATENCIES = [
  'notifier-p999',
  'notifier-p99',
  'fault-p99',
  'stall-share',
  'modelled-time',
] as const;

/** What decides the verdict comes first, so that the chart opens on it. */
function latenciesOf({ mode, objectives }: Scenario): readonly string[] {
  const all = mode === 'replay' ? [...PARETO_LATENCIES].reverse() : PARETO_LATENCIES;
  const [lead] = objectives.map(({ id }) => id);
  const known = all.filter((id) => id !== lead);
  return lead?.startsWith('notifier-') || lead === 'modelled-time' ? [lead, ...known] : all;
}

/** The trade-off at a glance: latency against memory, failures as marks. */
export const pareto: ScenarioChart = {
  id: 'pareto',
  title: 'Latency against table memory',
  howToRead:
    'Down and left is better. The dashed line joins the strategies that no other one beats on both axes; whatever lies above it costs more of something and gives nothing for it. Bars are the spread over forks. A red ring marks a strategy whose allocations failed in this scenario. Hollow points are not ranked: the floor has no table at all, and others are known to be wrong. The table’s “undominated” also counts what these two axes do not show.',
  variants: (model, scenario) =>
    latenciesOf(scenario).flatMap((id) => {
      const metric = model.metrics.find((candidate) => candidate.id === id);
      const measured = drawable(scenario).some(({ estimates }) => estimates[id] != null);
      return metric !== undefined && measured ? [{ key: id, label: metric.label }] : [];
    }),
  build(model, scenario, variant) {
    const metric = model.metrics.find(({ id }) => id === variant);
    const memory = model.metrics.find(({ id }) => id === PARETO_MEMORY);
    if (metric === undefined || memory === undefined) {
      return { absent: 'latency or memory was not measured' };
    }
    const placed = drawable(scenario).filter(
      ({ estimates }) => estimates[variant] != null && estimates[PARETO_MEMORY] != null,
    );
    if (placed.length < 2) return { absent: 'fewer than two strategies have both figures' };
    const frontier = frontierOf(
      placed.filter(isRanked).map((series) => positionOf(series, variant)),
    );
    return {
      config: {
        type: 'scatter',
        data: {
          datasets: [
            ...placed.flatMap((series) => datasetsOf(series, variant)),
            {
              label: 'frontier',
              data: frontier,
              xlt: { style: 0, role: 'frontier' },
            },
          ],
        },
        options: {
          plugins: {
            xlt: {
              xUnit: 'bytes',
              yUnit: metric.unit,
              scaleAxis: 'y',
              columns: axisColumns(metric),
              notes: notDrawn(scenario, placed),
            },
          },
          scales: {
            x: {
              type: 'linear',
              min: 0,
              title: { display: true, text: 'table bytes per mapped GiB' },
            },
            y: {
              // A counted cost may be 0, which a logarithm has no place for.
              type: placed.every(({ estimates }) => estimates[variant]!.value > 0)
                ? 'logarithmic'
                : 'linear',
              title: { display: true, text: titleOf(scenario, metric) },
              ...latencyRange(placed, variant),
            },
          },
        },
      },
    };
  },
};

function titleOf(scenario: Scenario, { id, label, unit }: MetricHeader): string {
  return unit === 'ns' && id !== 'modelled-time' ? latencyTitle(scenario, label) : label;
}

/** Room above and below, so that no point sits on the frame and no bar runs over it. */
function latencyRange(placed: readonly Series[], metric: string): { min?: number; max?: number } {
  const estimates = placed.map((series) => series.estimates[metric]!);
  const least = Math.min(...estimates.map(({ value }) => value));
  const most = Math.max(...estimates.map(({ value }) => value));
  if (least <= 0) return { min: 0 };
  const lows = estimates.map(({ low }) => low ?? least).filter((low) => low > 0);
  const highs = estimates.map(({ high }) => high ?? most);
  return {
    min: Number(Math.min(least / 1.7, ...lows.map((low) => low / 1.1)).toPrecision(2)),
    max: Number(Math.max(most * 1.7, ...highs.map((high) => high * 1.1)).toPrecision(2)),
  };
}

function axisColumns({ label }: MetricHeader): string[] {
  return ['bytes per mapped GiB', label, 'low', 'high', 'bytes low', 'bytes high'];
}

function positionOf({ estimates }: Series, metric: string): readonly [number, number] {
  return [round4(estimates[PARETO_MEMORY]!.value), round4(estimates[metric]!.value)];
}

function datasetsOf(series: Series, metric: string): ChartDataset[] {
  const { strategy, style, estimates, failures } = series;
  const floor = !isRanked(series);
  const [x, y] = positionOf(series, metric);
  const latency = estimates[metric]!;
  const memory = estimates[PARETO_MEMORY]!;
  const bounds = [latency.low, latency.high, memory.low, memory.high].map((bound) =>
    bound === null ? null : round4(bound),
  );
  const point: ChartDataset = {
    label: series.floor ? `${strategy} (floor)` : floor ? `${strategy} (not ranked)` : strategy,
    data: [[x, y, ...bounds]],
    xlt: { strategy, style, role: 'points', pointLabels: [strategy], ...(floor ? { floor } : {}) },
  };
  if (failures.failures === 0) return [point];
  return [
    point,
    {
      label: `${strategy}: ${formatCount(failures.failures)} allocations failed`,
      data: [[x, y]],
      xlt: { strategy, style, role: 'mark', mark: 'ring' },
    },
  ];
}

function notDrawn(scenario: Scenario, placed: readonly Series[]): string[] {
  return scenario.series
    .filter((series) => !placed.includes(series))
    .map(({ strategy, status, reason }) =>
      status === 'passed' || status === 'partial'
        ? `${strategy}: not drawn, one of the two figures was not measured`
        : `${strategy}: not drawn, ${status}${reason === null ? '' : ` (${reason})`}`,
    );
}
