import { SeededRandom } from './seeded-random.ts';

/** One fork's figure. */
export interface ForkSample {
  /** Replicate number; equal numbers of two sides ran next to each other. */
  readonly fork: number;
  readonly value: number;
}

export interface BootstrapOptions {
  readonly draws?: number;
  readonly seed?: number;
  /** Coverage of the interval, e.g. 0.95. */
  readonly level?: number;
  /** Resample the forks of both sides together: they ran in common blocks of one run. */
  readonly paired?: boolean;
}

/** An estimate with its bootstrap interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** An end of the interval then moves from seed to seed by some 3 % of the half width. */
export const DEFAULT_DRAWS = 2000;
export const DEFAULT_LEVEL = 0.95;

export function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Draws medians over resampled forks: their order is known, so a draw only counts picks. */
class ForkSampler {
  readonly #sorted: Float64Array;
  readonly #rankOf: Uint32Array;
  readonly #counts: Uint32Array;

  constructor(samples: readonly ForkSample[]) {
    const order = samples.map((_, i) => i).sort((i, j) => samples[i]!.value - samples[j]!.value);
    this.#sorted = Float64Array.from(order, (fork) => samples[fork]!.value);
    this.#rankOf = new Uint32Array(samples.length);
    for (const [rank, fork] of order.entries()) this.#rankOf[fork] = rank;
    this.#counts = new Uint32Array(samples.length);
  }

  /** Median over the forks that `picks` names. */
  median(picks: Uint32Array): number {
    const counts = this.#counts.fill(0);
    for (let i = 0; i < picks.length; i++) counts[this.#rankOf[picks[i]!]!]! += 1;
    const upper = picks.length >> 1;
    const lower = (picks.length - 1) >> 1;
    let rank = 0;
    let seen = counts[0]!;
    while (seen <= lower) seen += counts[++rank]!;
    const low = this.#sorted[rank]!;
    while (seen <= upper) seen += counts[++rank]!;
    return (low + this.#sorted[rank]!) / 2;
  }
}

function pickForks(picks: Uint32Array, random: SeededRandom): void {
  for (let i = 0; i < picks.length; i++) picks[i] = random.below(picks.length);
}

/**
 * Percentile interval. The BCa correction was tried and left out: on 5 to 10 forks its coverage was
 * 88 - 98 % of a nominal 95 %, against 93 - 97 % (simulated, one and two bands of forks).
 */
function percentileInterval(
  draws: Float64Array,
  estimate: number,
  options: BootstrapOptions,
): Interval {
  draws.sort();
  const tail = (1 - (options.level ?? DEFAULT_LEVEL)) / 2;
  const rank = Math.round(tail * (draws.length - 1));
  return { estimate, low: draws[rank]!, high: draws[draws.length - 1 - rank]! };
}

/** Interval of the median over forks of one series. @param samples at least one */
export function bootstrapMedian(
  samples: readonly ForkSample[],
  options: BootstrapOptions = {},
): Interval {
  const random = new SeededRandom(options.seed ?? 1);
  const sampler = new ForkSampler(samples);
  const picks = new Uint32Array(samples.length);
  const draws = Float64Array.from({ length: options.draws ?? DEFAULT_DRAWS }, () => {
    pickForks(picks, random);
    return sampler.median(picks);
  });
  return percentileInterval(draws, medianOf(samples.map(({ value }) => value)), options);
}

/**
 * Interval of a contrast between the medians over forks of two series; forks are what is resampled (Kalibera
 * & Jones, ISMM 2013). 2,000 draws, 95 % by default.
 *
 * @param contrast e.g. the ratio candidate / baseline, or the difference
 * @returns the contrast of the medians and its interval
 */
export function bootstrapContrast(
  baseline: readonly ForkSample[],
  candidate: readonly ForkSample[],
  contrast: (baselineMedian: number, candidateMedian: number) => number,
  options: BootstrapOptions = {},
): Interval {
  const random = new SeededRandom(options.seed ?? 1);
  const sides = options.paired === true ? matchForks(baseline, candidate) : null;
  const [base, other] = sides ?? [baseline, candidate];
  const baseSampler = new ForkSampler(base);
  const otherSampler = new ForkSampler(other);
  const basePicks = new Uint32Array(base.length);
  const otherPicks = sides === null ? new Uint32Array(other.length) : basePicks;
  const draws = Float64Array.from({ length: options.draws ?? DEFAULT_DRAWS }, () => {
    pickForks(basePicks, random);
    if (sides === null) pickForks(otherPicks, random);
    return contrast(baseSampler.median(basePicks), otherSampler.median(otherPicks));
  });
  const estimate = contrast(
    medianOf(base.map(({ value }) => value)),
    medianOf(other.map(({ value }) => value)),
  );
  return percentileInterval(draws, estimate, options);
}

/** Both sides in the order of their common fork numbers; null when the forks are not the same. */
export function matchForks(
  baseline: readonly ForkSample[],
  candidate: readonly ForkSample[],
): readonly [ForkSample[], ForkSample[]] | null {
  if (baseline.length !== candidate.length) return null;
  const byFork = new Map(candidate.map((sample) => [sample.fork, sample]));
  const matched = baseline.map(({ fork }) => byFork.get(fork));
  return matched.every((sample) => sample !== undefined) ? [[...baseline], matched] : null;
}
