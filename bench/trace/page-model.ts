import {
  EVENT_PROTECTION_PAGE,
  EVENT_PROTECTION_VMA,
  EVENT_UNMAP,
  FAULT_PRESENT,
  FAULT_WRITE,
  OP_COLLAPSE,
  OP_FAULT,
  OP_FAULT_HUGE,
  OP_FORK,
  OP_INVALIDATE,
  OP_MAP,
  OP_PROTECT_VMA,
  OP_SPLIT,
  OP_UNMAP_VMA,
  PROT_WRITE,
  REASON_MPROTECT,
  REASON_MUNMAP,
  REASON_SPLIT,
  VMA_HUGE,
} from '../../core/abi/trace-event.ts';
import { VmaMap } from '../import/vma-map.ts';
import { BLOCK_PAGES } from './dense-space.ts';
import { EventList } from './event-list.ts';

/** `source` of an event: what the recorder saw, what the importer concluded, what was filled in. */
export const SOURCE_RECORDED = 0;
export const SOURCE_DERIVED = 1;
export const SOURCE_FILLED = 2;

/** Bounds what repeated ranges over large areas can add: 64 MB of events. */
const FILLED_MAX = 2_000_000;

const PRESENT = 1;
const WRITABLE = 2;

/**
 * The dense pages as the replay will see them. Each method emits events and keeps the rules that the
 * core relies on: no VMA over a VMA, no fault outside one, a 2 MiB mapping is broken before a part of
 * it changes, pages leave before their VMA does.
 */
export class PageModel {
  readonly events = new EventList();
  readonly counts: Record<string, number> = {};
  timeNs = 0;
  readonly #vmas = new VmaMap();
  readonly #pages: Uint8Array;
  readonly #hugeBlocks: Uint8Array;
  /** When the page last changed: a fault that is filled in lies after it. */
  readonly #sinceNs: Float64Array;
  /** Blocks whose break was emitted ahead of the recorded one. */
  readonly #brokenAhead = new Set<number>();

  constructor(pageCount: number) {
    this.#pages = new Uint8Array(pageCount);
    this.#hugeBlocks = new Uint8Array(pageCount / BLOCK_PAGES);
    this.#sinceNs = new Float64Array(pageCount);
  }

  count(kind: string, by = 1): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + by;
  }

  map(first: number, end: number, arg: number, source = SOURCE_RECORDED): void {
    if (this.#vmas.overlaps(first, end)) this.unmap(first, end, REASON_MUNMAP);
    this.#vmas.map(first, end, arg);
    this.#sinceNs.fill(this.timeNs, first, end);
    this.count('maps');
    this.#emit(OP_MAP, first, end, arg, 0, source);
  }

  /** The VMAs in the range go; pages that no range announced are announced here. */
  unmap(first: number, end: number, reason: number): void {
    for (const { start, end: stop } of this.#vmas.piecesIn(first, end)) {
      if (this.#has(start, stop, PRESENT)) {
        this.count('unmapsWithoutRange');
        this.invalidate(start, stop, EVENT_UNMAP, reason, SOURCE_FILLED);
      }
      this.count('unmaps');
      this.#emit(OP_UNMAP_VMA, start, stop, 0, reason, SOURCE_RECORDED);
    }
    this.#vmas.unmap(first, end);
  }

  /** New rights; areas that had none so far appear now. */
  protect(first: number, end: number, arg: number, hugeBit: number): void {
    const pieces = this.#vmas.piecesIn(first, end);
    let at = first;
    for (const { start, end: stop, bits } of [...pieces, { start: end, end, bits: 0 }]) {
      if (start > at && arg !== 0) this.map(at, start, arg | hugeBit);
      at = stop;
      if (start === stop) break;
      if ((arg & PROT_WRITE) === 0 && this.#has(start, stop, WRITABLE)) {
        this.count('protectionsWithoutRange');
        this.invalidate(start, stop, EVENT_PROTECTION_VMA, REASON_MPROTECT, SOURCE_FILLED);
      }
      this.#vmas.map(start, stop, arg | (bits & ~3));
      this.count('protects');
      this.#sinceNs.fill(this.timeNs, start, stop);
      this.#emit(OP_PROTECT_VMA, start, stop, arg, REASON_MPROTECT, SOURCE_RECORDED);
    }
  }

  invalidate(first: number, end: number, event: number, reason: number, source: number): void {
    this.#breakEdges(first, end);
    this.#emit(OP_INVALIDATE, first, end, event, reason, source);
    this.count(source === SOURCE_FILLED ? 'rangesFilled' : 'ranges');
    if (event === EVENT_PROTECTION_VMA || event === EVENT_PROTECTION_PAGE) {
      this.#clear(first, end, WRITABLE);
    } else {
      this.#clear(first, end, PRESENT | WRITABLE);
      const lastBlock = Math.floor((end - 1) / BLOCK_PAGES);
      this.#hugeBlocks.fill(0, Math.floor(first / BLOCK_PAGES), lastBlock + 1);
    }
    this.#sinceNs.fill(this.timeNs, first, end);
  }

  fork(first: number, end: number, reason: number, source: number): void {
    this.#breakEdges(first, end);
    this.#clear(first, end, WRITABLE);
    this.#sinceNs.fill(this.timeNs, first, end);
    this.count('ranges');
    this.count('forkRanges');
    this.#emit(OP_FORK, first, end, 0, reason, source);
  }

  /**
   * A recorded break; it may have been emitted ahead of the smaller range that caused it. Those that
   * were emitted and never recorded stay in `counts.splitsFilled`.
   */
  split(first: number, end: number, source: number): void {
    if (this.#brokenAhead.delete(first / BLOCK_PAGES)) {
      this.count('splitsFilled', -1);
      return;
    }
    this.#break(first / BLOCK_PAGES, Math.ceil(end / BLOCK_PAGES), source);
  }

  /** False when no VMA covers the blocks: they cannot be collapsed. */
  collapse(first: number, end: number, reason: number, source: number): boolean {
    if (!this.#vmas.covers(first, end)) return false;
    this.#pages.fill(PRESENT | WRITABLE, first, end);
    this.#hugeBlocks.fill(1, first / BLOCK_PAGES, end / BLOCK_PAGES);
    this.#sinceNs.fill(this.timeNs, first, end);
    this.count('ranges');
    this.count('collapses');
    this.#emit(OP_COLLAPSE, first, end, 0, reason, source);
    return true;
  }

  /** The CPU touches a page. */
  fault(page: number, isWrite: boolean, source: number, timeNs = this.timeNs): void {
    const bits = this.#vmas.bitsAt(page);
    if (bits < 0) {
      this.count('faultsOutsideMappings');
      return;
    }
    if (this.#hugeBlocks[Math.floor(page / BLOCK_PAGES)] === 1) {
      this.count('faultsInsideHugePages');
      return;
    }
    const wasPresent = (this.#pages[page]! & PRESENT) !== 0;
    const canWrite = isWrite && (bits & PROT_WRITE) !== 0;
    if (isWrite && !canWrite) this.count('writeFaultsOnReadOnlyMappings');
    this.#pages[page] = this.#pages[page]! | PRESENT | (canWrite ? WRITABLE : 0);
    const arg = (isWrite ? FAULT_WRITE : 0) | (wasPresent ? FAULT_PRESENT : 0);
    this.count(source === SOURCE_FILLED ? 'faultsFilled' : 'faults');
    this.events.push(timeNs, OP_FAULT, page, 1, arg, 0, source);
  }

  /** One 2 MiB page for the block of `page`, if its VMA covers it and nothing is present there. */
  faultHuge(page: number, isWrite: boolean, source: number, timeNs = this.timeNs): boolean {
    const first = page - (page % BLOCK_PAGES);
    const end = first + BLOCK_PAGES;
    const pieces = this.#vmas.piecesIn(first, end);
    const isOneVma = pieces.length === 1 && pieces[0]!.end - pieces[0]!.start === BLOCK_PAGES;
    if (!isOneVma || this.#has(first, end, PRESENT)) return false;
    const canWrite = isWrite && (pieces[0]!.bits & PROT_WRITE) !== 0;
    this.#pages.fill(canWrite ? PRESENT | WRITABLE : PRESENT, first, end);
    this.#hugeBlocks[first / BLOCK_PAGES] = 1;
    this.#brokenAhead.delete(first / BLOCK_PAGES);
    this.count(source === SOURCE_FILLED ? 'hugeFaultsFilled' : 'hugeFaults');
    const arg = isWrite ? FAULT_WRITE : 0;
    this.events.push(timeNs, OP_FAULT_HUGE, first, BLOCK_PAGES, arg, 0, source);
    return true;
  }

  /**
   * For recordings without faults: what is announced must have been there. Absent pages under a VMA
   * with rights are faulted between their last change and now, spread evenly over that time.
   */
  populate(first: number, end: number, isHuge: boolean): void {
    for (const vma of this.#vmas.piecesIn(first, end)) {
      const isWrite = (vma.bits & PROT_WRITE) !== 0;
      if ((vma.bits & 3) === 0) continue;
      const length = vma.end - vma.start;
      const wantsHuge = isHuge || (vma.bits & VMA_HUGE) !== 0;
      if ((this.counts.faultsFilled ?? 0) + length > FILLED_MAX) {
        this.count('faultsNotFilled', length);
        continue;
      }
      for (let page = vma.start; page < vma.end; page++) {
        if (this.#pages[page]! & PRESENT) continue;
        const share = (page - vma.start + 1) / (length + 1);
        const startNs = this.#latest(page, wantsHuge);
        const timeNs = Math.floor(startNs + (this.timeNs - startNs) * share);
        const isDone = wantsHuge && this.faultHuge(page, isWrite, SOURCE_FILLED, timeNs);
        if (!isDone) this.fault(page, isWrite, SOURCE_FILLED, timeNs);
      }
    }
  }

  /** Present pages of the range, as offsets from its start. */
  presentOffsets(first: number, end: number): number[] {
    const offsets: number[] = [];
    for (let page = first; page < end; page++) {
      if (this.#pages[page]! & PRESENT) offsets.push(page - first);
    }
    return offsets;
  }

  #latest(page: number, isBlock: boolean): number {
    if (!isBlock) return this.#sinceNs[page]!;
    let latest = 0;
    const first = page - (page % BLOCK_PAGES);
    for (let i = first; i < first + BLOCK_PAGES; i++) latest = Math.max(latest, this.#sinceNs[i]!);
    return latest;
  }

  #breakEdges(first: number, end: number): void {
    for (const block of [Math.floor(first / BLOCK_PAGES), Math.floor((end - 1) / BLOCK_PAGES)]) {
      const isWhole = first <= block * BLOCK_PAGES && end >= (block + 1) * BLOCK_PAGES;
      if (isWhole || this.#hugeBlocks[block] === 0) continue;
      this.#break(block, block + 1, SOURCE_RECORDED);
      this.#brokenAhead.add(block);
      this.count('splitsFilled');
    }
  }

  #break(firstBlock: number, endBlock: number, source: number): void {
    const first = firstBlock * BLOCK_PAGES;
    const end = endBlock * BLOCK_PAGES;
    this.#hugeBlocks.fill(0, firstBlock, endBlock);
    this.#sinceNs.fill(this.timeNs, first, end);
    this.count('ranges');
    this.count('splits');
    this.#emit(OP_SPLIT, first, end, 0, REASON_SPLIT, source);
  }

  #emit(op: number, first: number, end: number, arg: number, reason: number, source: number): void {
    this.events.push(this.timeNs, op, first, end - first, arg, reason, source);
  }

  #has(first: number, end: number, bit: number): boolean {
    for (let page = first; page < end; page++) if (this.#pages[page]! & bit) return true;
    return false;
  }

  #clear(first: number, end: number, bits: number): void {
    for (let page = first; page < end; page++) this.#pages[page]! &= ~bits;
  }
}
