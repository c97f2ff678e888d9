import { inBatches } from './arrivals.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/** Pages of a V8 heap page of 256 KiB. */
const CHUNK_PAGES = 64;

/** An allocator or garbage collector that gives address space back and takes it again. */
export const munmapChurn = defineWorkload({
  id: 'munmap-churn',
  title: 'munmap churn: 256 KiB chunks unmapped in bursts, mapped and touched again',
  source:
    'recording.md 2.3, node: 4 321 ranges in 1.48 s, 3 524 of them of 64 KiB-1 MiB (V8 pages)',
  parameters: {
    callsPerSecond: {
      about: 'munmap calls per second',
      unit: 'calls/s',
      default: 2_220,
      min: 1,
      max: 1_000_000,
      source: 'node-gc.tracefs-lean: 3 285 munmap calls in 1.48 s',
    },
    burstCalls: {
      about: 'calls of one collection',
      unit: 'calls',
      default: 100,
      min: 1,
      max: 100_000,
      step: 1,
      source: 'model constant: several collections per second',
    },
    burstPerSecond: {
      about: 'rate inside a collection',
      unit: 'calls/s',
      default: 44_000,
      min: 1,
      max: 5_000_000,
      source: 'recording.md 2.3, node: peak of 440 ranges in 10 ms',
    },
    smallShare: {
      about: 'share of calls that unmap one page',
      unit: 'share',
      default: 0.145,
      min: 0,
      max: 1,
      source: 'recording.md 2.3, node: 625 of 4 321',
    },
    wideShare: {
      about: 'share of calls that unmap 2 MiB',
      unit: 'share',
      default: 0.016,
      min: 0,
      max: 1,
      source: 'recording.md 2.3, node: 1.6 % of ranges of 2 MiB and more',
    },
    touchShare: {
      about: 'share of the new pages that the program touches',
      unit: 'share',
      default: 0.8,
      min: 0,
      max: 1,
      source: 'recording.md 2.3: 77-83 % of the pages that ranges name were present',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, 64, 0);
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    const { callsPerSecond, burstCalls, burstPerSecond, smallShare, wideShare } = values;
    inBatches(
      script,
      random,
      { perSecond: callsPerSecond, batchSize: burstCalls, batchPerSecond: burstPerSecond },
      endNs,
      () => {},
      () => {
        const size = random.weighted([
          smallShare,
          wideShare,
          Math.max(0, 1 - smallShare - wideShare),
        ]);
        const pages = [1, 512, CHUNK_PAGES][size]!;
        const first = random.below(layout.pageCount / pages) * pages;
        script.unmap(first, pages);
        script.map(first, pages);
        for (let page = first; page < first + pages; page++) {
          if (random.chance(values.touchShare)) script.touch(page);
        }
      },
    );
  },
});
