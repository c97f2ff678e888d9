import { EVENT_PROTECTION_PAGE, REASON_WRITEBACK } from '../../core/abi/trace-event.ts';
import { defineWorkload } from './workload.ts';

/** Folios of one sample set: recording.md 2.5, msync row (size in pages, folios). */
const FOLIO_SAMPLE = [
  { pages: 1, folios: 2048 },
  { pages: 4, folios: 512 },
  { pages: 16, folios: 128 },
  { pages: 64, folios: 32 },
  { pages: 256, folios: 8 },
  { pages: 512, folios: 12 },
] as const;
const SAMPLE_PAGES = FOLIO_SAMPLE.reduce((sum, { pages, folios }) => sum + pages * folios, 0);

/** The file system cleans dirty folios of every size. */
export const writeback = defineWorkload({
  id: 'writeback',
  title: 'Writeback: write-protect of folios of 4 KiB to 2 MiB, written again afterwards',
  source:
    'recording.md 2.5, msync of a shared file map: 4 KiB x 2 048, 16 KiB x 512, 64 KiB x 128, 256 KiB x 32, 1 MiB x 8, 2 MiB x 12',
  parameters: {
    cyclePeriodMs: {
      about: 'time from one writeback of a file to the next',
      unit: 'ms',
      default: 500,
      min: 1,
      max: 600_000,
      source: 'model constant; the kernel takes 5-30 s (domain.md 4.2)',
    },
    cleanPerSecond: {
      about: 'folios cleaned per second while a cycle lasts',
      unit: 'ranges/s',
      default: 70_000,
      min: 1,
      max: 5_000_000,
      source: 'recording.md 2.3: the lower peak rate',
    },
    dirtyShare: {
      about: 'share of folios that the program writes again before the next cycle',
      unit: 'share',
      default: 0.5,
      min: 0,
      max: 1,
      source: 'model constant',
    },
  },
  generate(values, random, script) {
    const folios: { first: number; pages: number }[] = [];
    const sets = Math.max(1, Math.floor(script.pageCount / SAMPLE_PAGES));
    // The 2 MiB folios come first in each set, so that every set begins at a block.
    for (let set = 0, first = 0; set < sets; set++) {
      for (const { pages, folios: count } of FOLIO_SAMPLE.toReversed()) {
        const span = Math.min(count * pages, script.pageCount - first);
        if (span === 0) break;
        script.populate(first, span, pages === 512);
        for (let start = first; start < first + span; start += pages)
          folios.push({ first: start, pages });
        first += span;
      }
    }
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    for (let cycleNs = script.nowNs; cycleNs < endNs; cycleNs += values.cyclePeriodMs * 1e6) {
      script.waitUntil(cycleNs);
      for (const folio of folios) {
        if (script.nowNs >= endNs) break;
        if (!hasWritable(folio.first, folio.pages)) continue;
        script.writeProtect(folio.first, folio.pages, EVENT_PROTECTION_PAGE, REASON_WRITEBACK);
        script.wait(random.exponential(1e9 / values.cleanPerSecond));
      }
      writeAgain(Math.min(endNs, cycleNs + values.cyclePeriodMs * 1e6));
    }
    script.waitUntil(endNs);

    function hasWritable(first: number, pages: number): boolean {
      for (let page = first; page < first + pages; page++) {
        if (script.isWritable(page)) return true;
      }
      return false;
    }

    function writeAgain(stopNs: number): void {
      const writes = Math.floor(folios.length * values.dirtyShare);
      const gapNs = Math.max(0, stopNs - script.nowNs) / Math.max(1, writes);
      for (let write = 0; write < writes && script.nowNs < stopNs; write++) {
        const folio = folios[random.below(folios.length)]!;
        script.touch(folio.first + random.below(folio.pages));
        script.wait(random.exponential(gapNs));
      }
    }
  },
});
