import {
  EVENT_PROTECTION_VMA,
  PROT_READ,
  PROT_WRITE,
  REASON_MADVISE,
  REASON_MPROTECT,
  REASON_RECLAIM,
} from '../../core/abi/trace-event.ts';
import { type AddressSpaceScript, BLOCK_PAGES } from './address-space-script.ts';
import { RefaultQueue } from './refault-queue.ts';
import type { SeededRandom } from './seeded-random.ts';
import { VmaLayout } from './vma-layout.ts';
import { defineWorkload, type ParameterValues } from './workload.ts';

const PARAMETERS = {
  rangesPerSecond: {
    about: 'notifier ranges per second, bursts and lulls together',
    unit: 'ranges/s',
    default: 12_841,
    min: 10,
    max: 5_000_000,
    source: 'recording.md 2.3, fork-heavy shell: the busiest of the published recordings',
  },
  burstShare: {
    about: 'share of the ranges that come in bursts',
    unit: 'share',
    default: 0.85,
    min: 0,
    max: 1,
    source: 'redis-bgsave: 88 % of the ranges lie in 10 ms intervals with at least 100 of them',
  },
  burstMs: {
    about: 'mean length of a burst; each is half to one and a half of it',
    unit: 'ms',
    default: 12,
    min: 0.1,
    max: 1_000,
    source: 'recording.md 2.3: peaks last tens of ms; shorter here so that a second holds several',
  },
  burstLowPerSecond: {
    about: 'rate inside the slowest burst',
    unit: 'ranges/s',
    default: 70_000,
    min: 100,
    max: 10_000_000,
    source: 'recording.md 2.3: peaks of 70 000-350 000 ranges/s',
  },
  burstHighPerSecond: {
    about: 'rate inside the fastest burst',
    unit: 'ranges/s',
    default: 350_000,
    min: 100,
    max: 10_000_000,
    source: 'recording.md 2.3: 3 489 ranges in 10 ms (storm, main context)',
  },
  mediumShare: {
    about: 'share of ranges of 8-60 KiB',
    unit: 'share',
    default: 0.022,
    min: 0,
    max: 0.5,
    source: 'recording.md 2.3, redis + BGSAVE: 252 of 11 502',
  },
  largeShare: {
    about: 'share of ranges of 64 KiB-1 MiB',
    unit: 'share',
    default: 0.0137,
    min: 0,
    max: 0.5,
    source: 'recording.md 2.3, redis + BGSAVE: 158 of 11 502',
  },
  blockShare: {
    about: 'share of ranges of exactly 2 MiB: breaks, collapses, whole blocks',
    unit: 'share',
    default: 0.025,
    min: 0,
    max: 0.5,
    source: 'recording.md 2.3, python with malloc on THP: about 70 of 2 800',
  },
  wideShare: {
    about: 'share of ranges above 2 MiB: fork, mprotect and madvise of whole VMAs',
    unit: 'share',
    default: 0.0018,
    min: 0,
    max: 0.1,
    source: 'recording.md 2.3, redis + BGSAVE: 21 of 11 502',
  },
  vmaMiB: {
    about: 'size of a VMA and of the widest range',
    unit: 'MiB',
    default: 64,
    min: 4,
    max: 4_096,
    step: 2,
    source: 'recording.md 2.5: per-VMA fork ranges of 4 KiB-54 MiB; largest ranges 32-129 MiB',
  },
  hugeShare: {
    about: 'share of VMAs with 2 MiB mappings at the start; collapses work to keep it',
    unit: 'share',
    default: 0.5,
    min: 0,
    max: 1,
    source: 'model constant: both populations present',
  },
} as const;

type Values = ParameterValues<typeof PARAMETERS> & { readonly seconds: number };

const CLASSES = ['page', 'medium', 'large', 'block', 'wide'] as const;

/** The storm while it is written: what was emitted, and what is to come back. */
class Storm {
  readonly #values: Values;
  readonly #random: SeededRandom;
  readonly #script: AddressSpaceScript;
  readonly #refaults: RefaultQueue;
  readonly #layout: VmaLayout;
  /** Ranges emitted per size class, in the order of CLASSES. */
  readonly #emitted = [0, 0, 0, 0, 0];
  #burstPhase: number;
  #burstKinds: ((rate: number, rangeCount: number) => void)[];
  #burstIndex = 0;

  constructor(values: Values, random: SeededRandom, script: AddressSpaceScript) {
    this.#values = values;
    this.#random = random;
    this.#script = script;
    this.#refaults = new RefaultQueue(script);
    this.#layout = new VmaLayout(script, random, values.vmaMiB, values.hugeShare);
    this.#burstPhase = random.unit();
    this.#burstKinds = random.shuffle([
      (rate: number, count: number) => this.#copyOnWriteBurst(rate, count),
      (rate: number, count: number) => this.#holesBurst(rate, count),
      (rate: number, count: number) => this.#reclaimBurst(rate, count),
    ]);
  }

  write(): void {
    this.#script.beginStorm();
    const endNs = this.#script.nowNs + this.#values.seconds * 1e9;
    while (this.#script.nowNs < endNs) {
      const burst = this.#nextBurst();
      this.#lull(burst.lullNs, Math.min(endNs, this.#script.nowNs + burst.lullNs));
      if (this.#script.nowNs < endNs && burst.rangeCount > 0) {
        this.#burstKinds[this.#burstIndex++ % this.#burstKinds.length]!(
          burst.rate,
          burst.rangeCount,
        );
      }
    }
  }

  /** Rates go round the allowed span by the golden ratio: few bursts already reach both ends. */
  #nextBurst(): { rate: number; rangeCount: number; lullNs: number } {
    const { burstShare, burstMs, rangesPerSecond, seconds } = this.#values;
    const low = Math.min(this.#values.burstLowPerSecond, this.#values.burstHighPerSecond);
    const high = Math.max(this.#values.burstLowPerSecond, this.#values.burstHighPerSecond);
    this.#burstPhase = (this.#burstPhase + 0.618033988749895) % 1;
    const rate = low + (high - low) * this.#burstPhase;
    const lengthMs = burstMs * (0.5 + this.#random.unit());
    const inBursts = rangesPerSecond * burstShare;
    if (inBursts * seconds < 1) return { rate, rangeCount: 0, lullNs: seconds * 1e9 };
    const rangeCount = Math.ceil(Math.min((rate * lengthMs) / 1000, inBursts * seconds));
    const cycleNs = (rangeCount / inBursts) * 1e9;
    return { rate, rangeCount, lullNs: Math.max(0, cycleNs - (rangeCount / rate) * 1e9) };
  }

  #lull(lullNs: number, endNs: number): void {
    const { burstShare, rangesPerSecond } = this.#values;
    // Bursts fill a part of the time; what is not in bursts is spread over the lulls alone.
    const count = (lullNs / 1e9) * rangesPerSecond * (1 - burstShare);
    const gapNs = count < 1 ? lullNs + 1 : lullNs / count;
    for (;;) {
      this.#script.wait(this.#random.exponential(gapNs));
      if (this.#script.nowNs >= endNs) break;
      this.#oneOfMissingClass();
      this.#refaults.touch(8);
    }
  }

  /** Emits a range of the class that is furthest behind its share. */
  #oneOfMissingClass(): void {
    const { mediumShare, largeShare, blockShare, wideShare } = this.#values;
    const shares = [0, mediumShare, largeShare, blockShare, wideShare];
    const total = this.#script.rangeCount + 1;
    const missing = shares.map((share, index) =>
      Math.max(0, share * total - this.#emitted[index]!),
    );
    // One 4 KiB range competes with whatever is missing.
    missing[0] = 0.5;
    const chosen = CLASSES[this.#random.weighted(missing)]!;
    const before = this.#script.rangeCount;
    if (chosen === 'page') this.#discard(this.#anyPage(), 1);
    else if (chosen === 'medium') this.#churn(this.#random.between(2, 15), 1);
    else if (chosen === 'large') this.#churn(this.#random.between(16, 256), 2);
    else if (chosen === 'block') this.#wholeBlock();
    else this.#wide();
    if (chosen === 'page') this.#countBreaks(before, 1);
  }

  /** An allocator gives back and takes again: madvise, munmap and mmap, or mprotect twice. */
  #churn(pages: number, sizeClass: number): void {
    const script = this.#script;
    const first = this.#anyPage(pages);
    const before = script.rangeCount;
    const kind = this.#random.below(4);
    if (kind === 0) {
      const huge = script.wantsHuge(first);
      script.unmap(first, pages);
      script.map(first, pages, PROT_READ | PROT_WRITE, huge);
      this.#refaults.push(first, pages);
    } else if (kind === 1) {
      script.protect(first, pages, PROT_READ, EVENT_PROTECTION_VMA);
      script.protect(first, pages, PROT_READ | PROT_WRITE, EVENT_PROTECTION_VMA);
      script.touch(first);
      this.#emitted[sizeClass]!++;
    } else {
      script.clear(first, pages, REASON_MADVISE);
      this.#refaults.push(first, pages);
    }
    this.#emitted[sizeClass]!++;
    this.#countBreaks(before, kind === 1 ? 2 : 1);
  }

  /** Collapses a broken block of a huge VMA, else changes a block as a whole. */
  #wholeBlock(): void {
    const script = this.#script;
    let block = this.#layout.anyBlock();
    for (let tries = 0; tries < 8 && !script.wantsHuge(block * BLOCK_PAGES); tries++) {
      block = this.#layout.anyBlock();
    }
    const first = block * BLOCK_PAGES;
    this.#emitted[3]!++;
    if (script.wantsHuge(first) && script.mayCollapse(block)) {
      script.collapse(block);
    } else if (this.#random.chance(0.5)) {
      script.writeProtect(first, BLOCK_PAGES, EVENT_PROTECTION_VMA, REASON_MPROTECT);
    } else {
      script.clear(first, BLOCK_PAGES, REASON_MADVISE);
      this.#refaults.push(first, BLOCK_PAGES);
    }
  }

  /** fork, mprotect or madvise over several blocks of one VMA. */
  #wide(): void {
    const script = this.#script;
    const blocks = this.#random.between(2, Math.max(2, this.#layout.vmaPages / BLOCK_PAGES));
    const pages = Math.min(blocks * BLOCK_PAGES, this.#layout.vmaPages);
    const first = this.#layout.anyVma() + this.#random.below(this.#layout.vmaPages - pages + 1);
    const aligned = first - (first % BLOCK_PAGES);
    const kind = this.#random.below(4);
    if (kind === 0 && pages <= 16 * BLOCK_PAGES) {
      script.clear(aligned, pages, REASON_MADVISE);
      this.#refaults.push(aligned, pages);
    } else if (kind === 1) {
      script.writeProtect(aligned, pages, EVENT_PROTECTION_VMA, REASON_MPROTECT);
    } else {
      script.fork(aligned, pages);
    }
    this.#emitted[4]!++;
  }

  /** A child was forked and the program writes on: one wide range, then copies in random order. */
  #copyOnWriteBurst(rate: number, rangeCount: number): void {
    const script = this.#script;
    const vma = this.#layout.anyVma();
    script.fork(vma, this.#layout.vmaPages);
    this.#emitted[4]!++;
    const end = script.rangeCount + rangeCount;
    while (script.rangeCount < end) {
      script.wait(this.#random.exponential(1e9 / rate));
      const page = vma + this.#random.below(this.#layout.vmaPages);
      const before = script.rangeCount;
      if (script.isMapped(page) && !script.isWritable(page)) script.copyOnWrite(page);
      else this.#discard(page, 1);
      this.#countBreaks(before, 1);
    }
  }

  /** An allocator returns every second page (recording.md 2.5: 12 288 ranges in 57 ms). */
  #holesBurst(rate: number, rangeCount: number): void {
    const script = this.#script;
    let page = this.#anyPage(Math.min(rangeCount * 2, script.pageCount / 2));
    const end = script.rangeCount + rangeCount;
    while (script.rangeCount < end) {
      script.wait(this.#random.exponential(1e9 / rate));
      const before = script.rangeCount;
      this.#discard(page, 1);
      this.#countBreaks(before, 1);
      page = (page + 2) % this.#layout.pageCount;
      this.#refaults.touch(1);
    }
  }

  /** Reclaim takes 32 neighbours of the LRU at a time (domain.md 4.2). */
  #reclaimBurst(rate: number, rangeCount: number): void {
    const script = this.#script;
    const end = script.rangeCount + rangeCount;
    while (script.rangeCount < end) {
      const first = this.#anyPage(32);
      for (let page = first; page < first + 32 && script.rangeCount < end; page++) {
        script.wait(this.#random.exponential(1e9 / rate));
        const before = script.rangeCount;
        script.clear(page, 1, REASON_RECLAIM);
        this.#refaults.push(page, 1);
        this.#countBreaks(before, 1);
      }
      this.#refaults.touch(16);
    }
  }

  #discard(page: number, count: number): void {
    this.#script.clear(page, count, REASON_MADVISE);
    this.#refaults.push(page, count);
  }

  /** Ranges beyond those asked for are 2 MiB breaks. */
  #countBreaks(before: number, asked: number): void {
    this.#emitted[3]! += Math.max(0, this.#script.rangeCount - before - asked);
  }

  /**
   * First of `count` pages that lie in one VMA; while there were breaks enough, outside of 2 MiB
   * mappings where a few tries find such a place.
   */
  #anyPage(count = 1): number {
    const mayBreak = this.#emitted[3]! < this.#values.blockShare * this.#script.rangeCount;
    for (let tries = 0; ; tries++) {
      const page = this.#layout.anyPage(count);
      if (mayBreak || tries === 8) return page;
      const breaks = this.#script.isHuge(Math.floor(page / BLOCK_PAGES));
      if (!breaks) return page;
    }
  }
}

/** The default storm: bursts of single pages, few wide ranges, 2 MiB breaks and collapses. */
export const storm = defineWorkload({
  id: 'storm',
  title: 'Bursty, bimodal storm: 4 KiB ranges by count, huge ranges by bytes, breaks and collapses',
  source:
    'recording.md 2.3 (rates, sizes and peaks of eleven recordings) and 2.5 (what each kernel activity sends)',
  parameters: PARAMETERS,
  generate(values, random, script) {
    new Storm(values, random, script).write();
  },
});
