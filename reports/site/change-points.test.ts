import { expect, test } from 'vitest';
import { changePoints, type LanePoint } from './change-points.ts';

/** Points with an interval of 2 % around each value. */
const lane = (...values: number[]): LanePoint[] =>
  values.map((value, run) => ({ run, value, low: value * 0.98, high: value * 1.02 }));

test('a step that stays is a change, once', () => {
  expect(changePoints(lane(100, 101, 99, 130, 131, 129), 0.1)).toEqual([
    { at: 3, before: 100, after: 130, confirmed: true },
  ]);
});

test('a single outlier is none, and does not move the level', () => {
  expect(changePoints(lane(100, 101, 180, 99, 100), 0.1)).toEqual([]);
});

test('the newest run may be a change that nothing confirms yet', () => {
  expect(changePoints(lane(100, 101, 99, 140), 0.1)).toEqual([
    { at: 3, before: 100, after: 140, confirmed: false },
  ]);
});

test('down is a change as well, and back again another', () => {
  const changes = changePoints(lane(100, 100, 50, 50, 100, 100), 0.1);
  expect(changes.map(({ at, after }) => [at, after])).toEqual([
    [2, 50],
    [4, 100],
  ]);
});

test('below the threshold, or within a wide interval, nothing changed', () => {
  expect(changePoints(lane(100, 100, 108, 108), 0.1)).toEqual([]);
  const wide = lane(100, 100, 130, 130).map((point) => ({ ...point, low: 60, high: 200 }));
  expect(changePoints(wide, 0.1)).toEqual([]);
});
