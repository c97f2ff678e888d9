import type { Metric } from '../metrics.ts';
import type { ForkSample } from '../statistics/fork-bootstrap.ts';
import { type Judgement, settle, weigh } from './judge.ts';

/** The forks of one series in one metric, as plain data: what a report's page carries. */
export interface PlainSeries {
  /** Numbers and seeds of the forks that passed. */
  readonly forks: readonly (readonly [fork: number, seed: number])[];
  /** Of each of them, in the same order; null where it did not measure the metric. */
  readonly values: readonly (number | null)[];
  /** Hash of the conditions that the forks ran under; several where they differ. */
  readonly conditions: string;
}

export interface PlainPair {
  readonly mode: string;
  readonly baseline: PlainSeries;
  readonly candidate: PlainSeries;
}

export interface FamilyOptions {
  /** Of the bootstrap: the baseline's plan seed, as `compare` takes it. */
  readonly seed: number;
  /** Both sides are strategies of one run. */
  readonly paired: boolean;
  /** Why timings may not be judged, e.g. two machines; null: they may. */
  readonly block: string | null;
}

/**
 * Judges pairs of series in one metric as one family: the verdicts of `compare --metric` from the plain
 * data of a page. It runs in the page too.
 * @returns a judgement per pair, in their order
 */
export function judgePairs(
  metric: Pick<Metric, 'unit' | 'better' | 'threshold' | 'exactInReplay'>,
  pairs: readonly PlainPair[],
  { seed, paired, block }: FamilyOptions,
): Judgement[] {
  const weighed = pairs.map(({ mode, baseline, candidate }) => {
    const counted = mode === 'replay' && metric.exactInReplay;
    const question = {
      metric,
      baseline: samplesOf(baseline),
      candidate: samplesOf(candidate),
      counted,
      pooled: [null, null] as const,
      block:
        baseline.conditions === candidate.conditions
          ? counted
            ? reseeded(baseline, candidate)
            : block
          : 'conditions differ (threads, rate, duration or workload content)',
    };
    return weigh(question, { seed, paired });
  });
  return settle(weighed);
}

function samplesOf({ forks, values }: PlainSeries): ForkSample[] {
  return values.flatMap((value, i) => (value === null ? [] : [{ fork: forks[i]![0], value }]));
}

function reseeded(baseline: PlainSeries, candidate: PlainSeries): string | null {
  const seeds = new Map(baseline.forks);
  const other = candidate.forks.find(([fork, seed]) => (seeds.get(fork) ?? seed) !== seed);
  return other === undefined ? null : `seeds of fork ${other[0]} differ, so counts do too`;
}
