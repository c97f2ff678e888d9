import { BLOCK_PAGES, PAGE_BYTES } from '../../core/abi/layout.ts';
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
    walkRatio: large.walkNs / small.walkNs,
    loadSmallNs: small.loadNs,
    loadLargeNs: large.loadNs,
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

function mapped(gib: number): { mapNsPerEntry: number; walkNs: number; loadNs: number } {
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
  let hits = 0;
  const walkNs = fastestNs(TRIES, () => {
    hits = machine.driver.microWalk(DRAWS);
  });
  if (hits !== DRAWS) throw new Error(`${hits} of ${DRAWS} random accesses were translated`);
  const draws = new Uint32Array(DRAWS);
  fillDraws(draws, 'random', pageCount);
  const array = new Float64Array(pageCount).fill(1);
  const loadNs = fastestNs(TRIES, () => {
    if (randomLoads(array, draws) !== DRAWS) throw new Error('the loads were not made');
  });
  return { mapNsPerEntry: mapNs / pageCount, walkNs: walkNs / DRAWS, loadNs: loadNs / DRAWS };
}

/** What the same accesses cost in an array of as many bytes: the misses of caches and TLB alone. */
function randomLoads(array: Float64Array, draws: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < draws.length; i++) sum += array[draws[i]!]!;
  return sum;
}

function regions(count: number): { registerNs: number; notifyNs: number } {
  const pageCount = Math.max(count, 1) * BLOCK_PAGES;
  const spans = Array.from({ length: count }, (_, i) => ({
    firstPage: i * BLOCK_PAGES,
    pageCount: BLOCK_PAGES,
  }));
  const startMs = performance.now();
  const machine = machineOf('noop', pageCount, spans);
  const registerNs = ((performance.now() - startMs) * 1e6) / count;
  const stride = Math.floor(count / NOTIFIES) * BLOCK_PAGES;
  const notifyNs = fastestNs(4 * TRIES, () => {
    machine.driver.microNotify(0, 1, stride, NOTIFIES, EVENT_CLEAR);
  });
  return { registerNs, notifyNs: notifyNs / NOTIFIES };
}
