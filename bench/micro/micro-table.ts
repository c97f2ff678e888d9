import type { CellRecordInput, MicroRow } from '../../results/cell-record.ts';
import { microLabel } from '../../results/metrics.ts';
import { medianOf } from '../../results/statistics/fork-bootstrap.ts';
import { alignedRows } from '../run/aligned-rows.ts';
import { PUBLISHED_MACHINE, PUBLISHED_NS } from './published-table.ts';

/** A record's strategy and micro rows; all other fields are left alone. */
export type MicroRecord = Pick<CellRecordInput, 'strategy' | 'alias' | 'micro'>;

/**
 * The table page-table patches carry: one row an operation, one column a strategy, "avg,min; lines": nanoseconds
 * (medians over the forks) and the distinct cache lines that the strategy touches; beside them the published
 * column of generic_pt.
 */
export function microTable(records: readonly MicroRecord[]): string {
  const columns = new Map<string, Map<string, MicroRow[]>>();
  const labels = new Set<string>();
  for (const { strategy, alias, micro } of records) {
    const rows = (micro ?? []) as MicroRow[];
    if (rows.length === 0) continue;
    const name = alias ?? strategy;
    const column = columns.get(name) ?? new Map<string, MicroRow[]>();
    columns.set(name, column);
    for (const row of rows) {
      const label = microLabel(row);
      labels.add(label);
      column.set(label, [...(column.get(label) ?? []), row]);
    }
  }
  if (labels.size === 0) return 'no micro figures';
  const header = ['operation (ns: avg,min; lines)', ...columns.keys(), 'generic_pt (avg)'];
  const lines = [...labels].map((label) => [
    label,
    ...[...columns.values()].map((column) => cellText(column.get(label))),
    PUBLISHED_NS[label] === undefined ? '-' : String(PUBLISHED_NS[label]),
  ]);
  const isWide = columns.size > MOST_COLUMNS;
  const table = alignedRows(isWide ? turned([header, ...lines]) : [header, ...lines]);
  return `${table.join('\n')}\n${PUBLISHED_MACHINE}; batch means, no device cost, no oracle; lines of 64 bytes`;
}

/** Strategies beside one another that a terminal has room for. */
const MOST_COLUMNS = 6;
/** What is left of the operations when strategies are rows. */
const FEW = [
  'walk 1x4K',
  'map 1x4K',
  'map 1x2M',
  'unmap 1x4K',
  'split 1x2M',
  'update 512x4K',
  'invalidate 512x4K',
];

/** Rows and columns exchanged, with the operations of FEW; the report has all of them. */
function turned([header, ...lines]: readonly (readonly string[])[]): string[][] {
  const kept = lines.filter(([label]) => FEW.includes(label!));
  return header!.map((name, i) => [
    i === 0 ? 'ns: avg,min' : name,
    ...kept.map((line) => line[i]!),
  ]);
}

function cellText(rows: readonly MicroRow[] | undefined): string {
  if (rows === undefined) return '-';
  const median = (of: (row: MicroRow) => number | null): string | null => {
    const values = rows.map(of).filter((value) => value !== null);
    return values.length === 0 ? null : figure(medianOf(values));
  };
  const times = `${median((row) => row.avgNs) ?? '-'},${median((row) => row.minNs) ?? '-'}`;
  const lines = median((row) => row.lines);
  return lines === null ? times : `${times}; ${lines}`;
}

function figure(ns: number): string {
  return ns < 100 ? ns.toFixed(1) : Math.round(ns).toString();
}
