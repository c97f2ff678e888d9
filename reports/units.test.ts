import { expect, test } from 'vitest';
import { formatNines, formatRange, formatValue } from './units.ts';

test.each([
  [0, 'ns', '0 ns'],
  [999.4, 'ns', '999 ns'],
  [999.7, 'ns', '1.00 µs'],
  [3100, 'ns', '3.10 µs'],
  [2_000_000_000, 'ns', '2.00 s'],
  [4096, 'bytes', '4.00 KiB'],
  [2 ** 21, 'bytes', '2.00 MiB'],
  [0.0969, 'share', '9.69 %'],
  [12_345, 'count', '12\u202f345'],
  [12_345.5, 'count', '12\u202f346'],
  [1_234_567, 'count', '1.23 M'],
  [99_600, 'per second', '99\u202f600/s'],
  [null, 'ns', '–'],
  [Number.NaN, 'ns', '–'],
])('%s %s is %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

test('percentiles on the nines axis', () => {
  expect([0, 1, 2, 3, 4, 5].map(formatNines)).toEqual([
    '0 %',
    '90 %',
    '99 %',
    '99.9 %',
    '99.99 %',
    '99.999 %',
  ]);
});

test('a range names its unit once, unless its ends differ', () => {
  expect(formatRange(771, 851, 'ns')).toBe('771 – 851 ns');
  expect(formatRange(963, 1010, 'ns', ', ')).toBe('963 ns, 1.01 µs');
  expect(formatRange(1, 3, 'count')).toBe('1 – 3');
});
