import { expect, test } from 'vitest';
import type { CellRecord } from './cell-record.ts';
import { cellRecordFixture } from './fixtures/cell-record-fixture.ts';
import { pressedCells, pressureStandings } from './pressure-standing.ts';

const NOTHING = { degraded: 0, retried: 0, updateFailed: 0, notifierFailed: 0 };

function cell(
  strategy: string,
  pressure: string | null,
  changed: Partial<Pick<CellRecord, 'verdict' | 'family' | 'failures' | 'workload'>> = {},
  failed = 0,
): CellRecord {
  return {
    ...cellRecordFixture({ strategy, mode: 'replay' }),
    pressure,
    allocations: [
      { context: 'NOWAIT', order: 0, site: 'break', attempts: 50, failures: failed, injected: 0 },
    ],
    failures: NOTHING,
    ...changed,
  };
}

test('the worst that happened under any profile is where a strategy stands', () => {
  const standings = pressureStandings([
    cell('unharmed', null),
    cell('unharmed', 'tight'),
    cell('waiting', null),
    cell('waiting', 'tight', { failures: { ...NOTHING, updateFailed: 4 } }, 4),
    cell('waiting', 'collapse', { failures: { ...NOTHING, degraded: 3 } }, 3),
    cell('whole-table', null),
    cell('whole-table', 'tight', { verdict: 'refused' }),
    cell('wrong', null),
    cell('wrong', 'tight', { failures: { ...NOTHING, notifierFailed: 1 } }, 1),
    cell('noop', 'tight', { family: 'floor' }),
  ]);
  expect(standings.map(({ strategy, standing }) => [strategy, standing])).toEqual([
    ['unharmed', 'ran everywhere without a failed allocation'],
    ['waiting', 'ran everywhere, at a price'],
    ['whole-table', 'did not run everywhere'],
    ['wrong', 'failed in the notifier'],
  ]);
  const waiting = standings[1]!;
  expect(waiting).toMatchObject({ failures: 7, updateFailed: 4, degraded: 3, notifierFailed: 0 });
  const plenty = cell('waiting', null).memory.bytesPerMappedGiB;
  expect(waiting.bytesPerGib).toBe(plenty);
});

test('without a memory profile nobody stands anywhere; other workloads do not count', () => {
  expect(pressureStandings([cell('deposit', null)])).toEqual([]);
  const elsewhere = cell('deposit', null, { workload: 'node-gc', verdict: 'crashed' });
  const cells = [cell('deposit', null), cell('deposit', 'tight'), elsewhere];
  expect(pressedCells(cells)).toHaveLength(2);
  expect(pressureStandings(cells)[0]!.standing).toMatch(/^ran everywhere without/);
});
