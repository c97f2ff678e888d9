import type { ComparisonRow } from '../comparison.ts';
import type { Metric } from '../metrics.ts';
import {
  type BootstrapOptions,
  type ForkSample,
  medianOf,
} from '../statistics/hierarchical-bootstrap.ts';
import { type Contrast, contrastOf } from './contrast.ts';
import type { Series } from './series.ts';
import { exactVerdict, noVerdict, type Verdict } from './verdict.ts';

/** Reasons that forbid verdicts, from the sides as a whole. */
export interface Blocks {
  /** Why measured figures may not be judged; null: they may. */
  readonly measured: string | null;
  /** Why counted figures may not be judged; null: they may. */
  readonly exact: string | null;
}

/** A row with its verdict, or with the evidence from which the verdict follows once p is corrected. */
export interface PendingRow {
  readonly row: Omit<ComparisonRow, keyof Verdict | 'pHolm'>;
  readonly metric: Metric;
  readonly verdict: Verdict | null;
  readonly contrast: Contrast | null;
}

const isConstant = (samples: readonly ForkSample[]): boolean =>
  samples.length > 1 && samples.every(({ value }) => value === samples[0]!.value);

const median = (samples: readonly ForkSample[]): number | null =>
  samples.length === 0 ? null : medianOf(samples.map(({ value }) => value));

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
  const replayed = baseline.mode === 'replay' && metric.exactInReplay;
  const constant = metric.unit !== 'ns' && isConstant(a) && isConstant(b);
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
    method: replayed || constant ? 'exact' : 'statistical',
    baselineForks: a.length,
    candidateForks: b.length,
    baselineValue: median(a),
    candidateValue: median(b),
    baselinePooled: pooled[0],
    candidatePooled: pooled[1],
    ratio: null,
    difference: null,
    shift: null,
    cliffsDelta: null,
    p: null,
  };
  const settled = (verdict: Verdict): PendingRow => ({ row, metric, verdict, contrast: null });
  const block = replayed ? blocks.exact : blocks.measured;
  if (block !== null) return settled(noVerdict(block));
  const ofAllForks = replayed && a.length + b.length === 0 && sameForks(baseline, candidate);
  if (ofAllForks && pooled[0] !== null && pooled[1] !== null) {
    const exact = { ...row, baselineValue: pooled[0], candidateValue: pooled[1] };
    const reason = 'counted over all forks: too few samples in each for this percentile';
    const verdict = exactVerdict(metric, pooled[1] - pooled[0], reason);
    return { ...settled(verdict), row: withExactRatio(exact) };
  }
  if (a.length === 0 || b.length === 0) return settled(missingFigure(a.length, b.length));
  if (row.method === 'exact') {
    return { ...settled(countedVerdict(metric, a, b, replayed)), row: withExactRatio(row) };
  }
  const contrast = contrastOf(a, b, metric, options);
  const { ratio, difference, shift, p } = contrast;
  const evidence = { ratio, difference, shift, p, cliffsDelta: contrast.cliffsDelta };
  return { row: { ...row, ...evidence }, metric, verdict: null, contrast };
}

const sameForks = (a: Series, b: Series): boolean =>
  a.measured.map(({ fork }) => fork).join() === b.measured.map(({ fork }) => fork).join();

function missingFigure(baselineForks: number, candidateForks: number): Verdict {
  if (baselineForks + candidateForks === 0) {
    return noVerdict('too few samples in each fork for this percentile; pooled figures only');
  }
  return noVerdict(`only the ${baselineForks > 0 ? 'baseline' : 'candidate'} has this figure`);
}

function withExactRatio(row: PendingRow['row']): PendingRow['row'] {
  const [a, b] = [row.baselineValue!, row.candidateValue!];
  const point = (estimate: number) => ({ estimate, low: estimate, high: estimate });
  return a > 0 && b > 0 ? { ...row, ratio: point(b / a) } : { ...row, difference: point(b - a) };
}

/** Counts: fork by fork in replay, where a fork number stands for one seed; else side by side. */
function countedVerdict(
  metric: Metric,
  a: readonly ForkSample[],
  b: readonly ForkSample[],
  replayed: boolean,
): Verdict {
  if (!replayed) {
    return exactVerdict(metric, b[0]!.value - a[0]!.value, 'the same in every fork of a side');
  }
  const byFork = new Map(b.map(({ fork, value }) => [fork, value]));
  const differences = a.flatMap(({ fork, value }) => {
    const other = byFork.get(fork);
    return other === undefined ? [] : [other - value];
  });
  if (differences.length === 0) return noVerdict('no fork number stands on both sides');
  const total = differences.reduce((sum, difference) => sum + difference, 0);
  const differing = differences.filter((difference) => difference !== 0).length;
  if (total === 0 && differing > 0) {
    return {
      verdict: 'no difference seen',
      outcome: 'same',
      reason: `${differing} of ${differences.length} forks differ, and cancel out`,
      forksNeeded: 0,
    };
  }
  return exactVerdict(metric, total, `counted: ${differing} of ${differences.length} forks differ`);
}
