import { REASON_MADVISE } from '../../core/abi/trace-event.ts';
import { RefaultQueue } from './refault-queue.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/** An allocator that returns single pages out of its arena. */
export const dontneedHoles = defineWorkload({
  id: 'dontneed-holes',
  title: 'DONTNEED holes: sweeps that return every second page',
  source: 'recording.md 2.5: madvise DONTNEED of every second page, 12 288 ranges in 57 ms',
  parameters: {
    holesPerSweep: {
      about: 'ranges of one sweep',
      unit: 'ranges',
      default: 12_288,
      min: 1,
      max: 10_000_000,
      step: 1,
      source: 'recording.md 2.5',
    },
    sweepPerSecond: {
      about: 'rate inside a sweep',
      unit: 'ranges/s',
      default: 215_000,
      min: 1,
      max: 10_000_000,
      source: 'recording.md 2.5: 215 k/s',
    },
    pauseMs: {
      about: 'time between sweeps, in which the pages are touched again',
      unit: 'ms',
      default: 150,
      min: 0,
      max: 60_000,
      source: 'model constant: several sweeps per second',
    },
    stridePages: {
      about: 'distance of the holes',
      unit: 'pages',
      default: 2,
      min: 1,
      max: 1_024,
      step: 1,
      source: 'recording.md 2.5: every second page',
    },
    hugeShare: {
      about: 'share of VMAs with 2 MiB mappings: their first hole breaks them',
      unit: 'share',
      default: 0.25,
      min: 0,
      max: 1,
      source: 'model constant; the break beside the hole: recording.md 2.5, first row',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, 32, values.hugeShare);
    const refaults = new RefaultQueue(script);
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    while (script.nowNs < endNs) {
      let page = layout.anyPage();
      for (let hole = 0; hole < values.holesPerSweep && script.nowNs < endNs; hole++) {
        script.clear(page, 1, REASON_MADVISE);
        refaults.push(page, 1);
        page = (page + values.stridePages) % layout.pageCount;
        script.wait(random.exponential(1e9 / values.sweepPerSecond));
      }
      const steps = 100;
      const pages = Math.ceil(refaults.pageCount / steps);
      for (let step = 0; step < steps && script.nowNs < endNs; step++) {
        script.wait((values.pauseMs * 1e6) / steps);
        refaults.touch(pages);
      }
    }
  },
});
