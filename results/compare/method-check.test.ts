import { expect, test } from 'vitest';
import { checkMethod, FORK_NOISES } from './method-check.ts';

const noise = (name: string) => FORK_NOISES.find((candidate) => candidate.name === name)!;
const OPTIONS = { draws: 300 };

test('forks of 3 %: an A/A pair raises no alarm, +10 % is found and covered', () => {
  const row = checkMethod(noise('forks 3 %'), 10, 20, OPTIONS);
  expect(row.falseAlarms).toBeLessThanOrEqual(1);
  expect(row.found).toBeGreaterThanOrEqual(15);
  expect(row.missed).toBe(0);
  expect(row.covered).toBeGreaterThanOrEqual(17);
});

test('bands: the difference is drowned, and the words say so instead of guessing', () => {
  const row = checkMethod(noise('forks 3 %, 1 in 5 x1.8'), 10, 20, OPTIONS);
  expect(row.falseAlarms).toBeLessThanOrEqual(1);
  expect(row.missed).toBeLessThanOrEqual(2);
});

test('drift that both sides go through hides no difference', () => {
  expect(checkMethod(noise('forks 2 %, drift 5 %'), 10, 20, OPTIONS).covered).toBeGreaterThan(16);
});
