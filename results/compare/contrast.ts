import type { RowInterval } from '../comparison.ts';
import {
  type BootstrapOptions,
  bootstrapContrast,
  type ForkSample,
  matchForks,
  medianOf,
} from '../statistics/fork-bootstrap.ts';
import { forksNeeded, MIN_FORKS } from '../statistics/forks-needed.ts';
import {
  cliffsDelta,
  hodgesLehmann,
  mannWhitneyP,
  signedRankP,
  smallestP,
} from '../statistics/rank-test.ts';

/** What the forks of two series say about one metric, before any verdict. */
export interface Contrast {
  readonly forks: number;
  /** On the scale that `band` is on: log ratio, or difference where a value is 0. */
  readonly interval: RowInterval;
  /** Practical threshold on the same scale: inside [-band, band] nobody should act. */
  readonly band: number;
  readonly ratio: RowInterval | null;
  readonly difference: RowInterval | null;
  readonly shift: RowInterval;
  readonly cliffsDelta: number;
  readonly p: number | null;
  /** Smallest p that this many forks a side could give. */
  readonly smallestP: (forks: number) => number;
  /** Further forks until the interval is about as narrow as twice the band. */
  readonly forksNeeded: number | null;
}

/** An interval up to this many bands to each side still allows "no difference seen". */
export const NOISE_LIMIT_BANDS = 2;

function mapInterval(interval: RowInterval, map: (value: number) => number): RowInterval {
  return { estimate: map(interval.estimate), low: map(interval.low), high: map(interval.high) };
}

/** With fewer pairs the signed-rank test cannot reach a p that survives a family of a few tests. */
const MIN_PAIRS = 8;

/** Two tests, one p: the smaller one, doubled. */
const eitherOf = (p: number, q: number): number => Math.min(1, 2 * Math.min(p, q));

/**
 * Mann-Whitney over the forks. Where forks of both sides ran next to each other, a drift of the machine
 * may hide a difference from it that every pair shows, so the signed-rank test of the pairs counts too.
 */
function rankP(
  baseline: readonly ForkSample[],
  candidate: readonly ForkSample[],
  paired: boolean,
): number {
  const [a, b] = [baseline, candidate].map((side) => side.map(({ value }) => value));
  const p = mannWhitneyP(a!, b!);
  const pairs = paired && a!.length >= MIN_PAIRS ? matchForks(baseline, candidate) : null;
  if (pairs === null) return p;
  const positive = [...a!, ...b!].every((value) => value > 0);
  const scale = (value: number): number => (positive ? Math.log(value) : value);
  const differences = pairs[0].map((left, i) => scale(pairs[1][i]!.value) - scale(left.value));
  return eitherOf(p, signedRankP(differences));
}

/** @param baseline at least one fork, as is candidate */
export function contrastOf(
  baseline: readonly ForkSample[],
  candidate: readonly ForkSample[],
  metric: { readonly threshold: number },
  options: BootstrapOptions,
): Contrast {
  const a = baseline.map(({ value }) => value);
  const b = candidate.map(({ value }) => value);
  const forks = Math.min(a.length, b.length);
  const paired = options.paired === true;
  const support = {
    forks,
    shift: hodgesLehmann(a, b),
    cliffsDelta: cliffsDelta(a, b),
    p: forks < MIN_FORKS ? null : rankP(baseline, candidate, paired),
    smallestP: (count: number) => smallestP(count, count) * (paired && count >= MIN_PAIRS ? 2 : 1),
  };
  if ([...a, ...b].some((value) => value <= 0)) {
    const difference = bootstrapContrast(baseline, candidate, (x, y) => y - x, options);
    const band = metric.threshold * Math.abs(medianOf(a));
    return { ...support, interval: difference, band, ratio: null, difference, forksNeeded: null };
  }
  const logRatio = (x: number, y: number): number => Math.log(y / x);
  const interval = bootstrapContrast(baseline, candidate, logRatio, options);
  const halfWidth = (interval.high - interval.low) / 2;
  return {
    ...support,
    interval,
    band: Math.log1p(metric.threshold),
    ratio: mapInterval(interval, Math.exp),
    difference: null,
    forksNeeded: forksNeeded([a, b], NOISE_LIMIT_BANDS * metric.threshold, halfWidth),
  };
}
