import { describe, expect, test } from 'vitest';
import { medianOf } from './fork-bootstrap.ts';
import { forksNeeded } from './forks-needed.ts';

describe('forks needed', () => {
  test('a quarter of the width takes sixteen times the forks', () => {
    const side = [1, 1, 1, 1, 1];
    expect(forksNeeded([side, side], 0.03, 4 * Math.log1p(0.03))).toBe(75);
    expect(forksNeeded([side, side], 0.03, Math.log1p(0.03))).toBe(0);
  });

  test('few forks: told from their spread; one fork or wild noise: no figure', () => {
    expect(
      forksNeeded(
        [
          [100, 101],
          [100, 102],
        ],
        0.03,
        null,
      ),
    ).toBeGreaterThanOrEqual(3);
    expect(forksNeeded([[100], [100]], 0.03, null)).toBeNull();
    expect(
      forksNeeded(
        [
          [1, 1000],
          [1, 1000],
        ],
        0.001,
        null,
      ),
    ).toBeNull();
  });

  test('the median of an even count is the mean of the middle two', () => {
    expect(medianOf([4, 1, 3, 2])).toBe(2.5);
  });
});
