import { EVENT_PROTECTION_VMA, REASON_MIGRATION, REASON_NUMA } from '../../core/abi/trace-event.ts';
import { atRandomTimes } from './arrivals.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/** The NUMA balancer takes the rights of 256 MiB at a time to see who touches it. */
export const numaHinting = defineWorkload({
  id: 'numa-hinting',
  title:
    'NUMA balancing: scans of 256 MiB take rights away, hint faults give them back, some migrate',
  source:
    'domain.md 4.2: PROTECTION_VMA over 256 MB per scan, period 1-60 s per task (not recorded)',
  parameters: {
    scanMiB: {
      about: 'memory that one scan covers',
      unit: 'MiB',
      default: 256,
      min: 2,
      max: 65_536,
      step: 2,
      source: 'domain.md 4.2: default scan size',
    },
    scanPeriodMs: {
      about: 'time between scans',
      unit: 'ms',
      default: 1_000,
      min: 1,
      max: 600_000,
      source: 'domain.md 4.2: 1 s, the fastest default',
    },
    vmaMiB: {
      about: 'size of a VMA: a scan sends one range for each',
      unit: 'MiB',
      default: 64,
      min: 2,
      max: 4_096,
      step: 2,
      source: 'model constant near the 54-104 MiB ranges of recording.md 2.3',
    },
    hintFaultsPerSecond: {
      about: 'touches of scanned pages per second',
      unit: 'faults/s',
      default: 50_000,
      min: 1,
      max: 5_000_000,
      source: 'model constant: most of a scan is touched within its period',
    },
    misplacedShare: {
      about: 'share of touches that find the page on the wrong node: it migrates',
      unit: 'share',
      default: 0.1,
      min: 0,
      max: 1,
      source: 'model constant',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, values.vmaMiB, 0);
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    const scanPages = Math.min(values.scanMiB * 256, layout.pageCount);
    let cursor = 0;
    for (let scanNs = script.nowNs; scanNs < endNs; scanNs += values.scanPeriodMs * 1e6) {
      script.waitUntil(scanNs);
      const scanned = cursor;
      for (let left = scanPages; left > 0; ) {
        const toVmaEnd = layout.vmaPages - (cursor % layout.vmaPages);
        const pages = Math.min(left, toVmaEnd);
        script.writeProtect(cursor, pages, EVENT_PROTECTION_VMA, REASON_NUMA);
        script.wait(pages);
        cursor = (cursor + pages) % layout.pageCount;
        left -= pages;
      }
      const stopNs = Math.min(endNs, scanNs + values.scanPeriodMs * 1e6);
      atRandomTimes(script, random, values.hintFaultsPerSecond, stopNs, () => {
        const page = (scanned + random.below(scanPages)) % layout.pageCount;
        if (script.isWritable(page)) return;
        if (random.chance(values.misplacedShare)) script.clear(page, 1, REASON_MIGRATION);
        script.touch(page);
      });
    }
    script.waitUntil(endNs);
  },
});
