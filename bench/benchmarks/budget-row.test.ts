import { expect, test } from 'vitest';
import { atLeast, atMost, budgetTable, figureOnly } from './budget-row.ts';

test('a budget is met at its limit and missed beyond it; what was not measured is missed', () => {
  expect(atMost('floor', 10, 10, 'ns').met).toBe(true);
  expect(atMost('floor', 10.1, 10, 'ns').met).toBe(false);
  expect(atLeast('rate', 1.79, 1.8, 'x').met).toBe(false);
  expect(atMost('floor', Number.NaN, 10, 'ns').met).toBe(false);
});

test('the table aligns its columns and marks what is missed', () => {
  const rows = [atMost('one', 1, 2, 'ns'), atMost('another', 3, 2, 'ns'), figureOnly('x', '7')];
  expect(budgetTable(rows).split('\n')).toEqual([
    'what     budget   measured  met',
    'one      <= 2 ns  1 ns      yes',
    'another  <= 2 ns  3 ns      NO',
    'x        -        7',
  ]);
});
