import { EVENT_PROTECTION_PAGE, REASON_MIGRATION } from '../../core/abi/trace-event.ts';
import { BLOCK_PAGES } from './address-space-script.ts';
import { atRandomTimes } from './arrivals.ts';
import { defineWorkload } from './workload.ts';

/**
 * A virtual machine is migrated live: its 2 MiB mappings become 4 KiB ones to see single writes.
 */
export const dirtyLogging = defineWorkload({
  id: 'dirty-logging',
  title:
    'Dirty logging of live migration: tables grow 512-fold, then rounds of 4 KiB write-protects',
  source: 'domain.md 4.2: at migration start 512x growth of tables in seconds (KVM; not recorded)',
  parameters: {
    growMs: {
      about: 'time in which all 2 MiB mappings break',
      unit: 'ms',
      default: 400,
      min: 1,
      max: 600_000,
      source: 'model constant; domain.md 4.2 says seconds for a whole guest',
    },
    eagerShare: {
      about: 'share of the blocks broken ahead of writes; the rest break at their first write',
      unit: 'share',
      default: 0.8,
      min: 0,
      max: 1,
      source: 'domain.md 3: eager split in chunks or on first write',
    },
    chunkBlocks: {
      about: 'blocks broken together',
      unit: 'blocks',
      default: 8,
      min: 1,
      max: 4_096,
      step: 1,
      source: 'model constant for the eager-split chunk of domain.md 3',
    },
    writesPerSecond: {
      about: 'first writes of the guest to protected pages per second',
      unit: 'writes/s',
      default: 50_000,
      min: 1,
      max: 5_000_000,
      source: 'model constant',
    },
    roundMs: {
      about: 'time between two collections of the dirty log',
      unit: 'ms',
      default: 100,
      min: 1,
      max: 600_000,
      source: 'model constant',
    },
    recoverShare: {
      about: 'share of the storm after the migration in which blocks collapse again',
      unit: 'share',
      default: 0.15,
      min: 0,
      max: 0.9,
      source: 'domain.md 7, S9: 2 MiB recovered after logging stops',
    },
  },
  generate(values, random, script) {
    const { blockCount } = script;
    script.populate(0, script.pageCount, true);
    script.beginStorm();
    const startNs = script.nowNs;
    const endNs = startNs + values.seconds * 1e9;
    const loggingEndNs = endNs - values.seconds * values.recoverShare * 1e9;
    script.writeProtect(0, script.pageCount, EVENT_PROTECTION_PAGE, REASON_MIGRATION);
    const eagerBlocks = Math.floor(blockCount * values.eagerShare);
    const chunkGapNs = (values.growMs * 1e6 * values.chunkBlocks) / Math.max(1, eagerBlocks);
    const dirty = new Set<number>();
    let nextEager = 0;
    let nextChunkNs = startNs;
    let nextRoundNs = startNs + values.roundMs * 1e6;
    atRandomTimes(script, random, values.writesPerSecond, loggingEndNs, () => {
      while (nextEager < eagerBlocks && nextChunkNs <= script.nowNs) growChunk();
      const page = random.below(script.pageCount);
      if (!script.isWritable(page)) dirty.add(page);
      // A write to a block that is still huge breaks it: `touch` announces that.
      script.touch(page);
      if (script.nowNs >= nextRoundNs) collectLog();
    });
    for (let block = 0; block < blockCount; block++) {
      script.waitUntil(loggingEndNs + ((endNs - loggingEndNs) * block) / blockCount);
      if (script.mayCollapse(block)) script.collapse(block);
    }
    script.waitUntil(endNs);

    function growChunk(): void {
      const end = Math.min(nextEager + values.chunkBlocks, eagerBlocks);
      for (; nextEager < end; nextEager++) {
        if (script.isHuge(nextEager)) script.split(nextEager);
      }
      nextChunkNs += chunkGapNs;
    }

    /**
     * The log is read word by word: pages of one 64-page word that lie side by side go together.
     */
    function collectLog(): void {
      const pages = [...dirty].sort((left, right) => left - right);
      for (let index = 0; index < pages.length; ) {
        const first = pages[index]!;
        let count = 1;
        while (pages[index + count] === first + count && (first + count) % 64 !== 0) count++;
        if (!script.isHuge(Math.floor(first / BLOCK_PAGES))) {
          script.writeProtect(first, count, EVENT_PROTECTION_PAGE, REASON_MIGRATION);
          script.wait(random.exponential(3_000));
        }
        index += count;
      }
      dirty.clear();
      nextRoundNs = script.nowNs + values.roundMs * 1e6;
    }
  },
});
