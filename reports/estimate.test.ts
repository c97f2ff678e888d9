import { expect, test } from 'vitest';
import { estimate } from './estimate.ts';

test('what the bracket means depends on the number of forks', () => {
  expect(estimate([null, null])).toBeNull();
  expect(estimate([5])).toEqual({ value: 5, low: null, high: null, n: 1, kind: 'single' });
  expect(estimate([3, 1, 2])).toEqual({ value: 2, low: 1, high: 3, n: 3, kind: 'range' });
  expect(estimate([7, 7, 7])).toEqual({ value: 7, low: 7, high: 7, n: 3, kind: 'exact' });
  expect(estimate([4, null, 2])).toMatchObject({ value: 3, n: 2 });
});

test('ranks of the 95 % interval are those of the tables for the median', () => {
  // Conover, table of order-statistic intervals: n -> rank of the lower end, from 1.
  for (const [n, rank] of [
    [6, 1],
    [8, 1],
    [9, 2],
    [10, 2],
    [12, 3],
    [15, 4],
    [20, 6],
    [30, 10],
  ] as const) {
    const values = Array.from({ length: n }, (_, index) => index + 1);
    expect(estimate(values)).toMatchObject({ kind: 'interval', low: rank, high: n + 1 - rank });
  }
});
