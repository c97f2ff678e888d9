import { seriesKey, strategyLabel, workloadLabel } from '../../results/cell-identity.ts';
import type { CellRecord } from '../../results/cell-record.ts';
import { groupBy } from '../../results/group-by.ts';
import { pressedCells, pressureStandings, STANDINGS } from '../../results/pressure-standing.ts';
import { alignedRows } from './aligned-rows.ts';
import { seriesVerdict } from './series-verdict.ts';

/**
 * Per memory profile and strategy: which allocations failed in which context at which site, and what that
 * caused. Sums over the forks of a series; strategies without a failure are named in one line a profile.
 */
export function failureTable(records: readonly CellRecord[]): string[] {
  const pressed = pressedCells(records);
  if (pressed.length === 0) return [];
  const profiles = groupBy(pressed, (record) =>
    [workloadLabel(record), record.mode, record.pressure ?? 'plenty'].join(', '),
  );
  return [
    '',
    'failed allocations by context and site, and what each caused',
    '  degraded: dropped more than asked; retried: waited; update failed: the device waited; ' +
      'notifier failed: must be 0',
    ...[...profiles]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([profile, cells]) => ['', profile, ...profileRows(cells)]),
    '',
    ...conclusion(pressed),
  ];
}

/** The thread's question: who keeps the table dynamic and never fails in the notifier? */
function conclusion(records: readonly CellRecord[]): string[] {
  const standings = pressureStandings(records);
  return [
    'over all profiles',
    ...[...STANDINGS].reverse().map((standing) => {
      const names = standings.filter((one) => one.standing === standing);
      return `  ${standing}: ${names.map(({ strategy }) => strategy).join(', ') || 'none'}`;
    }),
  ];
}

const HEADER = [
  'strategy',
  'failed of attempts',
  'degraded',
  'retried',
  'update failed',
  'notifier failed',
  'collateral pages',
  'table peak KiB',
  'notifier p99 us',
  'where',
];

function profileRows(cells: readonly CellRecord[]): string[] {
  const series = [...groupBy(cells, seriesKey).values()];
  const rows: { failures: number; row: string[] }[] = [];
  const unharmed: string[] = [];
  const refused: string[] = [];
  const failed: string[] = [];
  for (const forks of series) {
    const { verdict, share } = seriesVerdict(forks);
    const name = `${strategyLabel(forks[0]!)}${share === '' ? '' : ` (${share})`}`;
    const passed = forks.filter((record) => record.verdict === 'passed');
    if (verdict === 'failed') failed.push(name);
    else if (passed.length === 0) refused.push(`${name} (${verdict})`);
    else if (failuresOf(passed) === 0) unharmed.push(`${name} ${peakKiB(passed)}`);
    else rows.push({ failures: failuresOf(passed), row: rowOf(name, passed) });
  }
  rows.sort((a, b) => a.failures - b.failures);
  const lines = rows.length === 0 ? [] : alignedRows([HEADER, ...rows.map(({ row }) => row)]);
  if (unharmed.length > 0) lines.push(`no failure (table peak KiB): ${unharmed.join(', ')}`);
  if (failed.length > 0) lines.push(`failed: ${failed.join(', ')}`);
  if (refused.length > 0) lines.push(`did not run: ${refused.join(', ')}`);
  return lines.map((line) => `  ${line}`);
}

function rowOf(name: string, records: readonly CellRecord[]): string[] {
  const attempts = sum(records, ({ allocations }) =>
    allocations.reduce((total, row) => total + row.attempts, 0),
  );
  return [
    name,
    `${failuresOf(records)} of ${attempts}`,
    ...(['degraded', 'retried', 'updateFailed', 'notifierFailed'] as const).map((consequence) =>
      String(sum(records, ({ failures }) => failures[consequence] ?? 0)),
    ),
    String(sum(records, ({ collateral }) => collateral.entries ?? 0)),
    peakKiB(records),
    p99Us(records),
    places(records),
  ];
}

function peakKiB(records: readonly CellRecord[]): string {
  const peak = largest(records, ({ memory }) => memory.tableBytesPeak);
  return peak === null ? '-' : (peak / 1024).toFixed(0);
}

/** Of the slowest fork. */
function p99Us(records: readonly CellRecord[]): string {
  const p99Ns = largest(records, ({ latency }) => latency.notifier.p99Ns);
  return p99Ns === null ? '-' : (p99Ns / 1000).toFixed(1);
}

/** null: measured in no fork. */
function largest(
  records: readonly CellRecord[],
  of: (record: CellRecord) => number | null,
): number | null {
  const values = records.map(of).filter((value) => value !== null);
  return values.length === 0 ? null : Math.max(...values);
}

/** `NOWAIT break 12, KERNEL fault 3`: most failures first. */
function places(records: readonly CellRecord[]): string {
  const failed = new Map<string, number>();
  for (const { context, site, order, failures } of records.flatMap(
    (record) => record.allocations,
  )) {
    if (failures === 0) continue;
    const place = `${context} ${site}${order === 0 ? '' : ` order ${order}`}`;
    failed.set(place, (failed.get(place) ?? 0) + failures);
  }
  return [...failed]
    .sort(([, a], [, b]) => b - a)
    .map(([place, failures]) => `${place} ${failures}`)
    .join(', ');
}

function failuresOf(records: readonly CellRecord[]): number {
  return sum(records, ({ allocations }) =>
    allocations.reduce((total, { failures }) => total + failures, 0),
  );
}

function sum(records: readonly CellRecord[], of: (record: CellRecord) => number): number {
  return records.reduce((total, record) => total + of(record), 0);
}
