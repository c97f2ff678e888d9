import type { Scenario, Series } from '../report-model.ts';
import { formatCount } from '../units.ts';
import type { ChartDataset, ChartOutcome, ScenarioChart } from './chart-definition.ts';

const CONSEQUENCES = [
  { key: 'degraded', label: 'degraded (smaller step or wider zap)' },
  { key: 'retried', label: 'retried later (latency)' },
  { key: 'updateFailed', label: 'update failed (the device saw it)' },
  { key: 'notifierFailed', label: 'notifier failed (must be 0)' },
] as const;

/** The question of the project: which allocations failed, and what did each failure lead to? */
export const allocationFailures: ScenarioChart = {
  id: 'allocation-failures',
  title: 'Allocation failures and what they caused',
  howToRead:
    'Length is the number over all forks. By context and buddy order: where the allocator said no (KERNEL may wait and reclaim, NOWAIT and ATOMIC may not). By consequence: a retried or degraded update costs latency; a failed update is what the device sees; a failed notifier must not exist.',
  variants: () => [
    { key: 'context', label: 'by context and order' },
    { key: 'consequence', label: 'what they caused' },
  ],
  build(_model, scenario, variant) {
    const counted = scenario.series.filter(({ failures }) => failures.attempts > 0);
    if (counted.length === 0) return { absent: 'no cell counted its allocations' };
    const rows = counted.filter((series) => total(series) > 0);
    if (counted.every(({ failures }) => failures.failures === 0)) {
      const attempts = counted.reduce((sum, { failures }) => sum + failures.attempts, 0);
      return {
        absent: `none of ${formatCount(attempts)} allocations failed in ${counted.length} strategies`,
      };
    }
    return variant === 'context' ? byContext(scenario, rows) : byConsequence(rows);
  },
};

function total({ failures }: Series): number {
  const { degraded, retried, updateFailed, notifierFailed } = failures;
  return (
    failures.failures +
    [degraded, retried, updateFailed, notifierFailed].reduce<number>((sum, n) => sum + (n ?? 0), 0)
  );
}

function byContext(scenario: Scenario, rows: readonly Series[]): ChartOutcome {
  const classes = new Map<string, { context: string; order: number }>();
  for (const { allocations } of scenario.series) {
    for (const { context, order, failures } of allocations) {
      if (failures > 0) classes.set(`${context} order ${order}`, { context, order });
    }
  }
  if (classes.size === 0) return { absent: 'no allocation failed' };
  const labels = [...classes.keys()].sort();
  const datasets = labels.map((label, style) => {
    const { context, order } = classes.get(label)!;
    const data = rows.map(({ allocations }) =>
      allocations
        .filter((row) => row.context === context && row.order === order)
        .reduce((sum, row) => sum + row.failures, 0),
    );
    return bars(label, style, data);
  });
  return stacked(rows, datasets, 'failed allocations');
}

function byConsequence(rows: readonly Series[]): ChartOutcome {
  const datasets = CONSEQUENCES.map(({ key, label }, style) =>
    bars(
      label,
      style,
      rows.map(({ failures }) => failures[key]),
    ),
  ).filter(({ data }) => data.some((value) => value !== null && value !== 0));
  if (datasets.length === 0) return { absent: 'no failure had a recorded consequence' };
  return stacked(rows, datasets, 'consequences');
}

function bars(label: string, style: number, data: readonly (number | null)[]): ChartDataset {
  return { label, data, stack: 'failures', xlt: { style, role: 'bar' } };
}

function stacked(
  rows: readonly Series[],
  datasets: readonly ChartDataset[],
  title: string,
): ChartOutcome {
  const names = rows.map(({ strategy }) => strategy);
  return {
    config: {
      type: 'bar',
      data: { labels: names, datasets },
      options: {
        indexAxis: 'y',
        plugins: {
          xlt: {
            xUnit: 'count',
            yUnit: 'count',
            columns: [title],
            rows: names,
            rowsAreStrategies: true,
          },
        },
        scales: {
          x: { type: 'linear', min: 0, stacked: true, title: { display: true, text: title } },
          y: { type: 'category', stacked: true, title: { display: true, text: '' } },
        },
      },
    },
  };
}
