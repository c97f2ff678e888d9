import * as layout from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import { setUpCell, setupEvents } from '../cell/cell-setup.ts';
import { instantiate, loadModules } from '../cell/thread-modules.ts';
import { NO_COSTS } from '../micro/micro-machine.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { resolveWorkload } from '../run/resolve-workload.ts';
import type { PageTrace } from '../workloads/page-trace.ts';
import { BENCHMARK_SEED, benchmarkCell } from './benchmark-cell.ts';
import type { ProbeFigures } from './probe.ts';

const TRIES = 8;
const STRATEGY = 'flat-preallocated';

interface Replayed {
  readonly ns: number;
  readonly events: number;
  readonly ranges: number;
  /** Pages of the ranges, pages the CPU touched, and entries written: each is a visit of a table. */
  readonly pages: number;
}

/** Throughput of replay on the flat table: a recording with its device accesses, and without. */
export async function replayProbe(): Promise<ProbeFigures> {
  const redis = await resolveWorkload({ id: 'redis-bgsave', params: {} }, BENCHMARK_SEED);
  const large = await resolveWorkload({ id: 'munmap-churn', params: {} }, BENCHMARK_SEED);
  const whole = fastest(redis, 2);
  const alone = fastest(redis, 0);
  const wide = fastest(large, 0);
  const perSecond = (count: number, { ns }: Replayed): number => count / (ns / 1e9);
  return {
    eventsPerSecond: perSecond(whole.events, whole),
    rangesPerSecond: perSecond(alone.ranges, alone),
    rangesWithAccessesPerSecond: perSecond(whole.ranges, whole),
    pagesPerSecond: perSecond(alone.pages, alone),
    churnPagesPerSecond: perSecond(wide.pages, wide),
    nsPerRange: alone.ns / alone.ranges,
    nsPerPage: alone.ns / alone.pages,
  };
}

function fastest(trace: PageTrace, accesses: number): Replayed {
  const runs = Array.from({ length: TRIES }, () => replay(trace, accesses));
  return runs.reduce((best, run) => (run.ns < best.ns ? run : best));
}

/** A cell that is ready to play the trace on the flat table: registered, its set-up events applied. */
export function prepareReplay(trace: PageTrace, accesses: number) {
  const { entry } = resolveStrategy(STRATEGY);
  const cell = benchmarkCell(STRATEGY, 'replay', 0);
  const draws = new Uint32Array(0);
  const { state } = setUpCell({ cell, entry, device: NO_COSTS, trace, draws });
  state.set(layout.PLAN_ACCESS_PER_EVENT, accesses);
  const { driver } = instantiate(loadModules({ id: STRATEGY }), state.memory, 1);
  driver.attach();
  for (const [index, { firstPage, pageCount }] of trace.regions.entries()) {
    driver.register(index, firstPage, pageCount);
  }
  for (let event = 0; event < setupEvents(trace); event++) driver.applyTraceEvent(event);
  return { state, driver };
}

function replay(trace: PageTrace, accesses: number): Replayed {
  const { state, driver } = prepareReplay(trace, accesses);
  const counted = (): number[] =>
    [
      terms.COUNT_EVENTS,
      terms.COUNT_RANGES,
      terms.COUNT_RANGE_PAGES,
      terms.COUNT_CPU_FAULTS,
      terms.COUNT_ENTRIES_WRITTEN,
    ].map((counter) => state.count(counter));
  const before = counted();
  const startMs = performance.now();
  driver.replayLoop();
  const ns = (performance.now() - startMs) * 1e6;
  const [events, ranges, rangePages, faults, written] = counted().map(
    (value, i) => value - before[i]!,
  ) as [number, number, number, number, number];
  return { ns, events, ranges, pages: rangePages + faults + written };
}
