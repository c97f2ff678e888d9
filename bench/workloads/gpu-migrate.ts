import { EVENT_MIGRATE, REASON_MIGRATION } from '../../core/abi/trace-event.ts';
import { BLOCK_PAGES } from './address-space-script.ts';
import { atRandomTimes } from './arrivals.ts';
import { RefaultQueue } from './refault-queue.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/** Chunk orders from 64 KiB to 2 MiB, in pages. */
const CHUNK_PAGES = [16, 32, 64, 128, 256, 512] as const;

/** A GPU pulls chunks into its own memory and the CPU faults them back. */
export const gpuMigrate = defineWorkload({
  id: 'gpu-migrate',
  title: 'GPU migration: chunks of 64 KiB-2 MiB leave for device-private memory and come back',
  source:
    'domain.md 4.2: MIGRATE then CLEAR-like, driver chunk of 64 KiB-2 MiB; 5.1: xe SVM (not recorded)',
  parameters: {
    chunksPerSecond: {
      about: 'chunks that leave per second',
      unit: 'chunks/s',
      default: 3_000,
      min: 1,
      max: 1_000_000,
      source: 'domain.md 5.1, xe SVM: about 330 us to migrate 2 MB',
    },
    largestShare: {
      about: 'share of chunks of 2 MiB; the smaller sizes share the rest',
      unit: 'share',
      default: 0.3,
      min: 0,
      max: 1,
      source: 'model constant',
    },
    hugeShare: {
      about: 'share of VMAs with 2 MiB mappings',
      unit: 'share',
      default: 0.5,
      min: 0,
      max: 1,
      source: 'model constant: chunks below 2 MiB break them',
    },
    awayPages: {
      about: 'pages that stay in device memory before the CPU takes the oldest back',
      unit: 'pages',
      default: 32_768,
      min: 0,
      max: 16_777_216,
      step: 1,
      source: 'model constant: a quarter of the default space',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, 64, values.hugeShare);
    const away = new RefaultQueue(script);
    const smaller = (1 - values.largestShare) / (CHUNK_PAGES.length - 1);
    const weights = CHUNK_PAGES.map((pages) =>
      pages === BLOCK_PAGES ? values.largestShare : smaller,
    );
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    atRandomTimes(script, random, values.chunksPerSecond, endNs, () => {
      const pages = CHUNK_PAGES[random.weighted(weights)]!;
      const first = random.below(layout.pageCount / pages) * pages;
      if (script.isPresent(first)) {
        // The owner may ignore its own MIGRATE; every other mirror sees the pages go.
        script.clear(first, pages, REASON_MIGRATION, EVENT_MIGRATE);
        script.clear(first, pages, REASON_MIGRATION);
        away.push(first, pages);
      }
      if (away.pageCount > values.awayPages) away.touch(away.pageCount - values.awayPages);
    });
  },
});
