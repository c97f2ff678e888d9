import { errorFunction } from 'simple-statistics';

/** Up to this many values on both sides together the p value is exact, ties included. */
const EXACT_LIMIT = 60;

/**
 * How often each rank sum occurs when `chosen` of the given doubled mid-ranks are drawn: the null
 * distribution of the rank sum given the ties. Index: doubled rank sum. Values: share of all draws.
 */
function rankSumDistribution(doubledRanks: readonly number[], chosen: number): Float64Array {
  const total = doubledRanks.reduce((sum, rank) => sum + rank, 0);
  const ways = Array.from({ length: chosen + 1 }, () => new Float64Array(total + 1));
  ways[0]![0] = 1;
  for (const [used, rank] of doubledRanks.entries()) {
    for (let size = Math.min(chosen, used + 1); size >= 1; size--) {
      const from = ways[size - 1]!;
      const to = ways[size]!;
      for (let sum = total; sum >= rank; sum--) to[sum] = to[sum]! + from[sum - rank]!;
    }
  }
  const all = ways[chosen]!.reduce((sum, count) => sum + count, 0);
  return ways[chosen]!.map((count) => count / all);
}

/**
 * P(|Z| > z). From the error function, not from a table of the normal distribution: that ends at
 * z = 3.09, and no p from it survives a correction for a hundred tests.
 */
const twoSidedTail = (z: number): number => 1 - errorFunction(z / Math.SQRT2);

const withoutTies = new Map<string, Float64Array>();

/** The null distribution of untied values depends on the sizes alone. */
function untiedDistribution(sizeA: number, sizeB: number): Float64Array {
  const key = `${sizeA}:${sizeB}`;
  let distribution = withoutTies.get(key);
  if (distribution === undefined) {
    const ranks = Array.from({ length: sizeA + sizeB }, (_, i) => 2 * (i + 1));
    distribution = rankSumDistribution(ranks, sizeA);
    withoutTies.set(key, distribution);
  }
  return distribution;
}

/** Twice the mid-rank of each value of a followed by b. */
function doubledMidRanks(pooled: readonly number[]): number[] {
  return pooled.map((value) => {
    let smaller = 0;
    let equal = 0;
    for (const other of pooled) {
      if (other < value) smaller++;
      else if (other === value) equal++;
    }
    return 2 * smaller + equal + 1;
  });
}

/**
 * Two-sided Mann-Whitney U test: exact up to 60 values (given the ties), else the normal approximation
 * with tie and continuity correction.
 * @returns p; 1 when all values are equal
 */
export function mannWhitneyP(a: readonly number[], b: readonly number[]): number {
  const ranks = doubledMidRanks([...a, ...b]);
  const observed = ranks.slice(0, a.length).reduce((sum, rank) => sum + rank, 0);
  const expected = a.length * (a.length + b.length + 1);
  const distance = Math.abs(observed - expected);
  if (ranks.length <= EXACT_LIMIT) {
    const shares =
      new Set(ranks).size === ranks.length
        ? untiedDistribution(a.length, b.length)
        : rankSumDistribution(ranks, a.length);
    const p = shares.reduce(
      (sum, share, rankSum) => (Math.abs(rankSum - expected) >= distance ? sum + share : sum),
      0,
    );
    return Math.min(1, p);
  }
  const size = ranks.length;
  const ties = new Map<number, number>();
  for (const rank of ranks) ties.set(rank, (ties.get(rank) ?? 0) + 1);
  const tieTerm = [...ties.values()].reduce((sum, t) => sum + t ** 3 - t, 0) / (size * (size - 1));
  const variance = ((a.length * b.length) / 12) * (size + 1 - tieTerm);
  if (variance === 0) return 1;
  const z = Math.max(0, distance / 2 - 0.5) / Math.sqrt(variance);
  return Math.min(1, twoSidedTail(z));
}

/**
 * Two-sided Wilcoxon signed-rank test of paired differences; zeros are left out. Exact up to 60 pairs
 * (given the ties), else the normal approximation.
 */
export function signedRankP(differences: readonly number[]): number {
  const nonZero = differences.filter((difference) => difference !== 0);
  const ranks = doubledMidRanks(nonZero.map(Math.abs));
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const positive = ranks.reduce((sum, rank, i) => (nonZero[i]! > 0 ? sum + rank : sum), 0);
  const distance = Math.abs(positive - total / 2);
  if (ranks.length > EXACT_LIMIT) {
    const deviation = Math.sqrt(ranks.reduce((sum, rank) => sum + rank ** 2, 0)) / 2;
    return Math.min(1, twoSidedTail(distance / deviation));
  }
  const shares = new Float64Array(total + 1);
  shares[0] = 1;
  for (const rank of ranks) {
    for (let sum = total; sum >= 0; sum--) {
      shares[sum] = (shares[sum]! + (sum >= rank ? shares[sum - rank]! : 0)) / 2;
    }
  }
  const extreme = (share: number, sum: number): boolean =>
    share > 0 && Math.abs(sum - total / 2) >= distance;
  return Math.min(
    1,
    shares.reduce((p, share, sum) => (extreme(share, sum) ? p + share : p), 0),
  );
}

/** Smallest two-sided p that two sides of these sizes can reach: complete separation. */
export function smallestP(sizeA: number, sizeB: number): number {
  let ways = 1;
  for (let i = 1; i <= sizeA; i++) ways = (ways * (sizeB + i)) / i;
  return Math.min(1, 2 / ways);
}

/** Cliff's delta: share of pairs with b above a minus share with b below a; -1..1. */
export function cliffsDelta(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (const x of a) for (const y of b) sum += Math.sign(y - x);
  return sum / (a.length * b.length);
}

export interface Shift {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Hodges-Lehmann shift b - a: the median of all pairwise differences, with the interval that inverts
 * the Mann-Whitney test. Where the sizes allow no interval of this level it spans all differences.
 */
export function hodgesLehmann(a: readonly number[], b: readonly number[], level = 0.95): Shift {
  const differences = Float64Array.from(a.flatMap((x) => b.map((y) => y - x))).sort();
  const pairs = differences.length;
  const middle = pairs >> 1;
  const estimate =
    pairs % 2 === 1 ? differences[middle]! : (differences[middle - 1]! + differences[middle]!) / 2;
  const rank = Math.max(0, lowerRank(a.length, b.length, (1 - level) / 2) - 1);
  return { estimate, low: differences[rank]!, high: differences[pairs - 1 - rank]! };
}

/** Largest k with P(U < k) <= tail under the null, without ties. */
function lowerRank(sizeA: number, sizeB: number, tail: number): number {
  const size = sizeA + sizeB;
  if (size > EXACT_LIMIT) {
    const spread = Math.sqrt((sizeA * sizeB * (size + 1)) / 12);
    let k = 0;
    while (twoSidedTail(((sizeA * sizeB) / 2 - k - 0.5) / spread) <= 2 * tail) k++;
    return k;
  }
  const shares = untiedDistribution(sizeA, sizeB);
  const smallest = sizeA * (sizeA + 1);
  let k = 0;
  let reached = shares[smallest]!;
  while (reached <= tail) {
    k++;
    reached += shares[smallest + 2 * k]!;
  }
  return k;
}

/**
 * Holm's step-down correction: family-wise error stays below alpha when adjusted p <= alpha decides.
 * @returns adjusted p values in the order given
 */
export function holmAdjust(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((i, j) => pValues[i]! - pValues[j]!);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let running = 0;
  for (const [step, index] of order.entries()) {
    running = Math.max(running, Math.min(1, pValues[index]! * (pValues.length - step)));
    adjusted[index] = running;
  }
  return adjusted;
}
