/** A figure over the forks of a series, with how far the forks spread. */
export interface Estimate {
  /** Median of the forks. */
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Forks that measured it. */
  readonly n: number;
  /**
   * What [low, high] is. `interval`: at least 95 % confidence for the median. `range`: all forks lie
   * in it, too few for an interval. `exact`: all forks agree. `single`: one fork, nothing to say.
   */
  readonly kind: 'interval' | 'range' | 'exact' | 'single';
}

/** Forks from which the order statistics give 95 % confidence (1 - 2/2^6 = 96.9 %). */
export const FORKS_FOR_INTERVAL = 6;

/** A figure that was counted, not measured: it would be the same again. */
export function exactly(value: number): Estimate {
  return { value, low: value, high: value, n: 1, kind: 'exact' };
}

/**
 * Median with its order-statistic interval: distribution-free, exact and the same on every machine,
 * because nothing is drawn (Conover, Practical Nonparametric Statistics, 3.2).
 *
 * @param values one figure per fork; null where the fork did not measure it
 * @returns null when no fork measured it
 */
export function estimate(values: readonly (number | null)[]): Estimate | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const n = sorted.length;
  if (n === 0) return null;
  const value = medianOfSorted(sorted);
  if (n === 1) return { value, low: null, high: null, n, kind: 'single' };
  const smallest = sorted[0]!;
  const largest = sorted[n - 1]!;
  if (smallest === largest) return { value, low: smallest, high: largest, n, kind: 'exact' };
  if (n < FORKS_FOR_INTERVAL) return { value, low: smallest, high: largest, n, kind: 'range' };
  const rank = intervalRank(n);
  return { value, low: sorted[rank]!, high: sorted[n - 1 - rank]!, n, kind: 'interval' };
}

/** @param sorted ascending, not empty */
export function medianOfSorted(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const ranks = new Map<number, number>();

/**
 * The largest k for which [x(k), x(n-1-k)] (from 0) holds the median with 95 % confidence:
 * P(miss) = 2 * sum over i <= k of C(n,i) / 2^n.
 */
function intervalRank(n: number): number {
  const known = ranks.get(n);
  if (known !== undefined) return known;
  let probability = 0.5 ** n;
  let missed = 2 * probability;
  let rank = 0;
  for (let k = 1; k < n / 2; k++) {
    probability *= (n - k + 1) / k;
    missed += 2 * probability;
    if (missed > 0.05) break;
    rank = k;
  }
  ranks.set(n, rank);
  return rank;
}
