import { REASON_KSM } from '../../core/abi/trace-event.ts';
import { atRandomTimes } from './arrivals.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/** ksmd merges equal pages and the program's writes take them apart. */
export const ksmMerge = defineWorkload({
  id: 'ksm-merge',
  title: 'KSM: about three 4 KiB ranges per merged page, unmerged again by writes',
  source:
    'recording.md 2.5: 5 889 ranges for 2 048 pages, unmerge by write 1 024; domain.md 4.2: 100 pages per 20 ms',
  parameters: {
    pagesPerScan: {
      about: 'pages that one wake-up of ksmd merges',
      unit: 'pages',
      default: 100,
      min: 1,
      max: 1_000_000,
      step: 1,
      source: 'domain.md 4.2: pages_to_scan',
    },
    scanPeriodMs: {
      about: 'time between wake-ups',
      unit: 'ms',
      default: 20,
      min: 0.1,
      max: 60_000,
      source: 'domain.md 4.2: sleep_millisecs',
    },
    rangesPerPage: {
      about: 'ranges of one merge (write-protect and replace steps)',
      unit: 'ranges',
      default: 3,
      min: 1,
      max: 8,
      step: 1,
      source: 'recording.md 2.5: about three per page',
    },
    scanPerSecond: {
      about: 'rate of ranges inside a wake-up',
      unit: 'ranges/s',
      default: 211_700,
      min: 1,
      max: 10_000_000,
      source: 'recording.md 2.3, storm, kernel threads: 2 117 ranges in 10 ms',
    },
    unmergeShare: {
      about: 'share of merged pages that are written before the next wake-up',
      unit: 'share',
      default: 0.5,
      min: 0,
      max: 1,
      source: 'recording.md 2.5: 1 024 of 2 048 pages unmerged by write',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, 64, 0);
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    let cursor = layout.anyPage();
    for (let scanNs = script.nowNs; scanNs < endNs; scanNs += values.scanPeriodMs * 1e6) {
      script.waitUntil(scanNs);
      const merged: number[] = [];
      for (let count = 0; count < values.pagesPerScan && script.nowNs < endNs; count++) {
        cursor = (cursor + 1) % layout.pageCount;
        for (let range = 0; range < values.rangesPerPage; range++) {
          script.clear(cursor, 1, REASON_KSM);
          script.wait(random.exponential(1e9 / values.scanPerSecond));
        }
        // The merged page is shared: present, but only for reading.
        script.touch(cursor, false);
        if (random.chance(values.unmergeShare)) merged.push(cursor);
      }
      const stopNs = Math.min(scanNs + values.scanPeriodMs * 1e6, endNs);
      const restNs = stopNs - script.nowNs;
      if (merged.length === 0 || restNs <= 0) continue;
      atRandomTimes(script, random, (merged.length / restNs) * 1e9, stopNs, () => {
        const page = merged.pop();
        if (page !== undefined && !script.isWritable(page)) script.copyOnWrite(page);
      });
    }
    script.waitUntil(endNs);
  },
});
