import type { ComparisonRow } from '../comparison.ts';
import type { Metric } from '../metrics.ts';
import type { BootstrapOptions } from '../statistics/fork-bootstrap.ts';
import { type Evidence, type Judgement, type Weighed, weigh } from './judge.ts';
import type { Series } from './series.ts';

/** Reasons that forbid verdicts, from the sides as a whole. */
export interface Blocks {
  /** Why measured figures may not be judged; null: they may. */
  readonly measured: string | null;
  /** Why counted figures may not be judged; null: they may. */
  readonly exact: string | null;
}

/** A row whose verdict waits for the family that it belongs to. */
export interface PendingRow {
  readonly row: Omit<ComparisonRow, keyof Judgement | keyof Evidence>;
  readonly weighed: Weighed;
}

/** Compares one metric of two series of one scenario. @returns null when neither side measured it */
export function compareSeries(
  baseline: Series,
  candidate: Series,
  metric: Metric,
  blocks: Blocks,
  options: BootstrapOptions,
): PendingRow | null {
  const a = baseline.samples(metric);
  const b = candidate.samples(metric);
  const pooled = [baseline.pooled(metric), candidate.pooled(metric)] as const;
  if (a.length + b.length === 0 && pooled[0] === null && pooled[1] === null) return null;
  const counted = baseline.mode === 'replay' && metric.exactInReplay;
  const question = {
    metric,
    baseline: a,
    candidate: b,
    counted,
    pooled: sameForks(baseline, candidate) ? pooled : ([null, null] as const),
    block: counted ? blocks.exact : blocks.measured,
  };
  const row: PendingRow['row'] = {
    scenario: baseline.scenario,
    workload: baseline.workload,
    device: baseline.device,
    mode: baseline.mode,
    pressure: baseline.pressure,
    baseline: baseline.strategy,
    candidate: candidate.strategy,
    metric: metric.id,
    label: metric.label,
    unit: metric.unit,
    better: metric.better,
    threshold: metric.threshold,
    gate: metric.gate,
    baselineForks: a.length,
    candidateForks: b.length,
    baselinePooled: pooled[0],
    candidatePooled: pooled[1],
  };
  return { row, weighed: weigh(question, options) };
}

const sameForks = (a: Series, b: Series): boolean =>
  a.measured.map(({ fork }) => fork).join() === b.measured.map(({ fork }) => fork).join();
