/**
 * Two series compared. These functions also run in the page when the reader picks another baseline:
 * they may use only their arguments, language globals and the other functions of this file.
 */

/** `uncertain`: too few forks, or an interval that allows both a gain and a loss that matter. */
export type RatioVerdict = 'better' | 'worse' | 'no difference seen' | 'uncertain' | 'baseline';

export interface Ratio {
  /** Median over baseline's median. */
  readonly ratio: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly verdict: RatioVerdict;
  readonly reason: string | null;
}

export interface RatioRules {
  readonly better: 'lower' | 'higher';
  /** 0.1: below 10 % a difference does not matter. */
  readonly threshold: number;
  /** Figures were counted: one fork on each side is enough. */
  readonly exact?: boolean;
}

export function medianOf(values: number[]): number {
  const sorted = values.slice().sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A small seeded generator (mulberry32): the same figures give the same interval everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Percentile bootstrap of the ratio of medians over forks, 95 %, 1,000 draws, seeded.
 * @returns [low, high]
 */
export function bootstrapRatio(values: number[], baseline: number[]): [number, number] {
  const random = seededRandom(values.length * 65537 + baseline.length);
  const draws: number[] = [];
  const pick = (from: number[]) =>
    medianOf(from.map(() => from[Math.floor(random() * from.length)]!));
  for (let draw = 0; draw < 1000; draw++) {
    const below = pick(baseline);
    if (below > 0) draws.push(pick(values) / below);
  }
  draws.sort((a, b) => a - b);
  if (draws.length === 0) return [0, Number.POSITIVE_INFINITY];
  return [draws[Math.floor(draws.length * 0.025)]!, draws[Math.ceil(draws.length * 0.975) - 1]!];
}

/** True where all forks gave one value on each side: counted, not measured. */
export function isExact(values: number[], baseline: number[]): boolean {
  return (
    values.every((value) => value === values[0]) && baseline.every((value) => value === baseline[0])
  );
}

export function verdictOf(low: number, high: number, rules: RatioRules): RatioVerdict {
  const up = 1 + rules.threshold;
  const down = 1 / up;
  if (high < down) return rules.better === 'lower' ? 'better' : 'worse';
  if (low > up) return rules.better === 'lower' ? 'worse' : 'better';
  return low >= down && high <= up ? 'no difference seen' : 'uncertain';
}

/**
 * Compares one metric of two series, fork by fork.
 * @returns null where either side has no figure
 */
export function compareForks(
  measured: readonly (number | null)[],
  against: readonly (number | null)[],
  rules: RatioRules,
): Ratio | null {
  const values = measured.filter((value): value is number => value !== null);
  const baseline = against.filter((value): value is number => value !== null);
  if (values.length === 0 || baseline.length === 0) return null;
  const below = medianOf(baseline);
  const above = medianOf(values);
  if (below === 0) {
    const verdict = above === 0 ? 'no difference seen' : 'uncertain';
    const reason = above === 0 ? 'both are zero' : 'the baseline is zero: there is no ratio';
    return { ratio: above === 0 ? 1 : Number.NaN, low: null, high: null, verdict, reason };
  }
  const ratio = above / below;
  const enough = rules.exact === true || (values.length > 1 && baseline.length > 1);
  if (enough && isExact(values, baseline)) {
    return {
      ratio,
      low: ratio,
      high: ratio,
      verdict: verdictOf(ratio, ratio, rules),
      reason: null,
    };
  }
  if (Math.min(values.length, baseline.length) < 5) {
    const reason = `${values.length} and ${baseline.length} forks; a verdict needs 5 on each side`;
    return { ratio, low: null, high: null, verdict: 'uncertain', reason };
  }
  const [low, high] = bootstrapRatio(values, baseline);
  const verdict = verdictOf(low, high, rules);
  const reason = verdict === 'uncertain' ? 'the interval allows more than one answer' : null;
  return { ratio, low, high, verdict, reason };
}
