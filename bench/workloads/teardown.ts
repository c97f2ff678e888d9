import { PROT_READ, PROT_WRITE } from '../../core/abi/trace-event.ts';
import { BLOCK_PAGES } from './address-space-script.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload } from './workload.ts';

/** Buffers are torn down while the device reads them, and in the end the process exits. */
export const teardown = defineWorkload({
  id: 'teardown',
  title: 'Teardown: half a buffer unmapped within microseconds of its last use, exit at the end',
  source:
    'domain.md 2.5, hmm-tests anon_teardown: munmap of half the buffer at a random 0-32 us delay, 10 times; recording.md 2.5: exit sends no range',
  parameters: {
    bufferMiB: {
      about: 'size of a buffer',
      unit: 'MiB',
      default: 4,
      min: 2,
      max: 4_096,
      step: 2,
      source: 'model constant: two blocks, so that halves are whole and broken ones',
    },
    delayUs: {
      about: 'longest delay from the last touch to the munmap',
      unit: 'us',
      default: 32,
      min: 0,
      max: 1_000_000,
      source: 'domain.md 2.5: 0-32 us',
    },
    buffersPerSecond: {
      about: 'buffers torn down and set up again per second',
      unit: 'buffers/s',
      default: 500,
      min: 0.1,
      max: 100_000,
      source: 'model constant; fork-heavy shell of recording.md 2.3: 500 processes in 1.45 s',
    },
    hugeShare: {
      about: 'share of buffers with 2 MiB mappings',
      unit: 'share',
      default: 0.5,
      min: 0,
      max: 1,
      source: 'model constant',
    },
    touchShare: {
      about: 'share of a new 4 KiB buffer that the program touches',
      unit: 'share',
      default: 0.25,
      min: 0,
      max: 1,
      source: 'model constant',
    },
  },
  generate(values, random, script) {
    const layout = new VmaLayout(script, random, values.bufferMiB, values.hugeShare);
    const pages = layout.vmaPages;
    script.beginStorm();
    const endNs = script.nowNs + values.seconds * 1e9;
    while (script.nowNs < endNs) {
      script.wait(random.exponential(1e9 / values.buffersPerSecond));
      const first = layout.anyVma();
      const huge = script.wantsHuge(first);
      script.touch(first);
      script.wait(random.below(Math.floor(values.delayUs * 1000) + 1));
      // Any page may be the border: a munmap inside a 2 MiB mapping breaks it first.
      const border = random.chance(0.5) ? pages / 2 : random.between(1, pages - 1);
      script.unmap(first, border);
      script.wait(random.below(Math.floor(values.delayUs * 1000) + 1));
      script.unmap(first + border, pages - border);
      script.map(first, pages, PROT_READ | PROT_WRITE, huge);
      const touched = Math.ceil(pages * (huge ? 1 : values.touchShare));
      script.touchRange(first, huge ? touched : Math.min(touched, BLOCK_PAGES));
    }
    script.exit();
  },
});
