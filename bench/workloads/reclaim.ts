import { REASON_RECLAIM } from '../../core/abi/trace-event.ts';
import { inBatches } from './arrivals.ts';
import { RefaultQueue } from './refault-queue.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/** A memory limit is reached and the LRU gives up its oldest pages. */
export const reclaim = defineWorkload({
  id: 'reclaim',
  title: 'Reclaim: batches of 32 single pages, some of them wanted again',
  source:
    'recording.md 2.5: 9 354 ranges of 4 KiB in 1.0 s when a memcg limit shrank; domain.md 4.2',
  parameters: {
    rangesPerSecond: {
      about: 'reclaimed pages per second',
      unit: 'ranges/s',
      default: 9_354,
      min: 1,
      max: 5_000_000,
      source: 'recording.md 2.5: memcg limit shrink',
    },
    batchPages: {
      about: 'pages taken off the LRU together',
      unit: 'pages',
      default: 32,
      min: 1,
      max: 4_096,
      step: 1,
      source: 'domain.md 4.2: batches of 32',
    },
    batchPerSecond: {
      about: 'rate inside a batch',
      unit: 'ranges/s',
      default: 200_000,
      min: 1,
      max: 10_000_000,
      source: 'recording.md 2.3: between the peaks of 70 000 and 350 000',
    },
    refaultShare: {
      about: 'share of the reclaimed pages that are touched again',
      unit: 'share',
      default: 0.6,
      min: 0,
      max: 1,
      source: 'model constant',
    },
    hugeShare: {
      about: 'share of VMAs with 2 MiB mappings, which reclaim breaks',
      unit: 'share',
      default: 0.25,
      min: 0,
      max: 1,
      source: 'model constant; deferred split under pressure: domain.md 4.2',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, 32, values.hugeShare);
    const refaults = new RefaultQueue(script);
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    let page = 0;
    inBatches(
      script,
      random,
      {
        perSecond: values.rangesPerSecond,
        batchSize: values.batchPages,
        batchPerSecond: values.batchPerSecond,
      },
      endNs,
      () => {
        refaults.touch(values.batchPages * values.refaultShare);
        page = layout.anyPage(values.batchPages);
      },
      () => {
        if (script.isPresent(page)) {
          script.clear(page, 1, REASON_RECLAIM);
          if (random.chance(values.refaultShare)) refaults.push(page, 1);
        }
        page = (page + 1) % layout.pageCount;
      },
    );
  },
});
