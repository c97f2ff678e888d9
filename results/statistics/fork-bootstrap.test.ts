import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootstrapContrast, bootstrapMedian, medianOf } from './fork-bootstrap.ts';
import { SeededRandom } from './seeded-random.ts';

const ratio = (a: number, b: number) => b / a;
const forks = (values: readonly number[]) => values.map((value, fork) => ({ fork, value }));

describe('seeded random', () => {
  test('equal seeds agree, unequal ones do not, and the values spread evenly', () => {
    const draw = (seed: number) => {
      const random = new SeededRandom(seed);
      return Array.from({ length: 4000 }, () => random.uniform());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(5)).not.toEqual(draw(5 + 2 ** 32));
    const tenths = new Array<number>(10).fill(0);
    for (const value of draw(3)) tenths[Math.floor(value * 10)]! += 1;
    for (const count of tenths) expect(Math.abs(count - 400)).toBeLessThan(100);
  });
});

describe('bootstrap', () => {
  test('one seed, one interval; the estimate is the ratio of medians', () => {
    const a = forks([10, 11, 12, 13, 14]);
    const b = forks([20, 22, 24, 26, 28]);
    const first = bootstrapContrast(a, b, ratio, { draws: 500, seed: 3 });
    expect(first).toEqual(bootstrapContrast(a, b, ratio, { draws: 500, seed: 3 }));
    expect(first.estimate).toBe(2);
    expect(first.low).toBeLessThan(2);
    expect(first.high).toBeGreaterThan(2);
  });

  test('an interval lies inside what the values allow', () => {
    const values = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const { low, high } = bootstrapContrast(forks(a), forks(b), ratio, { draws: 200 });
        expect(low).toBeGreaterThanOrEqual(Math.min(...b) / Math.max(...a));
        expect(high).toBeLessThanOrEqual(Math.max(...b) / Math.min(...a));
      }),
      { numRuns: 40 },
    );
  });

  test('a draw is the median of the forks it picks', () => {
    const values = [5, 1, 4, 2, 3, 9, 7, 8];
    for (const count of [1, 2, 5, 8]) {
      const random = new SeededRandom(3);
      const drawn = Array.from({ length: 101 }, () =>
        medianOf(Array.from({ length: count }, () => values[random.below(count)]!)),
      ).sort((a, b) => a - b);
      const interval = bootstrapMedian(forks(values.slice(0, count)), {
        draws: 101,
        seed: 3,
        level: 0.9,
      });
      expect(interval).toMatchObject({ low: drawn[5], high: drawn[95] });
    }
  });

  test('covers the true median about as often as it says', () => {
    const random = new SeededRandom(11);
    let covered = 0;
    for (let run = 0; run < 300; run++) {
      const values = Array.from({ length: 10 }, () => 100 + 5 * random.normal());
      const { low, high } = bootstrapMedian(forks(values), { draws: 500, seed: run });
      if (low <= 100 && high >= 100) covered++;
    }
    expect(covered / 300).toBeGreaterThan(0.9);
  });

  test('paired forks cancel a drift that both sides went through', () => {
    const drift = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5];
    const a = forks(drift.map((level) => 100 * level));
    const b = forks(drift.map((level) => 110 * level)).reverse();
    const paired = bootstrapContrast(a, b, ratio, { draws: 500, paired: true });
    const apart = bootstrapContrast(a, b, ratio, { draws: 500 });
    expect(paired.low).toBeCloseTo(1.1);
    expect(paired.high).toBeCloseTo(1.1);
    expect(apart.high / apart.low).toBeGreaterThan(2);
  });
});
