import type { CellRecordInput } from '../../results/cell-record.ts';
import { RunStore } from '../../results/run-store.ts';
import { NO_COSTS } from '../micro/micro-machine.ts';
import { microTable } from '../micro/micro-table.ts';
import { compareWithC } from '../native/compare-with-c.ts';
import { runCellProcess } from '../run/cell-child.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { resolveWorkload } from '../run/resolve-workload.ts';
import { runSuite } from '../run/run-suite.ts';
import { TraceStore } from '../run/trace-store.ts';
import { BENCHMARK_SEED, benchmarkCell } from './benchmark-cell.ts';
import { benchmarkRecords, plannedCellOf } from './benchmark-records.ts';
import { type BudgetRow, budgetTable } from './budget-row.ts';
import { budgetRows, type CellStart, type Measurements } from './budgets.ts';
import { PROBES, type ProbeFigures, type ProbeName } from './probe.ts';
import { runProbe } from './run-probe.ts';

export interface BenchmarkOptions {
  /** Run folder to write. */
  readonly out: string;
  /** Forks of each micro cell and alternating rounds against C. */
  readonly rounds: number;
  readonly json: boolean;
  /** Replace the run that stands in the folder. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

const STRATEGIES = ['noop', 'flat-preallocated', 'radix', 'huge-then-4k'] as const;
/** Tries of each probe but `laps` (half a minute) and of the cell's start; the best one counts. */
const PROBE_TRIES = 3;
const START_WINDOW_SECONDS = 0.01;

/**
 * Measures what the project promises about its own speed and prints it as one table; the figures stand
 * in the run folder as ordinary records, so that `compare` gates them. Figures that miss a budget are no
 * error: another machine may be slower.
 * @returns the rows of the table
 * @throws UsageError when the folder holds a run already
 */
export async function runBenchmarks(options: BenchmarkOptions): Promise<BudgetRow[]> {
  const { out, rounds, json } = options;
  const signal = options.signal ?? new AbortController().signal;
  const records = await runCells(options, signal);
  const native = await compareWithC({ rounds, replay: await replayInputs() });
  const cellStarts: CellStart[] = [];
  const traces = new TraceStore();
  try {
    for (let i = 0; i < PROBE_TRIES; i++) cellStarts.push(await startOfCell(traces, i, signal));
  } finally {
    traces.remove();
  }
  const measured: Measurements = { records, native, probes: await runProbes(), cellStarts };
  const store = RunStore.resume(out);
  const more = benchmarkRecords(measured);
  store.addCells(more.map(plannedCellOf));
  for (const record of more) store.append(record);
  const rows = budgetRows(measured);
  const text = `${budgetTable(rows)}\n\n${microTable(records)}\n\nrun folder: ${out}\n`;
  process.stdout.write(json ? `${JSON.stringify({ out, rows }, null, 2)}\n` : text);
  return rows;
}

async function runCells(
  { out, rounds, force }: BenchmarkOptions,
  signal: AbortSignal,
): Promise<readonly CellRecordInput[]> {
  const storm = benchmarkCell('flat-preallocated', 'storm', 0);
  const micro = Array.from({ length: rounds }, (_, fork) =>
    STRATEGIES.map((strategy) => benchmarkCell(strategy, 'micro', fork)),
  ).flat();
  const { records } = await runSuite({
    plan: {
      suite: 'benchmarks',
      seed: BENCHMARK_SEED,
      cells: [storm, ...micro],
      blockCount: rounds,
      estimatedSeconds: 5 * (micro.length + 1),
    },
    out,
    command: ['xlt-bench', ...process.argv.slice(2)].join(' '),
    config: { rounds },
    force: force ?? false,
    resume: false,
    strict: false,
    signal,
  });
  return records;
}

/** The replay whose table calls both sides of the comparison with C play. */
async function replayInputs() {
  const workload = { id: 'redis-bgsave', params: {} };
  const cell = benchmarkCell('flat-preallocated', 'replay', 0, { workload });
  const trace = await resolveWorkload(workload, BENCHMARK_SEED);
  const { entry } = resolveStrategy(cell.strategy);
  return { cell, entry, device: NO_COSTS, trace, draws: new Uint32Array(0) };
}

/** A whole cell, fork to answer, and its start alone. */
async function startOfCell(
  traces: TraceStore,
  fork: number,
  signal: AbortSignal,
): Promise<CellStart> {
  const cell = benchmarkCell('noop', 'storm', fork, { windowSeconds: START_WINDOW_SECONDS });
  const traceFile = await traces.fileOf(cell.workload, cell.seed);
  const startMs = performance.now();
  const { host } = await runCellProcess(cell, traceFile, signal);
  const wholeMs = performance.now() - startMs - START_WINDOW_SECONDS * 1000;
  return { startUpMs: host?.startUpMs ?? Number.NaN, wholeMs };
}

async function runProbes(): Promise<Record<ProbeName, ProbeFigures[]>> {
  const probes = Object.fromEntries(PROBES.map((name) => [name, [] as ProbeFigures[]]));
  for (let i = 0; i < PROBE_TRIES; i++) {
    for (const name of PROBES) {
      if (name !== 'laps' || i === 0) probes[name]!.push(await runProbe(name));
    }
  }
  return probes as Record<ProbeName, ProbeFigures[]>;
}
