import { describe, expect, it } from 'vitest';
import { SeededRandom } from './seeded-random.ts';

describe('SeededRandom', () => {
  it('gives the same numbers for a seed on every machine', () => {
    const random = new SeededRandom(1);
    const first = Array.from({ length: 4 }, () => random.uint32());
    const again = new SeededRandom(1);
    expect(first).toEqual(Array.from({ length: 4 }, () => again.uint32()));
    expect(first).toEqual([393288148, 2174103013, 3814759091, 2092745082]);
    const other = new SeededRandom(2);
    expect(first).not.toEqual(Array.from({ length: 4 }, () => other.uint32()));
  });

  it('stays in its bounds and fills them', () => {
    const random = new SeededRandom(3);
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 20_000; draw++) counts[random.below(10)]!++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(250);
    for (let draw = 0; draw < 1000; draw++) {
      const value = random.between(3, 5);
      expect(value).toBeGreaterThanOrEqual(3);
      expect(value).toBeLessThanOrEqual(5);
      expect(random.unit()).toBeLessThan(1);
    }
  });

  it('draws exponential times with the mean and the tail of the distribution', () => {
    const random = new SeededRandom(4);
    const drawn = Array.from({ length: 50_000 }, () => random.exponential(100));
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    expect(mean).toBeGreaterThan(97);
    expect(mean).toBeLessThan(103);
    const tail = drawn.filter((value) => value > 300).length / drawn.length;
    expect(tail).toBeGreaterThan(Math.exp(-3) * 0.9);
    expect(tail).toBeLessThan(Math.exp(-3) * 1.1);
  });

  it('chooses by weight and shuffles to a permutation', () => {
    const random = new SeededRandom(5);
    const counts = [0, 0, 0];
    for (let draw = 0; draw < 10_000; draw++) counts[random.weighted([1, 0, 3])]!++;
    expect(counts[1]).toBe(0);
    expect(counts[2]! / counts[0]!).toBeGreaterThan(2.6);
    expect(counts[2]! / counts[0]!).toBeLessThan(3.5);
    const items = Array.from({ length: 100 }, (_, index) => index);
    const shuffled = random.shuffle([...items]);
    expect(shuffled).not.toEqual(items);
    expect(shuffled.toSorted((left, right) => left - right)).toEqual(items);
  });
});
