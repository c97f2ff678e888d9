import {
  EVENT_PROTECTION_VMA,
  PROT_READ,
  PROT_WRITE,
  REASON_MADVISE,
} from '../../core/abi/trace-event.ts';
import { type AddressSpaceScript, BLOCK_PAGES } from './address-space-script.ts';
import { atRandomTimes } from './arrivals.ts';
import type { SeededRandom } from './seeded-random.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/**
 * The three causes of a break that recording.md 2.5 saw: a madvise, a munmap, an mprotect inside.
 */
function breakBlock(script: AddressSpaceScript, random: SeededRandom, block: number): void {
  const first = block * BLOCK_PAGES;
  const cause = random.below(3);
  if (cause === 0) {
    const page = first + random.below(BLOCK_PAGES);
    script.clear(page, 1, REASON_MADVISE);
    script.touch(page);
  } else if (cause === 1) {
    const hole = first + random.below(BLOCK_PAGES / 16) * 16;
    script.unmap(hole, 16);
    script.map(hole, 16, PROT_READ | PROT_WRITE, true);
    script.touchRange(hole, 16);
  } else {
    const page = first + random.below(BLOCK_PAGES);
    script.protect(page, 1, PROT_READ, EVENT_PROTECTION_VMA);
    script.protect(page, 1, PROT_READ | PROT_WRITE, EVENT_PROTECTION_VMA);
    script.touch(page);
  }
}

/** 2 MiB mappings break and khugepaged puts them together again. */
export const thpBreakCollapse = defineWorkload({
  id: 'thp-break-collapse',
  title: 'THP break and collapse: 4 KiB changes inside 2 MiB mappings, khugepaged behind them',
  source:
    'recording.md 2.5, rows 1-3 (a 2 MiB range beside each small one) and khugepaged collapse',
  parameters: {
    breaksPerSecond: {
      about: 'breaks of 2 MiB mappings per second',
      unit: 'breaks/s',
      default: 225,
      min: 1,
      max: 1_000_000,
      source: 'recording.md 2.3, redis with THP: about 45 ranges of 2 MiB within 0.2 s of the save',
    },
    smallPerBreak: {
      about: '4 KiB ranges in already broken blocks per break',
      unit: 'ranges',
      default: 20,
      min: 0,
      max: 10_000,
      source:
        'recording.md 2.3, python with malloc on THP: about 2 600 of 4 KiB to 70 of 2 MiB, less the breaks',
    },
    collapseBatch: {
      about: 'blocks that one pass of khugepaged collapses',
      unit: 'blocks',
      default: 16,
      min: 1,
      max: 100_000,
      step: 1,
      source: 'recording.md 2.3, storm, kernel threads: 16 ranges of 2 MiB',
    },
    passesPerSecond: {
      about: 'passes of khugepaged per second',
      unit: 'passes/s',
      default: 14,
      min: 0.01,
      max: 100_000,
      source:
        'model constant: keeps up with the breaks; khugepaged itself does 8 blocks in 10 s (domain.md 4.2)',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, 64, 1);
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    const weights = [values.breaksPerSecond, 0, values.passesPerSecond];
    weights[1] = values.breaksPerSecond * values.smallPerBreak;
    const perSecond = weights.reduce((sum, weight) => sum + weight, 0);
    let scanned = 0;
    atRandomTimes(script, random, perSecond, endNs, () => {
      const kind = random.weighted(weights);
      if (kind === 0) breakBlock(script, random, findBlock(true));
      else if (kind === 1) {
        const page = findBlock(false) * BLOCK_PAGES + random.below(BLOCK_PAGES);
        if (!script.isHuge(Math.floor(page / BLOCK_PAGES))) script.clear(page, 1, REASON_MADVISE);
        script.touch(page);
      } else pass();
    });

    /** A block that is (or is not) huge, if a few tries find one. */
    function findBlock(huge: boolean): number {
      let block = layout.anyBlock();
      for (let tries = 0; tries < 16 && script.isHuge(block) !== huge; tries++) {
        block = layout.anyBlock();
      }
      return block;
    }

    function pass(): void {
      const blockCount = layout.pageCount / BLOCK_PAGES;
      let collapsed = 0;
      for (let seen = 0; seen < blockCount && collapsed < values.collapseBatch; seen++) {
        scanned = (scanned + 1) % blockCount;
        if (!script.mayCollapse(scanned)) continue;
        script.collapse(scanned);
        script.wait(random.exponential(400_000));
        collapsed++;
      }
    }
  },
});
