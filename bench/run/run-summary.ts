import { strategyLabel, workloadLabel } from '../../results/cell-identity.ts';
import type { CellRecord } from '../../results/cell-record.ts';
import { readRun } from '../../results/run-store.ts';
import { microTable } from '../micro/micro-table.ts';
import type { SuiteResult } from './run-suite.ts';

export interface RunSummary {
  readonly directory: string;
  /** Finished cells and forks in the folder, older ones of a resumed run included. */
  readonly records: number;
  readonly verdicts: Readonly<Record<string, number>>;
  /** Cells that did not do what they must: a strategy that failed, a canary that was not caught. */
  readonly failures: number;
  readonly problems: readonly { cellId: string; fork: number; verdict: string; reason: string }[];
  readonly text: string;
}

/** A canary or control must fail; a strategy may pass or be refused for want of budget. */
function isProblem({ verdict, guarantees }: CellRecord): boolean {
  const mustFail = guarantees.kind === 'canary' || guarantees.kind === 'control';
  return mustFail ? verdict !== 'failed' : verdict !== 'passed' && verdict !== 'refused';
}

/** What a finished run says in a terminal. */
export function summariseRun({ directory }: Pick<SuiteResult, 'directory'>): RunSummary {
  const { records } = readRun(directory);
  const verdicts: Record<string, number> = {};
  for (const { verdict } of records) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const problems = records.filter(isProblem).map(({ cellId, fork, verdict, reason }) => ({
    cellId,
    fork,
    verdict,
    reason: reason ?? 'a canary that nothing caught',
  }));
  const said = problems.map(
    ({ cellId, fork, verdict, reason }) => `  ${cellId} fork ${fork}: ${verdict}: ${reason}`,
  );
  const counts = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`);
  return {
    directory,
    records: records.length,
    verdicts,
    failures: problems.length,
    problems,
    text: [
      `${records.length} cells: ${counts.join(', ')} (canaries must fail, and did: ${caught(records)})`,
      ...said,
      ...table(records),
      ...micro(records),
    ].join('\n'),
  };
}

function caught(records: readonly CellRecord[]): string {
  const canaries = records.filter(({ guarantees }) => guarantees.kind === 'canary');
  if (canaries.length === 0) return 'none ran';
  const failed = canaries.filter(({ verdict }) => verdict === 'failed');
  return `${failed.length} of ${canaries.length}`;
}

const HEADER = [
  'strategy',
  'workload',
  'mode',
  'notifier p50',
  'p99',
  'fault p50',
  'table peak',
  'alloc failures',
];

/** Medians over the forks of each compared series; the report has the intervals. */
function table(records: readonly CellRecord[]): string[] {
  const series = new Map<string, CellRecord[]>();
  for (const record of records) {
    if (!record.comparison || record.mode === 'micro') continue;
    series.set(record.cellId, [...(series.get(record.cellId) ?? []), record]);
  }
  if (series.size === 0) return [];
  const rows = [...series.values()]
    .map(tableRow)
    .sort((a, b) => rowKey(a).localeCompare(rowKey(b)));
  const widths = HEADER.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => row[i]!.length)),
  );
  const line = (row: readonly string[]): string =>
    row.map((text, i) => (i < 3 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join('  ');
  return [
    '',
    line(HEADER),
    ...rows.map(line),
    'medians over forks; intervals and verdicts are in the report',
  ];
}

function micro(records: readonly CellRecord[]): string[] {
  const measured = records.filter(({ mode }) => mode === 'micro');
  return measured.length === 0 ? [] : ['', microTable(measured)];
}

function rowKey(row: readonly string[]): string {
  return `${row[1]} ${row[2]} ${row[0]}`;
}

function tableRow(records: readonly CellRecord[]): string[] {
  const [first] = records as [CellRecord];
  const pressure = first.pressure === null ? '' : ` (${first.pressure})`;
  const variant = first.variant === null ? '' : ` ${first.variant}`;
  const mode = `${first.mode}${variant}${pressure}`;
  const names = [strategyLabel(first), workloadLabel(first), mode];
  const passed = records.filter(({ verdict }) => verdict === 'passed');
  if (passed.length === 0) {
    return [...names, first.verdict, '', '', '', ''];
  }
  const median = (of: (record: CellRecord) => number | null): number | null => {
    const values = passed
      .map(of)
      .filter((value) => value !== null)
      .sort((a, b) => a - b);
    return values.length === 0 ? null : values[values.length >> 1]!;
  };
  const failures = median(({ allocations }) =>
    allocations.reduce((sum, row) => sum + row.failures, 0),
  );
  return [
    ...names,
    time(median(({ latency }) => latency.notifier.p50Ns)),
    time(median(({ latency }) => latency.notifier.p99Ns)),
    time(median(({ latency }) => latency.fault.p50Ns)),
    bytes(median(({ memory }) => memory.tableBytesPeak)),
    failures === null ? '-' : String(failures),
  ];
}

function time(ns: number | null): string {
  if (ns === null) return '-';
  if (ns < 1000) return `${ns.toFixed(0)} ns`;
  return ns < 1e6 ? `${(ns / 1000).toFixed(1)} us` : `${(ns / 1e6).toFixed(1)} ms`;
}

function bytes(value: number | null): string {
  if (value === null) return '-';
  return value < 2 ** 20
    ? `${(value / 1024).toFixed(0)} KiB`
    : `${(value / 2 ** 20).toFixed(2)} MiB`;
}
