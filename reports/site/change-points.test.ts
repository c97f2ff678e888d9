import { expect, test } from 'vitest';
import { changePoints, type Departs, type LanePoint } from './change-points.ts';

const lane = (...values: number[]): LanePoint[] =>
  values.map((value, run) => ({ run, value, low: null, high: null, forks: [] }));

const byTenth: Departs = (before, after) => Math.abs(after.value / before.value - 1) > 0.1;

test('a step that stays is a change, once', () => {
  expect(changePoints(lane(100, 101, 99, 130, 131, 129), byTenth)).toEqual([
    { at: 3, before: 100, after: 130, confirmed: true },
  ]);
});

test('a single outlier is none, and does not move the level', () => {
  expect(changePoints(lane(100, 101, 180, 99, 100), byTenth)).toEqual([]);
});

test('the newest run may be a change that nothing confirms yet', () => {
  expect(changePoints(lane(100, 101, 99, 140), byTenth)).toEqual([
    { at: 3, before: 100, after: 140, confirmed: false },
  ]);
});

test('down is a change as well, and back again another', () => {
  const changes = changePoints(lane(100, 100, 50, 50, 100, 100), byTenth);
  expect(changes.map(({ at, after }) => [at, after])).toEqual([
    [2, 50],
    [4, 100],
  ]);
});

test('where nothing departs, nothing changed', () => {
  expect(changePoints(lane(100, 100, 300, 300), () => false)).toEqual([]);
});
