import { BLOCK_BYTES, BLOCK_ORDER, BLOCK_PAGES, PAGE_BYTES } from '../../core/abi/layout.ts';
import { EVENT_CLEAR } from '../../core/abi/trace-event.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { fillDraws, MICRO_GEOMETRY, MicroMachine } from '../micro/micro-machine.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import type { RegionSpan } from '../workloads/page-trace.ts';
import { benchmarkCell } from './benchmark-cell.ts';
import { fastestNs } from './fastest.ts';
import type { ProbeFigures } from './probe.ts';

const GIB_PAGES = 2 ** 30 / PAGE_BYTES;
/** The flat table takes regions of up to 32 GiB. */
const REGION_GIB = 32;
const LARGE_GIB = 64;
const REGIONS = 100_000;
/** Random accesses: 4 MiB of draws, so that no cache learns them. */
const DRAWS = 1_048_576;
const NOTIFIES = 1_000;
const TRIES = 5;
const WORDS_PER_BLOCK = BLOCK_BYTES / 4;
const WORDS_PER_ENTRY = 2;

/** How cost grows: 1 GiB to 64 GiB mapped at 4 KiB on the flat table, 1 to 100,000 regions on noop. */
export function scaleProbe(): ProbeFigures {
  const small = mapped(1);
  const large = mapped(LARGE_GIB);
  const few = regions(1);
  const many = regions(REGIONS);
  return {
    pagesMapped: LARGE_GIB * GIB_PAGES,
    mapNsPerEntry: large.mapNsPerEntry,
    walkSmallNs: small.walkNs,
    walkLargeNs: large.walkNs,
    walkGrowthRatio:
      large.walkChainNs / small.walkChainNs / (large.loadChainNs / small.loadChainNs),
    walkChainSmallNs: small.walkChainNs,
    walkChainLargeNs: large.walkChainNs,
    loadSmallNs: small.loadNs,
    loadLargeNs: large.loadNs,
    loadChainSmallNs: small.loadChainNs,
    loadChainLargeNs: large.loadChainNs,
    registerNs: many.registerNs,
    notifyOneRegionNs: few.notifyNs,
    notifyManyRegionsNs: many.notifyNs,
  };
}

function machineOf(strategy: string, pageCount: number, spans: readonly RegionSpan[]) {
  const { entry } = resolveStrategy(strategy);
  const cell = benchmarkCell(strategy, 'micro', 0);
  const geometry = { ...MICRO_GEOMETRY, pageCount, regions: spans, draws: DRAWS };
  return new MicroMachine({ cell, entry }, loadModules({ id: strategy }), geometry);
}

interface MappedFigures {
  readonly mapNsPerEntry: number;
  /** Random walks and bare loads, as many at a time as the processor can overlap, */
  readonly walkNs: number;
  readonly loadNs: number;
  /** and one after the other. */
  readonly walkChainNs: number;
  readonly loadChainNs: number;
}

function mapped(gib: number): MappedFigures {
  const pageCount = gib * GIB_PAGES;
  const regionPages = Math.min(gib, REGION_GIB) * GIB_PAGES;
  const spans = Array.from({ length: pageCount / regionPages }, (_, i) => ({
    firstPage: i * regionPages,
    pageCount: regionPages,
  }));
  const machine = machineOf('flat-preallocated', pageCount, spans);
  machine.driver.microWords(0, 2);
  const blocks = regionPages / BLOCK_PAGES;
  const mapNs = fastestNs(2, () => {
    spans.forEach((_, region) => {
      machine.driver.microUpdate(region, 0, BLOCK_PAGES, BLOCK_PAGES, blocks);
    });
  });
  machine.run([{ call: 'draw', order: 'random', pages: pageCount }]);
  const perDraw = (work: () => number): number =>
    fastestNs(TRIES, () => {
      const done = work();
      if (done !== DRAWS) throw new Error(`${done} of ${DRAWS} random accesses were made`);
    }) / DRAWS;
  const draws = new Uint32Array(DRAWS);
  fillDraws(draws, 'random', pageCount);
  const records = new Int32Array((pageCount / BLOCK_PAGES) * WORDS_PER_BLOCK);
  const table = new Int32Array(pageCount * WORDS_PER_ENTRY).fill(1);
  return {
    mapNsPerEntry: mapNs / pageCount,
    walkNs: perDraw(() => machine.driver.microWalk(DRAWS)),
    walkChainNs: perDraw(() => machine.driver.microWalkChain(DRAWS)),
    loadNs: perDraw(() => randomLoads(records, table, draws)),
    loadChainNs: perDraw(() => chainedLoads(records, table, draws)),
  };
}

/**
 * What a walk cannot do without, in arrays of as many bytes: the block's record, then the entry that is
 * found by it. The misses of caches and TLB, and nothing else.
 */
function randomLoads(records: Int32Array, table: Int32Array, draws: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < draws.length; i++) {
    const page = draws[i]!;
    const region = records[(page >>> BLOCK_ORDER) * WORDS_PER_BLOCK]!;
    sum += table[(page + region) * WORDS_PER_ENTRY]!;
  }
  return sum;
}

/** The same, each load's place known only when the one before has its value. */
function chainedLoads(records: Int32Array, table: Int32Array, draws: Uint32Array): number {
  let sum = 0;
  let follow = 0;
  for (let i = 0; i < draws.length; i++) {
    const page = draws[i]! + follow;
    const region = records[(page >>> BLOCK_ORDER) * WORDS_PER_BLOCK]!;
    const value = table[(page + region) * WORDS_PER_ENTRY]!;
    sum += value;
    follow = value - 1;
  }
  return sum;
}

function regions(count: number): { registerNs: number; notifyNs: number } {
  const pageCount = Math.max(count, 1) * BLOCK_PAGES;
  const spans = Array.from({ length: count }, (_, i) => ({
    firstPage: i * BLOCK_PAGES,
    pageCount: BLOCK_PAGES,
  }));
  const machine = machineOf('noop', pageCount, spans);
  const registerNs = fastestNs(2, () => {
    for (let i = 0; i < count; i++) machine.driver.unregister(i);
    spans.forEach(({ firstPage, pageCount: pages }, i) => {
      machine.driver.register(i, firstPage, pages);
    });
  });
  const stride = Math.floor(count / NOTIFIES) * BLOCK_PAGES;
  const notifyNs = fastestNs(4 * TRIES, () => {
    machine.driver.microNotify(0, 1, stride, NOTIFIES, EVENT_CLEAR);
  });
  return { registerNs: registerNs / count, notifyNs: notifyNs / NOTIFIES };
}
