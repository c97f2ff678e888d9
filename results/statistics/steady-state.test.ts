import { describe, expect, test } from 'vitest';
import { SeededRandom } from './seeded-random.ts';
import { classifySteadyState } from './steady-state.ts';

/** Blocks at the given levels with relative noise. */
function blocks(levels: readonly (readonly [number, number])[], noise = 0.03, seed = 1): number[] {
  const random = new SeededRandom(seed);
  return levels.flatMap(([count, level]) =>
    Array.from({ length: count }, () => level * (1 + noise * random.normal())),
  );
}

describe('steady state', () => {
  test.each([
    ['flat', [[60, 100]], [], 0],
    [
      'warm-up',
      [
        [20, 250],
        [40, 100],
      ],
      [20],
      20,
    ],
    [
      'slowdown',
      [
        [30, 100],
        [30, 140],
      ],
      [30],
      30,
    ],
    [
      'none',
      [
        [30, 100],
        [22, 200],
        [8, 100],
      ],
      [30, 52],
      null,
    ],
  ] as const)('%s', (name, levels, changePoints, steadyFromBlock) => {
    for (let seed = 1; seed <= 10; seed++) {
      expect(classifySteadyState(blocks(levels, 0.03, seed))).toEqual({
        class: name,
        changePoints,
        steadyFromBlock,
      });
    }
  });

  test('single stalls are no levels', () => {
    const stalled = blocks([[60, 100]]);
    for (const at of [5, 23, 24, 59]) stalled[at] = 5000;
    expect(classifySteadyState(stalled).class).toBe('flat');
  });

  test('pure noise is seldom taken for levels', () => {
    let flat = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const { class: name } = classifySteadyState(blocks([[50, 100]], 0.15, seed));
      if (name === 'flat') flat++;
    }
    expect(flat).toBeGreaterThanOrEqual(95);
  });

  test('equal blocks are flat, a step of a noiseless clock is found', () => {
    expect(classifySteadyState(blocks([[40, 100]], 0)).class).toBe('flat');
    expect(
      classifySteadyState(
        blocks(
          [
            [20, 200],
            [20, 100],
          ],
          0,
        ),
      ).class,
    ).toBe('warm-up');
  });

  test('few blocks: it cannot be told', () => {
    expect(classifySteadyState(blocks([[19, 100]])).class).toBeNull();
  });
});
