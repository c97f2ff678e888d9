import type { CellRecordInput, MicroRow } from '../../results/cell-record.ts';
import type { PlannedCell } from '../../results/run-plan.ts';
import type { NativeComparison } from '../native/compare-with-c.ts';
import { BENCHMARK_SEED } from './benchmark-cell.ts';
import type { Measurements } from './budgets.ts';

/** Figures of the harness that become rows of its records: name of the row, probe, figure. */
const HARNESS_ROWS = [
  ['clock', 'driver', 'clockNs'],
  ['notify', 'driver', 'notifyNs'],
  ['access', 'driver', 'accessNs'],
  ['access-judged', 'driver', 'accessJudgedNs'],
  ['replay-range', 'replay', 'nsPerRange'],
  ['replay-page', 'replay', 'nsPerPage'],
  ['import-line', 'import', 'nsPerLine'],
  ['walk-64GiB', 'scale', 'walkLargeNs'],
  ['walk-1GiB', 'scale', 'walkSmallNs'],
  ['notify-100000-regions', 'scale', 'notifyManyRegionsNs'],
] as const;

/** Records beside those of the cells: one a round for each C twin, one a try for the harness. */
export function benchmarkRecords(measured: Measurements): CellRecordInput[] {
  return [...twinRecords(measured.native), ...harnessRecords(measured)];
}

/** The planned cell of such a record. */
export function plannedCellOf(record: CellRecordInput): PlannedCell {
  const { cellId, strategy, alias, workload, mode, fork, seed, device } = record;
  return {
    cellId,
    strategy,
    params: {},
    alias: alias ?? null,
    workload,
    workloadParams: {},
    pressure: null,
    mode,
    fork,
    seed,
    device: { profile: device.profile },
    block: fork,
  };
}

function recordOf(
  strategy: string,
  alias: string | null,
  workload: string,
  fork: number,
  micro: MicroRow[],
): CellRecordInput {
  return {
    cellId: `${alias ?? strategy}.${workload}.micro`.replaceAll(' ', '-'),
    strategy,
    alias,
    workload,
    mode: 'micro',
    fork,
    seed: BENCHMARK_SEED,
    verdict: 'passed',
    device: { profile: 'ideal' },
    micro,
  };
}

function rowOf(operation: string, ns: number, leafBytes = 4096, leaves = 1): MicroRow {
  return {
    operation,
    leafBytes,
    leaves,
    avgNs: ns,
    minNs: ns,
    p5Ns: ns,
    p50Ns: ns,
    p99Ns: null,
    samples: 1,
    batchSize: null,
    loads: null,
    stores: null,
    lines: null,
  };
}

function twinRecords(native: NativeComparison): CellRecordInput[] {
  if ('refusal' in native) return [];
  const rounds = native.rows[0]?.nativeNs.length ?? 0;
  const strategies = [...new Set(native.rows.map((row) => row.strategy))];
  return strategies.flatMap((strategy) =>
    Array.from({ length: rounds }, (_, fork) => {
      const rows = native.rows.filter((row) => row.strategy === strategy);
      const micro = rows.map(({ operation: { operation, leafBytes, leaves }, nativeNs }) =>
        rowOf(operation, nativeNs[fork]!, leafBytes, leaves),
      );
      return recordOf(strategy, `${strategy} in C`, 'storm', fork, micro);
    }),
  );
}

function harnessRecords({ probes, cellStarts }: Measurements): CellRecordInput[] {
  const tries = Math.min(...Object.values(probes).map((all) => all.length), cellStarts.length);
  return Array.from({ length: tries }, (_, fork) => {
    const rows = HARNESS_ROWS.map(([name, probe, figure]) =>
      rowOf(name, probes[probe][fork]![figure]!),
    );
    rows.push(rowOf('cell-start', cellStarts[fork]!.startUpMs * 1e6));
    return {
      ...recordOf('harness', null, 'harness', fork, rows),
      strategyTitle: 'the harness itself',
      family: 'floor',
    };
  });
}
