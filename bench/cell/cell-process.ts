// Entry of a cell's own process: gets one cell from its parent, runs it, sends one message back.
import { availableParallelism } from 'node:os';
import { UsageError } from '../../results/usage-error.ts';
import { findDevice } from '../devices/find-device.ts';
import { loadBetween, takeLoadSnapshot } from '../environment/load-snapshot.ts';
import { microFigures } from '../micro/micro-figures.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { resolveWorkload } from '../run/resolve-workload.ts';
import { type Cell, cellSchema } from '../suites/cell.ts';
import { drawTable } from '../workloads/draw-table.ts';
import { type CellFigures, reportCell } from './cell-report.ts';
import type { DeviceCosts } from './cell-setup.ts';
import { runCell } from './run-cell.ts';
import { loadModules } from './thread-modules.ts';

export interface CellProcessMessage {
  readonly figures?: CellFigures;
  /** The user's input is at fault: the run ends with this line. */
  readonly usageError?: string;
}

const DRAWS = 65536;

process.once('message', (message: unknown) => {
  run(cellSchema.parse(message)).then(
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

async function run(cell: Cell): Promise<CellFigures> {
  const { entry, file } = resolveStrategy(cell.strategy);
  const modules = loadModules(file === undefined ? { id: entry.id } : { file });
  if (cell.mode === 'micro') return microFigures({ cell, entry }, modules);
  const device = deviceCosts(cell.device);
  const trace = await resolveWorkload(cell.workload, cell.seed);
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
    extra: { ...figures.extra, cores: availableParallelism(), trace: { ...trace.counts } },
  };
}

function deviceCosts(name: string): DeviceCosts {
  const { costs, cacheEntries } = findDevice(name);
  return {
    commandNs: Math.round(costs.commandFixedNs.value),
    granuleNs: (costs.perEntryPs.value * 8) / 1000,
    invalidateNs: Math.round(costs.invalidateCommandNs.value),
    fenceNs: Math.round(costs.fenceNs.value),
    faultNs: Math.round(costs.faultNs.value),
    cacheEntries: largestPowerOfTwo(Math.min(cacheEntries.value, CACHE_LIMIT)),
  };
}

/** A thread block has room for this many (CACHE_CAPACITY of core/abi/layout.ts). */
const CACHE_LIMIT = 1024;

function largestPowerOfTwo(limit: number): number {
  return limit < 1 ? 0 : 2 ** Math.floor(Math.log2(limit));
}
