import { expect, test } from 'vitest';
import { compareForks, seededRandom } from './ratio.ts';

const RULES = { better: 'lower', threshold: 0.1 } as const;

function forks(median: number, noise: number, seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: 10 }, () => median * (1 + noise * (random() - 0.5)));
}

test('a clear difference, no difference, and one that the forks cannot decide', () => {
  expect(compareForks(forks(150, 0.04, 1), forks(100, 0.04, 2), RULES)?.verdict).toBe('worse');
  expect(compareForks(forks(60, 0.04, 1), forks(100, 0.04, 2), RULES)?.verdict).toBe('better');
  expect(compareForks(forks(101, 0.04, 1), forks(100, 0.04, 2), RULES)?.verdict).toBe(
    'no difference seen',
  );
  expect(compareForks(forks(110, 0.8, 1), forks(100, 0.8, 2), RULES)?.verdict).toBe('uncertain');
});

test('higher is better where the metric says so', () => {
  const rules = { better: 'higher', threshold: 0.1 } as const;
  expect(compareForks(forks(150, 0.04, 1), forks(100, 0.04, 2), rules)?.verdict).toBe('better');
});

test('few forks give a ratio and no verdict; counts that repeat give an exact one', () => {
  expect(compareForks([2, 2.1], [1, 1.1], RULES)).toMatchObject({
    verdict: 'uncertain',
    low: null,
  });
  expect(compareForks([2, 2], [1, 1], RULES)).toMatchObject({
    verdict: 'worse',
    ratio: 2,
    low: 2,
    high: 2,
  });
});

test('no figure, no ratio; a zero baseline has none either', () => {
  expect(compareForks([null], [1], RULES)).toBeNull();
  expect(compareForks([0, 0], [0, 0], RULES)).toMatchObject({
    ratio: 1,
    verdict: 'no difference seen',
  });
  expect(compareForks([3, 3], [0, 0], RULES)).toMatchObject({
    verdict: 'uncertain',
    reason: expect.stringContaining('zero'),
  });
});

test('the interval is the same every time', () => {
  const once = compareForks(forks(120, 0.2, 1), forks(100, 0.2, 2), RULES);
  expect(compareForks(forks(120, 0.2, 1), forks(100, 0.2, 2), RULES)).toEqual(once);
});
