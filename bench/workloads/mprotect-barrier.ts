import { EVENT_PROTECTION_VMA, PROT_READ, PROT_WRITE } from '../../core/abi/trace-event.ts';
import { inBatches } from './arrivals.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/** A runtime takes write rights from its pages and gives them back: GC barriers, JIT code. */
export const mprotectBarrier = defineWorkload({
  id: 'mprotect-barrier',
  title: 'mprotect write barriers: heap pages read-only, then writable and written again',
  source:
    'node-gc.tracefs-lean: 2 437 mprotect calls in 1.48 s on V8 pages of 256 KiB; recording.md 2.5',
  parameters: {
    callsPerSecond: {
      about: 'mprotect calls per second',
      unit: 'calls/s',
      default: 1_650,
      min: 2,
      max: 2_000_000,
      source: 'node-gc.tracefs-lean: 2 437 calls in 1.48 s',
    },
    pages: {
      about: 'pages of one call',
      unit: 'pages',
      default: 64,
      min: 1,
      max: 65_536,
      step: 1,
      source: 'recording.md 2.3, node: 256 KiB mode',
    },
    batchPages: {
      about: 'heap pages protected together',
      unit: 'heap pages',
      default: 20,
      min: 1,
      max: 10_000,
      step: 1,
      source: 'model constant: a collection protects a set of heap pages',
    },
    batchPerSecond: {
      about: 'rate inside a batch',
      unit: 'calls/s',
      default: 44_000,
      min: 1,
      max: 5_000_000,
      source: 'recording.md 2.3, node: peak of 440 ranges in 10 ms',
    },
    writesPerPage: {
      about: 'single pages written after a heap page is writable again',
      unit: 'writes',
      default: 8,
      min: 0,
      max: 65_536,
      step: 1,
      source: 'model constant',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, 64, 0);
    const pages = Math.min(values.pages, layout.vmaPages);
    const heapPages = Math.floor(layout.pageCount / pages);
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    let isProtected: number[] = [];
    let rest = 0;
    inBatches(
      script,
      random,
      {
        perSecond: values.callsPerSecond,
        batchSize: values.batchPages * 2,
        batchPerSecond: values.batchPerSecond,
      },
      endNs,
      () => {
        rest = values.batchPages;
      },
      () => {
        if (rest-- > 0) {
          const first = random.below(heapPages) * pages;
          script.protect(first, pages, PROT_READ, EVENT_PROTECTION_VMA);
          isProtected.push(first);
          return;
        }
        const first = isProtected.shift();
        if (first === undefined) return;
        script.protect(first, pages, PROT_READ | PROT_WRITE, EVENT_PROTECTION_VMA);
        for (let write = 0; write < values.writesPerPage; write++) {
          script.touch(first + random.below(pages));
        }
      },
    );
    isProtected = [];
  },
});
