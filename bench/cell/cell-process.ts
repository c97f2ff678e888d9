// Entry of a cell's own process: gets one cell from its parent, runs it, sends one message back.
import { availableParallelism } from 'node:os';
import * as layout from '../../core/abi/layout.ts';
import { UsageError } from '../../results/usage-error.ts';
import { loadBetween, takeLoadSnapshot } from '../environment/load-snapshot.ts';
import type { ReplayLines } from '../explore/count-replay-lines.ts';
import type { ResolvedStrategy } from '../run/resolve-strategy.ts';
import { readStoredTrace } from '../run/stored-trace.ts';
import type { Cell } from '../suites/cell.ts';
import { drawTable } from '../workloads/draw-table.ts';
import { rangeSizes } from '../workloads/range-sizes.ts';
import { type CellFigures, type CellHistograms, histogramsOf, reportCell } from './cell-report.ts';
import type { CellInputs, DeviceCosts } from './cell-setup.ts';
import { type CellOutcome, runCell } from './run-cell.ts';
import { type CellModules, loadModules } from './thread-modules.ts';

/**
 * What the parent sends, checked and resolved: the libraries that do so would double the time this process
 * takes to start.
 */
export interface CellRequest {
  readonly cell: Cell;
  readonly strategy: ResolvedStrategy;
  readonly device: DeviceCosts;
  /** File of the cell's page trace (bench/run/trace-store.ts). */
  readonly traceFile: string;
}

export interface CellProcessMessage {
  readonly figures?: CellFigures;
  /** The distributions of the figures' latencies; the parent encodes them. */
  readonly histograms?: CellHistograms;
  /** The user's input is at fault: the run ends with this line. */
  readonly usageError?: string;
}

const DRAWS = 65536;

// A killed runner leaves nobody to report to, and threads in loops that end only when told.
process.once('disconnect', () => process.exit());

process.once('message', (message: unknown) => {
  run(message as CellRequest).then(answer, (error: unknown) => {
    if (error instanceof UsageError) answer({ usageError: error.message });
    else throw error;
  });
});

function answer(message: CellProcessMessage): void {
  // Not by letting the pool end: what is measured is over, and stopping its threads one by one takes time.
  process.send?.(message, () => process.exit());
}

type ModuleSource = Parameters<typeof loadModules>[0];

/** Loaded when it is needed: cells that are timed start sooner without it. */
async function countingOf(source: ModuleSource): Promise<CellModules | null> {
  const { countingModules } = await import('../explore/counting-modules.ts');
  return countingModules(source);
}

/** The lines of a replay; a trace that is played in laps is too long to count. */
async function replayLines(
  inputs: CellInputs,
  source: ModuleSource,
): Promise<{ lines?: ReplayLines | null }> {
  if (inputs.cell.mode !== 'replay' || inputs.cell.laps !== undefined) return {};
  const counting = await countingOf(source);
  if (counting === null) return {};
  const { countReplayLines } = await import('../explore/count-replay-lines.ts');
  return { lines: countReplayLines(inputs, counting) };
}

/** The core's clock and process.hrtime are one; null when no window opened. */
function startUpMs({ state }: CellOutcome): number | null {
  const openedNs = state.getLong(layout.STATE_WINDOW);
  if (openedNs === 0) return null;
  const ageMs = performance.now();
  const [seconds, ns] = process.hrtime();
  return ageMs - (seconds * 1e3 + ns / 1e6 - openedNs / 1e6);
}

async function run(request: CellRequest): Promise<CellProcessMessage> {
  const { cell, strategy, device, traceFile } = request;
  const { entry, file } = strategy;
  const source = file === undefined ? { id: entry.id } : { file };
  const compile = () => loadModules(source);
  if (cell.mode === 'micro') {
    const { microFigures } = await import('../micro/micro-figures.ts');
    const counting = await countingOf(source);
    return { figures: microFigures({ cell, entry }, compile(), counting) };
  }
  const trace = readStoredTrace(traceFile);
  const draws =
    cell.access.kind === 'zipf'
      ? drawTable(cell.access, trace.pageCount, cell.seed, DRAWS)
      : new Uint32Array(0);
  const startedAt = new Date().toISOString();
  const before = takeLoadSnapshot();
  const inputs = { cell, entry, device, trace, draws };
  const outcome = await runCell(inputs, compile);
  const between = loadBetween(before, takeLoadSnapshot());
  const siteNames = entry.sites.map((site) => site.name);
  const figures = reportCell(outcome, { cell, siteNames });
  const lines = await replayLines(inputs, source);
  const measured: CellFigures = {
    ...figures,
    model: { ...figures.model, ...lines },
    startedAt,
    endedAt: new Date().toISOString(),
    strategyTitle: entry.title,
    family: entry.family,
    guarantees: { ...entry.guarantees, lock: entry.lock, kind: entry.kind },
    workloadOrigin: trace.origin,
    workloadDescription: trace.description,
    // Replay measures nothing of the machine, so that two records of one seed are the same.
    host:
      cell.mode === 'replay'
        ? {}
        : {
            ...figures.host,
            ...between,
            startUpMs: startUpMs(outcome),
            residentBytesPeak: process.resourceUsage().maxRSS * 1024,
          },
    extra: {
      ...figures.extra,
      cores: availableParallelism(),
      trace: { ...trace.counts },
      rangeSizes: rangeSizes(trace),
    },
  };
  return { figures: measured, histograms: histogramsOf(outcome, cell) };
}
