import {
  EVENT_CLEAR,
  EVENT_EXCLUSIVE,
  EVENT_MIGRATE,
  EVENT_PROTECTION_PAGE,
  EVENT_PROTECTION_VMA,
  EVENT_RELEASE,
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
  REASON_EXIT,
  TRACE_EVENT_BYTES,
  VMA_HUGE,
} from '../../core/abi/trace-event.ts';
import type { PageTrace, RegionSpan } from './page-trace.ts';
import { PageTraceReader } from './page-trace-reader.ts';

const BLOCK_PAGES = 512;
const MAPPED = 1;
const PRESENT = 2;
const WRITABLE = 4;
const VMA_WRITE = 8;
const COVERED = 16;

/** A rule of the core that an event (or, with index -1, the trace's frame) breaks. */
export interface PageTraceViolation {
  readonly eventIndex: number;
  readonly message: string;
}

export interface PageTraceCheckOptions {
  /** Stops after this many (default 20). */
  readonly maxViolations?: number;
  /**
   * Also refuses what a recording may hold but a generator should not: faults that change nothing,
   * write faults under a read-only VMA, breaks of blocks that are not huge.
   */
  readonly strict?: boolean;
}

/**
 * Replays a trace on a plain model of one address space and reports every event that breaks a rule
 * the core relies on: time order, bounds, regions, faults only under a VMA, whole 2 MiB blocks
 * where the operation demands them, and a break before a part of a 2 MiB mapping changes. Shares no
 * code with the generators or the importer.
 *
 * @returns the violations in event order; empty for a good trace
 */
export function checkPageTrace(
  trace: PageTrace,
  options: PageTraceCheckOptions = {},
): PageTraceViolation[] {
  return new PageTraceCheck(trace, options).run();
}

class PageTraceCheck {
  readonly #trace: PageTrace;
  readonly #strict: boolean;
  readonly #maxViolations: number;
  readonly #violations: PageTraceViolation[] = [];
  readonly #pages: Uint8Array;
  readonly #huge: Uint8Array;
  #index = -1;

  constructor(trace: PageTrace, options: PageTraceCheckOptions) {
    this.#trace = trace;
    this.#strict = options.strict ?? false;
    this.#maxViolations = options.maxViolations ?? 20;
    const pageCount = Number.isSafeInteger(trace.pageCount) ? Math.max(0, trace.pageCount) : 0;
    this.#pages = new Uint8Array(pageCount);
    this.#huge = new Uint8Array(Math.ceil(pageCount / BLOCK_PAGES));
  }

  run(): PageTraceViolation[] {
    this.#frame();
    if (this.#violations.length > 0) return this.#violations;
    const reader = new PageTraceReader(this.#trace);
    let previousNs = 0;
    for (this.#index = 0; this.#index < reader.eventCount; this.#index++) {
      if (this.#violations.length >= this.#maxViolations) break;
      const index = this.#index;
      const timeNs = reader.timeNs(index);
      if (timeNs < previousNs) this.#report(`time runs back from ${previousNs} to ${timeNs} ns`);
      if (timeNs > this.#trace.durationNs) this.#report(`at ${timeNs} ns, after the trace's end`);
      previousNs = timeNs;
      const op = reader.op(index);
      if (op === OP_MARK) continue;
      const first = reader.firstPage(index);
      const count = reader.pageCount(index);
      if (this.#inBounds(op, first, count)) this.#apply(op, first, count, reader.arg(index));
      if (reader.reason(index) > REASON_EXIT)
        this.#report(`unknown reason ${reader.reason(index)}`);
    }
    return this.#violations;
  }

  #report(message: string): void {
    this.#violations.push({ eventIndex: this.#index, message });
  }

  #frame(): void {
    const { pageCount, regions, events, eventCount, contiguity } = this.#trace;
    if (!Number.isSafeInteger(pageCount) || pageCount <= 0 || pageCount % BLOCK_PAGES !== 0) {
      this.#report(`pageCount ${pageCount} is not a positive multiple of 512`);
    }
    if (events.length !== eventCount * TRACE_EVENT_BYTES) {
      this.#report(`${events.length} event bytes are not ${eventCount} events`);
    }
    if (!(contiguity >= 0 && contiguity <= 1)) this.#report(`contiguity ${contiguity} not in 0..1`);
    let end = 0;
    for (const region of regions) {
      this.#region(region, end);
      end = region.firstPage + region.pageCount;
      this.#pages.fill(COVERED, region.firstPage, end);
    }
  }

  #region({ firstPage, pageCount }: RegionSpan, previousEnd: number): void {
    const text = `region [${firstPage}, ${firstPage + pageCount})`;
    if (firstPage % BLOCK_PAGES !== 0 || pageCount % BLOCK_PAGES !== 0 || pageCount <= 0) {
      this.#report(`${text} is not made of whole 2 MiB blocks`);
    }
    if (firstPage < previousEnd) this.#report(`${text} is not sorted or overlaps the one before`);
    if (firstPage + pageCount > this.#trace.pageCount)
      this.#report(`${text} leaves the page space`);
  }

  #inBounds(op: number, first: number, count: number): boolean {
    if (count === 0 || first + count > this.#trace.pageCount) {
      this.#report(`op ${op}: [${first}, ${first + count}) is empty or leaves the page space`);
      return false;
    }
    if (op !== OP_EXIT && !this.#all(first, count, COVERED)) {
      this.#report(`op ${op}: [${first}, ${first + count}) is not covered by regions`);
      return false;
    }
    return true;
  }

  #apply(op: number, first: number, count: number, arg: number): void {
    if (op === OP_MAP) this.#map(first, count, arg);
    else if (op === OP_INVALIDATE) this.#invalidate(first, count, arg);
    else if (op === OP_UNMAP_VMA) this.#unmapVma(first, count);
    else if (op === OP_FAULT) this.#fault(first, count, arg);
    else if (op === OP_PROTECT_VMA) this.#protectVma(first, count, arg);
    else if (op === OP_SPLIT || op === OP_COLLAPSE || op === OP_FAULT_HUGE) {
      this.#wholeBlocks(op, first, count, arg);
    } else if (op === OP_FORK) {
      this.#partOfHuge('OP_FORK', first, count);
      this.#clear(first, count, WRITABLE);
    } else if (op === OP_EXIT) {
      this.#clear(0, this.#pages.length, MAPPED | PRESENT | WRITABLE | VMA_WRITE);
      this.#huge.fill(0);
    } else this.#report(`unknown operation ${op}`);
  }

  #map(first: number, count: number, arg: number): void {
    if ((arg & ~(PROT_READ | PROT_WRITE | VMA_HUGE)) !== 0) {
      this.#report(`OP_MAP: unknown bits in arg ${arg}`);
    }
    if (this.#any(first, count, MAPPED)) {
      this.#report(`OP_MAP: [${first}, ${first + count}) is under a VMA already`);
    }
    this.#set(first, count, (arg & PROT_WRITE) !== 0 ? MAPPED | VMA_WRITE : MAPPED);
  }

  #invalidate(first: number, count: number, arg: number): void {
    const event = arg & ~NON_BLOCKABLE;
    if (event > EVENT_EXCLUSIVE) this.#report(`OP_INVALIDATE: unknown event ${event}`);
    this.#partOfHuge('OP_INVALIDATE', first, count);
    const drops =
      event === EVENT_UNMAP ||
      event === EVENT_CLEAR ||
      event === EVENT_RELEASE ||
      event === EVENT_MIGRATE ||
      event === EVENT_EXCLUSIVE;
    if (drops) {
      this.#clear(first, count, PRESENT | WRITABLE);
      for (let block = first; block < first + count; block++) {
        this.#huge[Math.floor(block / BLOCK_PAGES)] = 0;
      }
    } else if (event === EVENT_PROTECTION_VMA || event === EVENT_PROTECTION_PAGE) {
      this.#clear(first, count, WRITABLE);
    }
  }

  #unmapVma(first: number, count: number): void {
    if (this.#any(first, count, PRESENT)) {
      this.#report(
        `OP_UNMAP_VMA: [${first}, ${first + count}) has present pages: no notifier came`,
      );
    }
    this.#clear(first, count, MAPPED | VMA_WRITE);
  }

  #protectVma(first: number, count: number, arg: number): void {
    if (!this.#all(first, count, MAPPED)) {
      this.#report(`OP_PROTECT_VMA: [${first}, ${first + count}) is not under a VMA`);
    }
    if ((arg & PROT_WRITE) !== 0) this.#set(first, count, VMA_WRITE);
    else {
      if (this.#any(first, count, WRITABLE)) {
        this.#report(`OP_PROTECT_VMA: [${first}, ${first + count}) has writable pages`);
      }
      this.#clear(first, count, VMA_WRITE);
    }
  }

  #fault(first: number, count: number, arg: number): void {
    for (let page = first; page < first + count; page++) this.#faultPage(page, arg);
  }

  #faultPage(page: number, arg: number): void {
    const bits = this.#pages[page]!;
    if ((bits & MAPPED) === 0) this.#report(`OP_FAULT: page ${page} is not under a VMA`);
    if (this.#huge[Math.floor(page / BLOCK_PAGES)] === 1) {
      this.#report(`OP_FAULT: page ${page} belongs to a 2 MiB mapping that was not broken`);
    }
    const present = (bits & PRESENT) !== 0;
    const write = (arg & FAULT_WRITE) !== 0;
    if ((arg & FAULT_PRESENT) !== 0 && !present) {
      this.#report(`OP_FAULT: FAULT_PRESENT, but page ${page} is absent`);
    }
    if (this.#strict && present && ((bits & WRITABLE) !== 0 || (arg & FAULT_PRESENT) === 0)) {
      this.#report(`OP_FAULT: page ${page} is present already`);
    }
    if (this.#strict && write && (bits & VMA_WRITE) === 0) {
      this.#report(`OP_FAULT: write to page ${page} of a read-only VMA`);
    }
    const grants = write && (bits & VMA_WRITE) !== 0;
    this.#pages[page] = bits | PRESENT | (grants ? WRITABLE : 0);
  }

  #wholeBlocks(op: number, first: number, count: number, arg: number): void {
    const name =
      op === OP_SPLIT ? 'OP_SPLIT' : op === OP_COLLAPSE ? 'OP_COLLAPSE' : 'OP_FAULT_HUGE';
    const span = `${name}: [${first}, ${first + count})`;
    if (first % BLOCK_PAGES !== 0 || count % BLOCK_PAGES !== 0) {
      this.#report(`${span} is not made of whole 2 MiB blocks`);
      return;
    }
    if (op === OP_FAULT_HUGE && count !== BLOCK_PAGES) this.#report(`${span} is not one block`);
    if (op !== OP_SPLIT && !this.#all(first, count, MAPPED)) {
      this.#report(`${span} is not wholly under a VMA`);
    }
    if (op === OP_FAULT_HUGE && this.#any(first, count, PRESENT)) {
      this.#report(`${span} has present pages`);
    }
    const write = op === OP_COLLAPSE || (arg & FAULT_WRITE) !== 0;
    for (let block = first / BLOCK_PAGES; block < (first + count) / BLOCK_PAGES; block++) {
      if (this.#strict && (this.#huge[block] === 1) !== (op === OP_SPLIT)) {
        this.#report(`${name}: block ${block} is ${op === OP_SPLIT ? 'not ' : ''}huge`);
      }
      this.#huge[block] = op === OP_SPLIT ? 0 : 1;
      if (op === OP_SPLIT) continue;
      const grants = write && this.#all(block * BLOCK_PAGES, BLOCK_PAGES, VMA_WRITE);
      this.#set(block * BLOCK_PAGES, BLOCK_PAGES, grants ? PRESENT | WRITABLE : PRESENT);
    }
  }

  /** Only the first and the last block of a range can be covered in part. */
  #partOfHuge(name: string, first: number, count: number): void {
    const end = first + count;
    const edges = new Set([Math.floor(first / BLOCK_PAGES), Math.floor((end - 1) / BLOCK_PAGES)]);
    for (const block of edges) {
      const whole = first <= block * BLOCK_PAGES && end >= (block + 1) * BLOCK_PAGES;
      if (this.#huge[block] === 1 && !whole) {
        this.#report(`${name}: [${first}, ${end}) covers part of block ${block}, which is huge`);
      }
    }
  }

  #all(first: number, count: number, bit: number): boolean {
    for (let page = first; page < first + count; page++) {
      if ((this.#pages[page]! & bit) === 0) return false;
    }
    return true;
  }

  #any(first: number, count: number, bit: number): boolean {
    for (let page = first; page < first + count; page++) {
      if ((this.#pages[page]! & bit) !== 0) return true;
    }
    return false;
  }

  #set(first: number, count: number, bits: number): void {
    for (let page = first; page < first + count; page++) this.#pages[page]! |= bits;
  }

  #clear(first: number, count: number, bits: number): void {
    for (let page = first; page < first + count; page++) this.#pages[page]! &= ~bits;
  }
}
