import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import * as op from '../../core/abi/trace-event.ts';
import type { StrategyEntry } from '../../strategies/manifest.ts';
import { judgeCell } from '../cell/cell-report.ts';
import { runCell } from '../cell/run-cell.ts';
import type { CellModules } from '../cell/thread-modules.ts';
import { type Cell, cellSchema } from '../suites/cell.ts';
import { type PageTrace, PageTraceWriter } from '../workloads/page-trace.ts';
import { SeededRandom } from '../workloads/seeded-random.ts';

/** One short cell with real threads: a device, a storm and maintenance, as fast as they can. */
export interface RaceResult {
  readonly verdict: 'passed' | 'failed' | 'crashed' | 'refused';
  readonly reason: string | null;
  readonly translations: number;
  readonly violations: number;
  readonly events: number;
  readonly seconds: number;
}

const BLOCKS = 4;
const EVENTS = 200_000;
const B = BLOCK_PAGES;

/** Few blocks, so that the device keeps meeting what the storm takes away. */
function raceTrace(seed: number): PageTrace {
  const writer = new PageTraceWriter();
  const random = new SeededRandom(seed);
  writer.push(0, op.OP_MAP, 0, BLOCKS * B, op.PROT_READ | op.PROT_WRITE | op.VMA_HUGE);
  for (let i = 1; i < EVENTS; i++) pushEvent(writer, random, i);
  const { events, eventCount } = writer.finish();
  return {
    name: 'race',
    origin: 'synthetic',
    description: 'random breaks, collapses, clears, protections and unmaps of four blocks',
    pageCount: BLOCKS * B,
    regions: [{ firstPage: 0, pageCount: BLOCKS * B }],
    events,
    eventCount,
    durationNs: EVENTS,
    contiguity: 0.5,
    // The map of all blocks: an address space that lives on is not mapped again.
    counts: { setupEvents: 1 },
  };
}

function pushEvent(writer: PageTraceWriter, random: SeededRandom, i: number): void {
  const block = random.below(BLOCKS) * B;
  const page = block + random.below(B);
  const count = random.chance(0.5) ? 1 : 1 + random.below(32);
  const kind = random.weighted([40, 12, 10, 6, 4, 4]);
  if (kind === 0) {
    const inside = Math.min(count, BLOCKS * B - page);
    writer.push(i, op.OP_INVALIDATE, page, inside, op.EVENT_CLEAR);
  } else if (kind === 1) writer.push(i, op.OP_SPLIT, block, B);
  else if (kind === 2) writer.push(i, op.OP_COLLAPSE, block, B);
  else if (kind === 3) writer.push(i, op.OP_FORK, block, B);
  else if (kind === 4) writer.push(i, op.OP_INVALIDATE, block, B, op.EVENT_PROTECTION_VMA);
  else {
    writer.push(i, op.OP_INVALIDATE, block, B, op.EVENT_UNMAP);
    writer.push(i, op.OP_MAP, block, B, op.PROT_READ | op.PROT_WRITE | op.VMA_HUGE);
  }
}

/** @param seconds length of the race's window */
export async function raceThreads(
  entry: StrategyEntry,
  modules: CellModules,
  seed: number,
  seconds: number,
): Promise<RaceResult> {
  const cell: Cell = cellSchema.parse({
    cellId: 'race',
    strategy: entry.id,
    params: {},
    workload: { id: 'race', params: {} },
    device: 'ideal',
    mode: 'verify',
    fork: 0,
    seed,
    pace: { kind: 'asap' },
    access: { kind: 'hot-recent', hotShare: 0.9 },
    deviceThreads: 1,
    stormThreads: 1,
    maintenanceThreads: 1,
    windowSeconds: seconds,
    timeoutSeconds: 60,
    memory: { profile: 'plenty' },
    comparison: false,
  });
  // Commands cost nothing, so that the threads meet as often as possible; the cache is a large one.
  const device = {
    commandNs: 0,
    granuleNs: 0,
    invalidateNs: 0,
    fenceNs: 0,
    faultNs: 0,
    cacheEntries: 1024,
  };
  const inputs = { cell, entry, device, trace: raceTrace(seed), draws: new Uint32Array(0) };
  const outcome = await runCell(inputs, () => modules);
  const { verdict, reason } = judgeCell(outcome);
  return {
    verdict: verdict as RaceResult['verdict'],
    reason,
    translations: outcome.state.count(terms.COUNT_TRANSLATIONS),
    violations: outcome.state.count(terms.COUNT_VIOLATIONS),
    events: outcome.state.count(terms.COUNT_EVENTS),
    seconds,
  };
}
