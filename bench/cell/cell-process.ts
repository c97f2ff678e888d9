// Entry of a cell's own process: gets one cell from its parent, runs it, sends one message back.
import { availableParallelism } from 'node:os';
import { UsageError } from '../../results/usage-error.ts';
import { deviceCostsOf } from '../devices/device-costs.ts';
import { findDevice } from '../devices/find-device.ts';
import { loadBetween, takeLoadSnapshot } from '../environment/load-snapshot.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { readStoredTrace } from '../run/stored-trace.ts';
import { type Cell, cellSchema } from '../suites/cell.ts';
import { drawTable } from '../workloads/draw-table.ts';
import { rangeSizes } from '../workloads/range-sizes.ts';
import { type CellFigures, reportCell } from './cell-report.ts';
import { runCell } from './run-cell.ts';
import { loadModules } from './thread-modules.ts';

/** What the parent sends: the cell, and the file of its page trace (bench/run/trace-store.ts). */
export interface CellRequest {
  readonly cell: Cell;
  readonly traceFile: string;
}

export interface CellProcessMessage {
  readonly figures?: CellFigures;
  /** The user's input is at fault: the run ends with this line. */
  readonly usageError?: string;
}

const DRAWS = 65536;

// A killed runner leaves nobody to report to, and threads in loops that end only when told.
process.once('disconnect', () => process.exit());

process.once('message', (message: unknown) => {
  const { cell, traceFile } = message as CellRequest;
  run(cellSchema.parse(cell), traceFile).then(
    (figures) => answer({ figures }),
    (error: unknown) => {
      if (error instanceof UsageError) answer({ usageError: error.message });
      else throw error;
    },
  );
});

function answer(message: CellProcessMessage): void {
  process.send?.(message, () => process.disconnect());
}

async function run(cell: Cell, traceFile: string): Promise<CellFigures> {
  const { entry, file } = resolveStrategy(cell.strategy);
  const modules = loadModules(file === undefined ? { id: entry.id } : { file });
  if (cell.mode === 'micro') {
    const { microFigures } = await import('../micro/micro-figures.ts');
    return microFigures({ cell, entry }, modules);
  }
  const device = deviceCostsOf(findDevice(cell.device));
  const trace = readStoredTrace(traceFile);
  const draws =
    cell.access.kind === 'zipf'
      ? drawTable(cell.access, trace.pageCount, cell.seed, DRAWS)
      : new Uint32Array(0);
  const startedAt = new Date().toISOString();
  const before = takeLoadSnapshot();
  const outcome = await runCell({ cell, entry, device, trace, draws }, modules);
  const between = loadBetween(before, takeLoadSnapshot());
  const siteNames = entry.sites.map((site) => site.name);
  const figures = reportCell(outcome, { cell, siteNames });
  return {
    ...figures,
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
            residentBytesPeak: process.resourceUsage().maxRSS * 1024,
          },
    extra: {
      ...figures.extra,
      cores: availableParallelism(),
      trace: { ...trace.counts },
      rangeSizes: rangeSizes(trace),
    },
  };
}
