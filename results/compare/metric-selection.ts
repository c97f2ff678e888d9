import type { CellRecord } from '../cell-record.ts';
import { type Metric, metricsOf } from '../metrics.ts';
import { nearestName } from '../nearest-name.ts';
import { UsageError } from '../usage-error.ts';

/** Shown beside the gated metrics when nothing was asked for. */
const CONTEXT_METRICS = new Set(['notifier-p999', 'fault-p999', 'stall-share', 'degraded']);

const MAX_THRESHOLD = 10;

export interface MetricChoice {
  /** Metric ids; absent: the gated ones and some context. */
  readonly metrics?: readonly string[] | undefined;
  /** Practical thresholds by metric id, relative (0.05 = 5 %). */
  readonly thresholds?: Readonly<Record<string, number>> | undefined;
}

function known(id: string, metrics: readonly Metric[]): Metric {
  const metric = metrics.find((candidate) => candidate.id === id);
  if (metric !== undefined) return metric;
  const ids = metrics.map((candidate) => candidate.id);
  const near = nearestName(id, ids);
  const hint = near === undefined ? `expected one of ${ids.join(', ')}` : `did you mean ${near}?`;
  throw new UsageError(`unknown metric "${id}": ${hint}`);
}

/**
 * The metrics to compare. Metrics that are asked for by name all decide the exit code.
 * @throws UsageError on an unknown metric or a threshold that is not in 0..10
 */
export function selectMetrics(records: readonly CellRecord[], choice: MetricChoice): Metric[] {
  const metrics = metricsOf(records);
  const thresholds = Object.entries(choice.thresholds ?? {});
  for (const [id, threshold] of thresholds) {
    known(id, metrics);
    if (!(threshold >= 0 && threshold <= MAX_THRESHOLD)) {
      throw new UsageError(
        `threshold of ${id} is ${threshold}: expected 0..${MAX_THRESHOLD} (0.05 = 5 %)`,
      );
    }
  }
  const asked = choice.metrics?.map((id) => ({ ...known(id, metrics), gate: true }));
  const selected = asked ?? metrics.filter(({ id, gate }) => gate || CONTEXT_METRICS.has(id));
  const byId = new Map(thresholds);
  return selected.map((metric) => ({
    ...metric,
    threshold: byId.get(metric.id) ?? metric.threshold,
  }));
}
