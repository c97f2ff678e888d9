import { REASON_MIGRATION } from '../../core/abi/trace-event.ts';
import { inBatches } from './arrivals.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/** Compaction moves pages to other frames, 32 at a time. */
export const compaction = defineWorkload({
  id: 'compaction',
  title: 'Compaction: bursts of 32 migrated pages, each back at once in another frame',
  source:
    'recording.md 2.5: 4 721 ranges of 4 KiB in the target; domain.md 4.2: batches of 32 pages',
  parameters: {
    rangesPerSecond: {
      about: 'migrated pages per second',
      unit: 'ranges/s',
      default: 11_800,
      min: 1,
      max: 5_000_000,
      source: 'storm-async.tracefs-lean: 4 721 ranges within 0.4 s',
    },
    batchPages: {
      about: 'pages that are isolated together',
      unit: 'pages',
      default: 32,
      min: 1,
      max: 4_096,
      step: 1,
      source: 'domain.md 4.2: compaction batches of 32 pages',
    },
    batchPerSecond: {
      about: 'rate inside a batch',
      unit: 'ranges/s',
      default: 350_000,
      min: 1,
      max: 10_000_000,
      source: 'recording.md 2.3: highest peak',
    },
    moveUs: {
      about: 'time from a batch to its pages being mapped again',
      unit: 'us',
      default: 50,
      min: 0,
      max: 1_000_000,
      source: 'model constant: copy of 32 pages',
    },
    hugeShare: {
      about: 'share of VMAs with 2 MiB mappings; their pages move as a whole',
      unit: 'share',
      default: 0.25,
      min: 0,
      max: 1,
      source: 'model constant; one THP per range: domain.md 4.2',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, 32, values.hugeShare);
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    let moved: { first: number; count: number }[] = [];
    let page = 0;
    const remap = () => {
      if (moved.length > 0) script.wait(values.moveUs * 1000);
      for (const { first, count } of moved) script.touchRange(first, count);
      moved = [];
    };
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
        page = layout.anyPage(values.batchPages * 2);
      },
      () => {
        // Neighbouring frames are often, not always, neighbouring pages.
        page = (page + random.between(1, 2)) % layout.pageCount;
        const block = Math.floor(page / 512);
        const range = script.isHuge(block)
          ? { first: block * 512, count: 512 }
          : { first: page, count: 1 };
        if (script.isPresent(page)) {
          script.clear(range.first, range.count, REASON_MIGRATION);
          moved.push(range);
        }
        if (moved.length >= values.batchPages) remap();
      },
    );
    remap();
  },
});
