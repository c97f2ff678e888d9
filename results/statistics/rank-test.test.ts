import fc from 'fast-check';
import { errorFunction, wilcoxonRankSum } from 'simple-statistics';
import { describe, expect, test } from 'vitest';
import {
  cliffsDelta,
  hodgesLehmann,
  holmAdjust,
  mannWhitneyP,
  signedRankP,
  smallestP,
} from './rank-test.ts';

describe('rank tests', () => {
  /** Every way to split the pooled values: the definition of the exact test. */
  function enumeratedP(a: readonly number[], b: readonly number[]): number {
    const pooled = [...a, ...b];
    const expected = (a.length * (pooled.length + 1)) / 2;
    const distance = (left: number[], right: number[]) =>
      Math.abs(wilcoxonRankSum(left, right) - expected);
    const observed = distance([...a], [...b]);
    let extreme = 0;
    let all = 0;
    for (let mask = 0; mask < 2 ** pooled.length; mask++) {
      const left = pooled.filter((_, i) => (mask >> i) & 1);
      if (left.length !== a.length) continue;
      const right = pooled.filter((_, i) => !((mask >> i) & 1));
      all++;
      if (distance(left, right) >= observed - 1e-9) extreme++;
    }
    return extreme / all;
  }

  test('the exact p is the share of all splits, ties included', () => {
    const side = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(side, side, (a, b) => {
        expect(mannWhitneyP(a, b)).toBeCloseTo(enumeratedP(a, b), 9);
      }),
      { numRuns: 60 },
    );
  });

  test('known values', () => {
    expect(mannWhitneyP([1, 2, 3, 4], [5, 6, 7, 8])).toBeCloseTo(2 / 70);
    expect(mannWhitneyP([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(smallestP(5, 5));
    expect(mannWhitneyP([3, 3, 3], [3, 3, 3])).toBe(1);
  });

  test('many values: the normal approximation with continuity correction', () => {
    const a = Array.from({ length: 40 }, (_, i) => 2 * i);
    const b = Array.from({ length: 40 }, (_, i) => 2 * i + 15);
    const wins = a.flatMap((x) => b.filter((y) => y > x)).length;
    const z = (wins - 800 - 0.5) / Math.sqrt((1600 * 81) / 12);
    expect(mannWhitneyP(a, b)).toBeCloseTo(1 - errorFunction(z / Math.SQRT2), 9);
    expect(mannWhitneyP(a, b)).toBeLessThan(0.05);
    expect(mannWhitneyP(a, a)).toBe(1);
    // Complete separation of 40 and 40 must survive a correction for thousands of tests.
    const far = a.map((value) => value + 1000);
    expect(mannWhitneyP(a, far)).toBeLessThan(1e-12);
  });

  test('signed rank: the share of all sign patterns, ties included', () => {
    const rankSum = (values: readonly number[]) => {
      const sizes = values.map(Math.abs);
      return values.reduce((sum, value) => {
        if (value < 0) return sum;
        const smaller = sizes.filter((size) => size < value).length;
        return sum + smaller + (sizes.filter((size) => size === value).length + 1) / 2;
      }, 0);
    };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 7 }),
        fc.nat(127),
        (sizes, signs) => {
          const signed = (mask: number) => sizes.map((v, i) => ((mask >> i) & 1 ? v : -v));
          const center = (sizes.length * (sizes.length + 1)) / 4;
          const observed = Math.abs(rankSum(signed(signs)) - center);
          let extreme = 0;
          for (let mask = 0; mask < 2 ** sizes.length; mask++) {
            if (Math.abs(rankSum(signed(mask)) - center) >= observed - 1e-9) extreme++;
          }
          expect(signedRankP([...signed(signs), 0])).toBeCloseTo(extreme / 2 ** sizes.length, 9);
        },
      ),
    );
    expect(signedRankP([0, 0])).toBe(1);
    const many = Array.from({ length: 70 }, (_, i) => (i % 3 === 0 ? -i - 1 : i + 1));
    expect(signedRankP(many)).toBeLessThan(0.05);
    expect(signedRankP(many.map((value, i) => (i % 2 === 0 ? value : -value)))).toBeGreaterThan(
      0.05,
    );
  });

  test('Hodges-Lehmann finds a pure shift, its interval excludes 0 when the test does', () => {
    const a = [10, 12, 14, 16, 18, 20];
    const shift = hodgesLehmann(
      a,
      a.map((value) => value + 100),
    );
    expect(shift.estimate).toBe(100);
    expect(shift.low).toBeGreaterThan(0);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { minLength: 12, maxLength: 12 }),
        (pooled) => {
          const [x, y] = [pooled.slice(0, 6), pooled.slice(6)];
          const { low, high } = hodgesLehmann(x, y);
          expect(low > 0 || high < 0).toBe(mannWhitneyP(x, y) <= 0.05);
        },
      ),
    );
  });

  test('Cliff’s delta: -1 below, 0 alike, 1 above', () => {
    expect(cliffsDelta([5, 6], [1, 2])).toBe(-1);
    expect(cliffsDelta([1, 2], [1, 2])).toBe(0);
    expect(cliffsDelta([1, 2], [5, 6])).toBe(1);
  });

  test('Holm: the textbook example, in the order given', () => {
    const adjusted = holmAdjust([0.01, 0.04, 0.03, 0.005]);
    for (const [i, p] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[i]).toBeCloseTo(p);
    expect(holmAdjust([])).toEqual([]);
  });
});
