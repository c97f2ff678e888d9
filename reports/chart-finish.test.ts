import { expect, test } from 'vitest';
import { niceTicks, rowPlaces } from './chart-finish.ts';

const META = { xUnit: 'ns', yUnit: 'count', columns: [] };

test.each([
  ['decades', 95, 1.1e6, 'ns', [100, 1000, 10_000, 100_000, 1_000_000]],
  ['few decades', 90, 2100, 'ns', [100, 200, 500, 1000, 2000]],
  ['less than one decade', 2020, 2600, 'ns', [2200, 2400, 2600]],
  ['bytes', 4096, 2 ** 14, 'bytes', [4096, 8192, 16_384]],
])('ticks of a logarithmic axis: %s', (_, min, max, unit, ticks) => {
  expect(niceTicks(min, max, unit, true)).toEqual(ticks);
});

test('linear bytes step in powers of two, percentiles in nines', () => {
  expect(niceTicks(0, 2 ** 21, 'bytes', false)).toEqual([0, 1, 2, 3, 4].map((n) => n * 2 ** 19));
  expect(niceTicks(0, 3.4, 'nines', false)).toEqual([0, 1, 2, 3]);
});

test('filtered rows leave no gap', () => {
  const rows = ['a', 'b', 'c'];
  expect(rowPlaces({ ...META, rows, rowsAreStrategies: true }, ['b'])).toEqual([0, null, 1]);
  expect(rowPlaces({ ...META, rows }, ['b'])).toEqual([0, 1, 2]);
});
