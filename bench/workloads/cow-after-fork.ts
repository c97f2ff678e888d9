import { BLOCK_PAGES } from './address-space-script.ts';
import { defineWorkload } from './workload.ts';

/** A database forks a child to save; the parent writes on and every first write copies a page. */
export const cowAfterFork = defineWorkload({
  id: 'cow-after-fork',
  title: 'COW after fork: one wide write-protect per VMA, then many 4 KiB copies',
  source:
    'recording.md 2.3-2.5, redis + BGSAVE: fork ranges up to 104 MiB, then 9 694 pages copied, 8 285 ranges in the busiest 100 ms',
  parameters: {
    forkPeriodMs: {
      about: 'time from one fork to the next',
      unit: 'ms',
      default: 300,
      min: 1,
      max: 3_600_000,
      source: 'model constant: three saves a second instead of one in minutes',
    },
    forkVmas: {
      about: 'ranges of one fork: the data and small private VMAs',
      unit: 'ranges',
      default: 19,
      min: 1,
      max: 257,
      step: 1,
      source: 'recording.md 2.5: 19 ranges before the fork event',
    },
    dataMiB: {
      about: 'size of the data VMA, the widest range',
      unit: 'MiB',
      default: 104,
      min: 2,
      max: 65_536,
      step: 2,
      source: 'recording.md 2.3, redis + BGSAVE: largest range',
    },
    copiesPerFork: {
      about: 'pages written while the child lives',
      unit: 'pages',
      default: 9_694,
      min: 0,
      max: 100_000_000,
      step: 1,
      source: 'recording.md 2.4: pages that moved in the redis run',
    },
    copiesPerSecond: {
      about: 'rate of first writes while the child lives',
      unit: 'copies/s',
      default: 82_850,
      min: 1,
      max: 10_000_000,
      source: 'redis-bgsave.tracefs-full: 8 285 ranges in the busiest 100 ms',
    },
    hugeShare: {
      about: 'share of the data in 2 MiB mappings; the first write breaks each',
      unit: 'share',
      default: 0,
      min: 0,
      max: 1,
      source:
        'redis default; with jemalloc thp:always recording.md 2.5 saw 2 MiB + 4 KiB per huge page',
    },
    reuseShare: {
      about: 'share of the pages left read-only that are written when the child has gone',
      unit: 'share',
      default: 0.1,
      min: 0,
      max: 1,
      source: 'recording.md 2.5: reuse sends no range; share is a model constant',
    },
  },
  generate(values, random, script) {
    const dataPages = Math.min(values.dataMiB * 256, script.pageCount - BLOCK_PAGES);
    const hugePages = Math.floor((dataPages * values.hugeShare) / BLOCK_PAGES) * BLOCK_PAGES;
    const smallVmas = values.forkVmas - 1;
    if (hugePages > 0) script.populate(0, hugePages, true);
    if (hugePages < dataPages) script.populate(hugePages, dataPages - hugePages, false);
    // The small VMAs: one or two pages each, in the block behind the data.
    script.map(dataPages, smallVmas * 2 || 1);
    script.touchRange(dataPages, smallVmas * 2 || 1);
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    for (let forkNs = script.nowNs; forkNs < endNs; forkNs += values.forkPeriodMs * 1e6) {
      script.waitUntil(forkNs);
      for (let vma = 0; vma < smallVmas; vma++) {
        script.fork(dataPages + vma * 2, 1 + (vma % 2));
        script.wait(random.exponential(10_000));
      }
      script.fork(0, dataPages);
      for (let copy = 0; copy < values.copiesPerFork && script.nowNs < endNs; copy++) {
        script.wait(random.exponential(1e9 / values.copiesPerSecond));
        const page = random.below(dataPages);
        if (!script.isWritable(page)) script.copyOnWrite(page);
      }
      reuse();
    }
    script.waitUntil(endNs);

    function reuse(): void {
      const writes = Math.floor(dataPages * values.reuseShare);
      for (let write = 0; write < writes && script.nowNs < endNs; write++) {
        const page = random.below(dataPages);
        if (!script.isHuge(Math.floor(page / BLOCK_PAGES))) script.touch(page);
        script.wait(1_700);
      }
    }
  },
});
