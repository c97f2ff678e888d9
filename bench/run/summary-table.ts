import { scenarioKey, seriesKey, strategyLabel } from '../../results/cell-identity.ts';
import type { CellRecord } from '../../results/cell-record.ts';
import { DEFAULT_BASELINE } from '../../results/default-baseline.ts';
import { groupBy } from '../../results/group-by.ts';
import { medianOf } from '../../results/statistics/fork-bootstrap.ts';
import { alignedRows } from './aligned-rows.ts';
import { type SeriesVerdict, seriesVerdict } from './series-verdict.ts';

type Row = readonly string[];

/** Figures of one series, as medians over its forks; null: not measured. */
interface Figures {
  readonly name: string;
  readonly ending: SeriesVerdict;
  readonly p50Ns: number | null;
  readonly p99Ns: number | null;
  readonly faultNs: number | null;
  readonly tableBytes: number | null;
  readonly failures: number | null;
}

/**
 * One section a scenario (workload, device, mode) with a row a strategy, fastest notifier
 * first; `x` are multiples of the baseline's figure. Micro cells and memory profiles but `plenty` have tables
 * of their own.
 */
export function summaryTable(records: readonly CellRecord[]): string[] {
  const compared = records.filter(
    ({ comparison, mode, pressure }) => comparison && mode !== 'micro' && pressure === null,
  );
  const sections = groupBy(compared, scenarioKey);
  if (sections.size === 0) return [];
  const lines = [...sections.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([scenario, cells]) => ['', ...section(scenario, cells)]);
  return [...lines, 'medians over forks; intervals and verdicts are in the report'];
}

function section(scenario: string, cells: readonly CellRecord[]): string[] {
  const series = [...groupBy(cells, seriesKey).values()].map(figuresOf);
  const base = series.find(({ name }) => name === DEFAULT_BASELINE);
  const lead = (figures: Figures): number => (figures === base ? 0 : 1);
  series.sort(
    (a, b) =>
      lead(a) - lead(b) ||
      (a.p50Ns ?? Infinity) - (b.p50Ns ?? Infinity) ||
      (a.name < b.name ? -1 : 1),
  );
  const header = ['strategy', 'notifier p50', 'x', 'p99', 'fault p50', 'table peak', 'x'];
  const rows = series.map((figures) => rowOf(figures, base));
  const forks = new Set(cells.map(({ fork }) => fork)).size;
  const note = base === undefined || series.length === 1 ? '' : `; baseline ${DEFAULT_BASELINE}`;
  return [
    `${scenario.split('|').join(', ')} (${forks === 1 ? '1 fork' : `${forks} forks`}${note})`,
    ...alignedRows([[...header, 'alloc failures'], ...rows]).map((line) => `  ${line}`),
  ];
}

function rowOf(figures: Figures, base: Figures | undefined): Row {
  const { name, ending, p50Ns, p99Ns, faultNs, tableBytes, failures } = figures;
  const { verdict, share } = ending;
  if (verdict !== 'passed' && verdict !== 'partial') {
    return [name, share === '' ? verdict : `${verdict}: ${share}`, '', '', '', '', '', ''];
  }
  return [
    share === '' ? name : `${name} (${share})`,
    time(p50Ns),
    multiple(p50Ns, base?.p50Ns),
    time(p99Ns),
    time(faultNs),
    bytes(tableBytes),
    multiple(tableBytes, base?.tableBytes),
    failures === null ? '-' : String(failures),
  ];
}

function figuresOf(records: readonly CellRecord[]): Figures {
  const ending = seriesVerdict(records);
  // Wrong is never fast: a series that failed has no figures.
  const passed =
    ending.verdict === 'failed' ? [] : records.filter(({ verdict }) => verdict === 'passed');
  const median = (of: (record: CellRecord) => number | null): number | null => {
    const values = passed.map(of).filter((value) => value !== null);
    return values.length === 0 ? null : medianOf(values);
  };
  return {
    name: strategyLabel(records[0]!),
    ending,
    p50Ns: median(({ latency }) => latency.notifier.p50Ns),
    p99Ns: median(({ latency }) => latency.notifier.p99Ns),
    faultNs: median(({ latency }) => latency.fault.p50Ns),
    tableBytes: median(({ memory }) => memory.tableBytesPeak),
    failures: median(({ allocations }) => allocations.reduce((sum, row) => sum + row.failures, 0)),
  };
}

function multiple(value: number | null, base: number | null | undefined): string {
  if (value === null || !base) return '-';
  return (value / base).toFixed(2);
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
