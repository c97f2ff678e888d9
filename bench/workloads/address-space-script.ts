import {
  EVENT_CLEAR,
  EVENT_UNMAP,
  FAULT_PRESENT,
  FAULT_WRITE,
  NON_BLOCKABLE,
  OP_COLLAPSE,
  OP_EXIT,
  OP_FAULT,
  OP_FAULT_HUGE,
  OP_FORK,
  OP_INVALIDATE,
  OP_MAP,
  OP_MARK,
  OP_PROTECT_VMA,
  OP_SPLIT,
  OP_UNMAP_VMA,
  PROT_READ,
  PROT_WRITE,
  REASON_COLLAPSE,
  REASON_COW,
  REASON_EXIT,
  REASON_FORK,
  REASON_MPROTECT,
  REASON_MUNMAP,
  REASON_SPLIT,
  VMA_HUGE,
} from '../../core/abi/trace-event.ts';
import { type PageTrace, PageTraceWriter, type RegionSpan } from './page-trace.ts';
import { opensNotifierRange } from './page-trace-reader.ts';

/** 4 KiB pages of a 2 MiB block. */
export const BLOCK_PAGES = 512;

/**
 * Time between two CPU faults of the set-up: a seventh of a real one (1.7 us, domain.md 5.1). The
 * set-up only brings the space into its state, and is to leave the window to the storm.
 */
const SETUP_FAULT_NS = 250;

const IN_VMA = 1;
const VMA_WRITABLE = 2;
const PRESENT = 4;
const WRITABLE = 8;
const VMA_WANTS_HUGE = 16;

/** What a finished script adds to its events. */
interface TraceFrame {
  readonly name: string;
  readonly description: string;
  readonly regionCount: number;
  readonly contiguity: number;
}

/**
 * Writes a page trace as the operations of a kernel on one address space, and keeps the state that
 * these operations leave (VMAs, present and writable pages, 2 MiB mappings), so that every trace
 * obeys the rules of the core: a 2 MiB mapping is split before a part of it changes, pages fault in
 * only under a VMA, time does not run backwards.
 *
 * Pages are dense 4 KiB indices. A notifier range is due at `nowNs`; `wait` moves it.
 */
export class AddressSpaceScript {
  readonly pageCount: number;
  readonly #writer = new PageTraceWriter();
  readonly #pages: Uint8Array;
  readonly #hugeBlocks: Uint8Array;
  readonly #counts = new Map<string, number>();
  #nowNs = 0;
  #rangeCount = 0;

  /** @param pageCount multiple of 512 */
  constructor(pageCount: number) {
    this.pageCount = pageCount;
    this.#pages = new Uint8Array(pageCount);
    this.#hugeBlocks = new Uint8Array(pageCount / BLOCK_PAGES);
  }

  get nowNs(): number {
    return this.#nowNs;
  }

  /** Notifier ranges written so far. */
  get rangeCount(): number {
    return this.#rangeCount;
  }

  get blockCount(): number {
    return this.#hugeBlocks.length;
  }

  isMapped(page: number): boolean {
    return (this.#pages[page]! & IN_VMA) !== 0;
  }

  isPresent(page: number): boolean {
    return (this.#pages[page]! & PRESENT) !== 0;
  }

  isWritable(page: number): boolean {
    return (this.#pages[page]! & WRITABLE) !== 0;
  }

  /** True when the page's VMA asks for 2 MiB pages. */
  wantsHuge(page: number): boolean {
    return (this.#pages[page]! & VMA_WANTS_HUGE) !== 0;
  }

  isHuge(block: number): boolean {
    return this.#hugeBlocks[block] === 1;
  }

  /** Lets time pass; fractions of a nanosecond add up, events are due at whole ones. */
  wait(durationNs: number): void {
    this.#nowNs += durationNs;
  }

  /** Moves the clock to `timeNs` unless it is past that already. */
  waitUntil(timeNs: number): void {
    this.#nowNs = Math.max(this.#nowNs, timeNs);
  }

  /** mmap: no notifier runs. */
  map(first: number, count: number, prot = PROT_READ | PROT_WRITE, huge = false): void {
    this.#push(OP_MAP, first, count, prot | (huge ? VMA_HUGE : 0));
    const bits =
      IN_VMA | ((prot & PROT_WRITE) !== 0 ? VMA_WRITABLE : 0) | (huge ? VMA_WANTS_HUGE : 0);
    this.#pages.fill(bits, first, first + count);
  }

  /**
   * The CPU touches every page of the range that is not present; whole empty blocks of a VMA that
   * wants 2 MiB pages get one mapping each.
   */
  touchRange(first: number, count: number, write = true): void {
    for (let page = first; page < first + count; page++) {
      const block = page / BLOCK_PAGES;
      if (
        Number.isInteger(block) &&
        page + BLOCK_PAGES <= first + count &&
        this.#mayBeHuge(block)
      ) {
        this.touchHuge(block, write);
        page += BLOCK_PAGES - 1;
      } else if (!this.isPresent(page)) this.touch(page, write);
    }
  }

  /** Maps whole blocks and touches every page, before the storm. */
  populate(first: number, count: number, huge = false): void {
    this.map(first, count, PROT_READ | PROT_WRITE, huge);
    for (let block = first / BLOCK_PAGES; block < (first + count) / BLOCK_PAGES; block++) {
      if (huge) this.touchHuge(block);
      else this.#touchEmpty(block);
      this.wait(huge ? SETUP_FAULT_NS : SETUP_FAULT_NS * BLOCK_PAGES);
    }
  }

  /**
   * Write faults on every page of an absent, writable block, as one event: a set-up of single ones would be
   * most of the trace, and of the time a cell takes to start.
   */
  #touchEmpty(block: number): void {
    const first = block * BLOCK_PAGES;
    this.#push(OP_FAULT, first, BLOCK_PAGES, FAULT_WRITE);
    this.#setBits(first, BLOCK_PAGES, PRESENT | WRITABLE);
  }

  /** Marks the end of the set-up; the storm begins here. */
  beginStorm(): void {
    this.#counts.set('setupEvents', this.#writer.eventCount);
    this.#nowNs = Math.ceil(this.#nowNs);
    this.#counts.set('setupNs', this.#nowNs);
    this.#push(OP_MARK, 0, 0);
  }

  /**
   * The CPU touches one page: a fault when it is absent or (for a write) read-only, else nothing.
   */
  touch(page: number, write = true): void {
    const bits = this.#pages[page]!;
    const mayWrite = write && (bits & VMA_WRITABLE) !== 0;
    if ((bits & PRESENT) === 0) {
      this.#push(OP_FAULT, page, 1, mayWrite ? FAULT_WRITE : 0);
      this.#pages[page] = bits | PRESENT | (mayWrite ? WRITABLE : 0);
    } else if (mayWrite && (bits & WRITABLE) === 0) {
      if (this.isHuge(Math.floor(page / BLOCK_PAGES))) this.#splitAround(page, 1);
      this.#push(OP_FAULT, page, 1, FAULT_WRITE | FAULT_PRESENT);
      this.#pages[page] = bits | WRITABLE;
    }
  }

  /** The CPU touches an empty block of one VMA and gets a 2 MiB mapping. */
  touchHuge(block: number, write = true): void {
    const first = block * BLOCK_PAGES;
    const mayWrite = write && (this.#pages[first]! & VMA_WRITABLE) !== 0;
    this.#push(OP_FAULT_HUGE, first, BLOCK_PAGES, mayWrite ? FAULT_WRITE : 0);
    this.#setBits(first, BLOCK_PAGES, mayWrite ? PRESENT | WRITABLE : PRESENT);
    this.#hugeBlocks[block] = 1;
  }

  /** A notifier range after which the pages are absent (EVENT_CLEAR, EVENT_MIGRATE, ...). */
  clear(first: number, count: number, reason: number, event = EVENT_CLEAR): void {
    this.#splitAround(first, count);
    this.#push(OP_INVALIDATE, first, count, event, reason);
    this.#dropPages(first, count);
  }

  /** As `clear`, but the OS may not sleep: the OOM reaper's form. */
  clearNonBlockable(first: number, count: number, reason: number): void {
    this.clear(first, count, reason, EVENT_CLEAR | NON_BLOCKABLE);
  }

  /** munmap: the notifier range, then the VMA goes. */
  unmap(first: number, count: number, reason = REASON_MUNMAP): void {
    this.clear(first, count, reason, EVENT_UNMAP);
    this.#push(OP_UNMAP_VMA, first, count);
    this.#pages.fill(0, first, first + count);
  }

  /** A notifier range after which present pages are read-only, such as page_mkclean's. */
  writeProtect(first: number, count: number, event: number, reason: number): void {
    this.#splitAround(first, count);
    this.#push(OP_INVALIDATE, first, count, event, reason);
    this.#clearBits(first, count, WRITABLE);
  }

  /** mprotect: the notifier range of the given protection event, then the VMA's new rights. */
  protect(first: number, count: number, prot: number, event: number): void {
    this.writeProtect(first, count, event, REASON_MPROTECT);
    this.#push(OP_PROTECT_VMA, first, count, prot);
    if ((prot & PROT_WRITE) !== 0) this.#setBits(first, count, VMA_WRITABLE);
    else this.#clearBits(first, count, VMA_WRITABLE);
  }

  /** fork: one wide write-protect; the core's own notifier range. */
  fork(first: number, count: number): void {
    this.#splitAround(first, count);
    this.#push(OP_FORK, first, count, 0, REASON_FORK);
    this.#clearBits(first, count, WRITABLE);
  }

  /** First write after fork: a 2 MiB mapping breaks, then the page is replaced by its copy. */
  copyOnWrite(page: number): void {
    this.clear(page, 1, REASON_COW);
    this.touch(page);
  }

  /** The OS breaks the 2 MiB mappings among the blocks. */
  split(firstBlock: number, blockCount = 1): void {
    const first = firstBlock * BLOCK_PAGES;
    this.#push(OP_SPLIT, first, blockCount * BLOCK_PAGES, 0, REASON_SPLIT);
    this.#hugeBlocks.fill(0, firstBlock, firstBlock + blockCount);
  }

  /** True when a collapse of the block would be legal and would change something. */
  mayCollapse(block: number): boolean {
    const first = block * BLOCK_PAGES;
    const rights = this.#pages[first]! & (IN_VMA | VMA_WRITABLE | VMA_WANTS_HUGE);
    if (this.isHuge(block) || (rights & IN_VMA) === 0) return false;
    for (let page = first; page < first + BLOCK_PAGES; page++) {
      if ((this.#pages[page]! & (IN_VMA | VMA_WRITABLE | VMA_WANTS_HUGE)) !== rights) return false;
    }
    return true;
  }

  /** khugepaged: the block becomes one 2 MiB mapping. */
  collapse(block: number): void {
    const first = block * BLOCK_PAGES;
    this.#push(OP_COLLAPSE, first, BLOCK_PAGES, 0, REASON_COLLAPSE);
    const mayWrite = (this.#pages[first]! & VMA_WRITABLE) !== 0;
    this.#setBits(first, BLOCK_PAGES, mayWrite ? PRESENT | WRITABLE : PRESENT);
    this.#hugeBlocks[block] = 1;
  }

  /** The address space ends. */
  exit(): void {
    this.#push(OP_EXIT, 0, this.pageCount, 0, REASON_EXIT);
    this.#pages.fill(0);
    this.#hugeBlocks.fill(0);
  }

  finish(frame: TraceFrame): PageTrace {
    const { events, eventCount } = this.#writer.finish();
    return {
      name: frame.name,
      origin: 'synthetic',
      description: frame.description,
      pageCount: this.pageCount,
      regions: equalRegions(this.pageCount, frame.regionCount),
      events,
      eventCount,
      durationNs: Math.ceil(this.#nowNs),
      contiguity: frame.contiguity,
      counts: Object.fromEntries(this.#counts),
    };
  }

  #mayBeHuge(block: number): boolean {
    const wanted = IN_VMA | VMA_WANTS_HUGE;
    for (let page = block * BLOCK_PAGES; page < (block + 1) * BLOCK_PAGES; page++) {
      if ((this.#pages[page]! & (wanted | PRESENT)) !== wanted) return false;
    }
    return true;
  }

  /**
   * Splits the 2 MiB mappings that the range covers only in part: at most its first and its last.
   */
  #splitAround(first: number, count: number): void {
    const last = first + count - 1;
    const firstBlock = Math.floor(first / BLOCK_PAGES);
    const lastBlock = Math.floor(last / BLOCK_PAGES);
    if (this.isHuge(firstBlock)) {
      const whole = first % BLOCK_PAGES === 0 && last >= firstBlock * BLOCK_PAGES + BLOCK_PAGES - 1;
      if (!whole) this.split(firstBlock);
    }
    if (lastBlock !== firstBlock && this.isHuge(lastBlock)) {
      if (last % BLOCK_PAGES !== BLOCK_PAGES - 1) this.split(lastBlock);
    }
  }

  #dropPages(first: number, count: number): void {
    this.#clearBits(first, count, PRESENT | WRITABLE);
    const end = Math.floor((first + count) / BLOCK_PAGES);
    for (let block = Math.ceil(first / BLOCK_PAGES); block < end; block++) {
      this.#hugeBlocks[block] = 0;
    }
  }

  #setBits(first: number, count: number, bits: number): void {
    for (let page = first; page < first + count; page++) this.#pages[page]! |= bits;
  }

  #clearBits(first: number, count: number, bits: number): void {
    for (let page = first; page < first + count; page++) this.#pages[page]! &= ~bits;
  }

  #push(op: number, first: number, count: number, arg = 0, reason = 0): void {
    this.#writer.push(Math.floor(this.#nowNs), op, first, count, arg, reason);
    const name = OP_COUNT_NAMES[op]!;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    if (opensNotifierRange(op)) {
      this.#rangeCount++;
      this.#counts.set('ranges', this.#rangeCount);
    }
  }
}

/** Names in PageTrace.counts by operation. */
const OP_COUNT_NAMES: Readonly<Record<number, string>> = {
  [OP_MAP]: 'maps',
  [OP_INVALIDATE]: 'invalidations',
  [OP_UNMAP_VMA]: 'unmaps',
  [OP_FAULT]: 'faults',
  [OP_PROTECT_VMA]: 'protects',
  [OP_SPLIT]: 'splits',
  [OP_COLLAPSE]: 'collapses',
  [OP_FAULT_HUGE]: 'hugeFaults',
  [OP_FORK]: 'forks',
  [OP_EXIT]: 'exits',
  [OP_MARK]: 'marks',
};

/** Cuts the space into regions of whole blocks, as equal as these allow. */
function equalRegions(pageCount: number, regionCount: number): RegionSpan[] {
  const blocks = pageCount / BLOCK_PAGES;
  const regions: RegionSpan[] = [];
  let firstBlock = 0;
  for (let index = 0; index < regionCount; index++) {
    const endBlock = Math.floor((blocks * (index + 1)) / regionCount);
    regions.push({
      firstPage: firstBlock * BLOCK_PAGES,
      pageCount: (endBlock - firstBlock) * BLOCK_PAGES,
    });
    firstBlock = endBlock;
  }
  return regions;
}
