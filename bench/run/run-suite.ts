import { join } from 'node:path';
import { replicateKey } from '../../results/cell-identity.ts';
import {
  type CellRecord,
  type CellRecordInput,
  createCellRecord,
} from '../../results/cell-record.ts';
import type { HostFingerprint } from '../../results/host-fingerprint.ts';
import type { PlannedCell } from '../../results/run-plan.ts';
import { DAMAGED, RunStore } from '../../results/run-store.ts';
import type { CellFigures } from '../cell/cell-report.ts';
import { captureHost, sourceFacts } from '../environment/capture-host.ts';
import { checkClock } from '../environment/clock-check.ts';
import { takeLoadSnapshot } from '../environment/load-snapshot.ts';
import { cellFlags, environmentFlags, strictRefusal } from '../environment/trust-flags.ts';
import { packageRoot } from '../package-root.ts';
import { EnvironmentRefused } from '../record/environment-refused.ts';
import type { Cell } from '../suites/cell.ts';
import { sweptParts } from '../suites/cell-id.ts';
import type { Plan } from '../suites/plan.ts';
import { CELL_FLAGS, runCellProcess } from './cell-child.ts';
import { conditionsHash } from './conditions-hash.ts';
import { moduleHashes, modulesOf, refuseOtherModules } from './module-hashes.ts';
import { Progress } from './progress.ts';
import { TraceStore } from './trace-store.ts';

export interface SuiteRun {
  readonly plan: Plan;
  readonly out: string;
  /** The command line as it was given. */
  readonly command: string;
  /** Resolved configuration, kept in plan.json. */
  readonly config: Record<string, unknown>;
  readonly force: boolean;
  readonly resume: boolean;
  /** Refuse to run where the environment gives a reason not to trust figures. */
  readonly strict: boolean;
  readonly signal: AbortSignal;
  /**
   * Asked with all records of the run when the plan is done: further cells to plan and run; none ends the
   * run.
   */
  readonly extend?: ((records: readonly CellRecord[]) => readonly Cell[]) | undefined;
}

export interface SuiteResult {
  readonly directory: string;
  /** Cells that were run now; a resumed run's older ones are not among them. */
  readonly records: readonly CellRecord[];
  readonly interrupted: boolean;
}

/** Runs the cells of a plan one after another and appends each record as its cell ends. */
export async function runSuite(run: SuiteRun): Promise<SuiteResult> {
  const modules = moduleHashes();
  const host = captureHost({
    source: sourceFacts(packageRoot, modules),
    clock: checkClock(),
    before: takeLoadSnapshot(),
    cellFlags: CELL_FLAGS,
  });
  if (run.strict) refuseUntrusted(run.plan, host);
  const records: CellRecord[] = [];
  const traces = new TraceStore();
  let store: RunStore;
  try {
    // Before anything is written: what cannot be read or made is the user's to mend.
    await makeEachWorkload(run.plan.cells, traces);
    store = openStore(run, host);
    let cells = pendingOf(run.plan.cells, store);
    do {
      await runCells(cells, { run, store, host, modules, traces }, records);
      if (run.extend === undefined || run.signal.aborted) break;
      const further = run.extend([...store.earlier, ...records]);
      store.addCells(plannedCells(further));
      cells = pendingOf(further, store);
    } while (cells.length > 0 && !run.signal.aborted);
  } finally {
    traces.remove();
  }
  store.writeHost({ ...host, load: { ...host.load, after: takeLoadSnapshot() } });
  return { directory: store.directory, records, interrupted: run.signal.aborted };
}

/** Makes the trace of the first cell of each workload, which that cell will play. */
async function makeEachWorkload(cells: readonly Cell[], traces: TraceStore): Promise<void> {
  const seen = new Set<string>();
  for (const { workload, seed } of cells) {
    const key = JSON.stringify(workload);
    if (!seen.has(key)) await traces.fileOf(workload, seed);
    seen.add(key);
  }
}

/** The cells that have no record yet; a resumed run skips the others. */
function pendingOf(cells: readonly Cell[], store: RunStore): Cell[] {
  return cells.filter((cell) => !store.finishedKeys.has(replicateKey(cell)));
}

/** What all cells of a run share. */
interface RunContext {
  readonly run: SuiteRun;
  readonly store: RunStore;
  readonly host: HostFingerprint;
  readonly modules: Readonly<Record<string, string>>;
  readonly traces: TraceStore;
}

async function runCells(
  cells: readonly Cell[],
  { run, store, host, modules, traces }: RunContext,
  records: CellRecord[],
): Promise<void> {
  const progress = new Progress(cells);
  for (const cell of cells) {
    if (run.signal.aborted) return;
    progress.begin(cell);
    const startMs = performance.now();
    const traceFile = await traces.fileOf(cell.workload, cell.seed);
    const figures = await runCellProcess(cell, traceFile, run.signal).catch((error: unknown) => {
      if (run.signal.aborted) return null;
      throw error;
    });
    if (figures === null) return;
    const conditions = conditionsHash(cell, traces.recordingHash(cell.workload));
    const record = recordOf(cell, figures, { suite: run.plan.suite, host, modules, conditions });
    store.append(record);
    records.push(record);
    progress.end(cell, record.verdict, (performance.now() - startMs) / 1000);
  }
}

function refuseUntrusted(plan: Plan, host: HostFingerprint): void {
  const threads = Math.max(
    0,
    ...plan.cells
      .filter((cell) => cell.mode !== 'replay')
      .map((cell) => cell.deviceThreads + cell.stormThreads + cell.maintenanceThreads),
  );
  const why = strictRefusal(environmentFlags(host, threads));
  if (why !== null) throw new EnvironmentRefused(why);
}

function openStore(run: SuiteRun, host: HostFingerprint): RunStore {
  if (run.resume) {
    const advice = 'build the version that made them, or start a new run';
    const store = RunStore.resume(run.out, (records) =>
      refuseOtherModules(records, `--resume ${run.out}`, advice),
    );
    sayDamaged(store);
    return store;
  }
  const createdAt = new Date().toISOString();
  return RunStore.create(
    run.out,
    {
      runId: `${run.plan.suite}-${createdAt.replace(/[:.]/g, '-')}`,
      createdAt,
      suite: run.plan.suite,
      command: run.command,
      seed: run.plan.seed,
      config: JSON.parse(JSON.stringify(run.config)),
      cells: plannedCells(run.plan.cells),
    },
    host,
    run.force,
  );
}

function sayDamaged({ damaged, directory }: RunStore): void {
  if (damaged.length === 0) return;
  const lines = damaged.length === 1 ? '1 damaged line' : `${damaged.length} damaged lines`;
  process.stderr.write(`xlt-bench: ${lines} moved to ${join(directory, DAMAGED)}\n`);
}

function plannedCells(cells: readonly Cell[]): PlannedCell[] {
  return cells.map((cell) => ({
    ...identityOf(cell),
    device: { profile: cell.device },
    block: cell.fork,
  }));
}

function identityOf(cell: Cell) {
  const { profile } = cell.memory;
  return {
    cellId: cell.cellId,
    strategy: cell.strategy,
    params: cell.params,
    alias: null,
    workload: cell.workload.id,
    workloadParams: cell.workload.params,
    pressure: profile === 'plenty' ? null : profile,
    mode: cell.mode,
    fork: cell.fork,
    seed: cell.seed,
  };
}

interface RecordContext {
  readonly suite: string;
  readonly host: HostFingerprint;
  readonly modules: Readonly<Record<string, string>>;
  readonly conditions: string;
}

function recordOf(
  cell: Cell,
  figures: CellFigures,
  { suite, host, modules, conditions }: RecordContext,
): CellRecord {
  const record: CellRecordInput = {
    ...figures,
    ...identityOf(cell),
    suite,
    variant: sweptParts(cell).join(' ') || null,
    comparison: cell.comparison,
    conditionsHash: conditions,
    modules: modulesOf(cell.strategy, modules),
    host: { ...figures.host, machineId: host.machineId },
  };
  const complete = createCellRecord(record);
  if (complete.verdict !== 'passed') return complete;
  return { ...complete, flags: cellFlags(host, complete) };
}
