import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import {
  EVENT_PROTECTION_PAGE,
  EVENT_PROTECTION_VMA,
  EVENT_RELEASE,
  EVENT_SOFT_DIRTY,
  EVENT_UNMAP,
} from '../../core/abi/trace-event.ts';

/** What the model believes of one page. Frames get their numbers from the core, in order of birth. */
export interface ModelPage {
  /** The VMA: null = none. */
  vma: { write: boolean; huge: boolean } | null;
  copyOnWrite: boolean;
  present: boolean;
  write: boolean;
  /** Number of the current mapping instance; `null` until it is read from the CPU's word. */
  frame: number | null;
  /** Highest number the page has ever had. */
  lastFrame: number;
  /** Older instances that lost only their write right: still readable. */
  readable: number[];
}

const PROTECTIONS: readonly number[] = [
  EVENT_PROTECTION_VMA,
  EVENT_PROTECTION_PAGE,
  EVENT_SOFT_DIRTY,
];

/**
 * The CPU's page table as a plain list of pages, written from the description of the events alone
 * (domain: mm/, include/linux/mmu_notifier.h). It knows nothing of tables, commands or caches. The one
 * thing it takes from the core is the number of a new frame.
 */
export class ReferenceModel {
  readonly #pages: ModelPage[] = [];
  readonly #hugeBlocks = new Set<number>();
  #changed = new Set<number>();

  /** Pages changed since the last call. */
  takeChanged(): Set<number> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  page(index: number): ModelPage {
    let page = this.#pages[index];
    if (page === undefined) {
      page = {
        vma: null,
        copyOnWrite: false,
        present: false,
        write: false,
        frame: null,
        lastFrame: 0,
        readable: [],
      };
      this.#pages[index] = page;
    }
    return page;
  }

  isHuge(index: number): boolean {
    return this.#hugeBlocks.has(blockOf(index));
  }

  map(first: number, count: number, write: boolean, huge: boolean): void {
    for (let i = first; i < first + count; i++) this.page(i).vma = { write, huge };
  }

  /** A CPU or device fault on one page; true when the access is allowed afterwards. */
  fault(index: number, write: boolean): boolean {
    const page = this.page(index);
    if (page.vma === null) return false;
    if (!page.present) {
      if (!page.vma.huge || !this.faultHuge(index)) {
        page.copyOnWrite = false;
        this.#bear(index, page.vma.write);
      }
    } else if (write && !page.write && page.vma.write && !page.copyOnWrite) {
      // The reuse case: the same frame becomes writable, for a huge mapping as a whole.
      for (const i of this.isHuge(index) ? this.#block(index) : [index]) {
        this.page(i).write = true;
        this.#changed.add(i);
      }
    }
    return !write || page.write;
  }

  /** The device's fault: as fault, and a write to a copy-on-write page makes the copy first. */
  deviceFault(index: number, write: boolean): boolean {
    const page = this.page(index);
    if (this.fault(index, write)) return true;
    if (!write || page.vma === null || !page.copyOnWrite) return false;
    if (this.isHuge(index)) this.split(index);
    this.#drop(index);
    page.copyOnWrite = false;
    return this.fault(index, true);
  }

  /** One 2 MiB mapping for the block, if its pages are mapped alike and none is present. */
  faultHuge(index: number): boolean {
    const block = this.#block(index);
    const { vma } = this.page(block[0]!);
    if (vma === null) return false;
    const alike = block.every((i) => {
      const page = this.page(i);
      return page.vma?.write === vma.write && page.vma.huge === vma.huge && !page.present;
    });
    if (!alike) return false;
    for (const i of block) {
      this.page(i).copyOnWrite = false;
      this.#bear(i, vma.write);
    }
    this.#hugeBlocks.add(blockOf(index));
    return true;
  }

  invalidate(first: number, count: number, event: number): void {
    this.splitEdges(first, count);
    if (PROTECTIONS.includes(event)) {
      this.#protect(first, count, false);
      return;
    }
    const unmaps = event === EVENT_UNMAP || event === EVENT_RELEASE;
    for (let i = first; i < first + count; i++) {
      const page = this.#pages[i];
      // Never mapped: nothing to drop (ranges may be far larger than what is in them).
      if (page === undefined) continue;
      this.#drop(i);
      page.copyOnWrite = false;
      if (unmaps) page.vma = null;
      this.#hugeBlocks.delete(blockOf(i));
    }
  }

  fork(first: number, count: number): void {
    this.splitEdges(first, count);
    this.#protect(first, count, true);
  }

  unmapVma(first: number, count: number): void {
    if (this.#any(first, count, (page) => page.present)) this.invalidate(first, count, EVENT_UNMAP);
    for (let i = first; i < first + count; i++) {
      this.page(i).vma = null;
      this.page(i).copyOnWrite = false;
    }
  }

  protectVma(first: number, count: number, write: boolean): void {
    this.splitEdges(first, count);
    for (let i = first; i < first + count; i++) {
      const { vma } = this.page(i);
      if (vma !== null) vma.write = write;
    }
    if (!write && this.#any(first, count, (page) => page.present && page.write)) {
      this.invalidate(first, count, EVENT_PROTECTION_VMA);
    }
  }

  /** The OS breaks the block: every present page becomes a mapping of its own. */
  split(index: number): void {
    for (const i of this.#block(index)) {
      if (!this.page(i).present) continue;
      this.#drop(i);
      this.#bear(i, this.page(i).write);
    }
    this.#hugeBlocks.delete(blockOf(index));
  }

  /** khugepaged: one mapping for the block if one VMA covers it; else its pages are merely gone. */
  collapse(index: number): void {
    for (const i of this.#block(index)) this.#drop(i);
    this.#hugeBlocks.delete(blockOf(index));
    this.faultHuge(index);
  }

  /** The OS breaks huge mappings that a range covers only in part before the range itself. */
  splitEdges(first: number, count: number): void {
    const end = first + count;
    if (first % BLOCK_PAGES !== 0 && this.isHuge(first)) this.split(first);
    if (end % BLOCK_PAGES !== 0 && this.isHuge(end - 1)) this.split(end - 1);
  }

  #protect(first: number, count: number, fork: boolean): void {
    for (let i = first; i < first + count; i++) {
      const page = this.page(i);
      if (!page.present) continue;
      if (fork) page.copyOnWrite = true;
      if (!page.write) continue;
      // An instance born in this very event was never seen by the device.
      if (page.frame !== null) page.readable.push(page.frame);
      page.write = false;
      page.frame = null;
      this.#changed.add(i);
    }
  }

  #bear(index: number, write: boolean): void {
    const page = this.page(index);
    page.present = true;
    page.write = write;
    page.frame = null;
    this.#changed.add(index);
  }

  #drop(index: number): void {
    const page = this.page(index);
    if (!page.present) return;
    page.present = false;
    page.frame = null;
    if (page.readable.length > 0) page.readable = [];
    this.#changed.add(index);
  }

  #any(first: number, count: number, holds: (page: ModelPage) => boolean): boolean {
    for (let i = first; i < first + count; i++) if (holds(this.page(i))) return true;
    return false;
  }

  #block(index: number): number[] {
    const first = blockOf(index) * BLOCK_PAGES;
    return Array.from({ length: BLOCK_PAGES }, (_, i) => first + i);
  }
}

function blockOf(index: number): number {
  return Math.floor(index / BLOCK_PAGES);
}
