import { UsageError } from '../../results/usage-error.ts';
import { VmaMap } from '../import/vma-map.ts';
import { BLOCK_PAGES } from './dense-space.ts';
import {
  FAULT_CODE_PRESENT,
  MADV_HUGEPAGE,
  MAP_PROT,
  PTE_MAPPED,
  PTE_MAPPED_HUGE,
  PTE_MOVED,
  RECORD_ADVISE,
  RECORD_DERIVED_RANGE,
  RECORD_FAULT,
  RECORD_MAP,
  RECORD_PROTECT,
  RECORD_PTE,
  RECORD_RANGE,
  RECORD_UNMAP,
} from './record.ts';
import type { RecordColumns } from './record-columns.ts';

/** Ranges, maps and polled pieces from 1 GiB on touch only what else is touched: they are reservations. */
export const RESERVATION_PAGES = 2 ** 30 / 4096;

/** 32 GiB: the core keeps a record of each page. */
const BLOCKS_MAX = 2 ** 14;

/** What a first pass over a space finds; all numbers are virtual pages. */
export interface SpaceSurvey {
  /** 2 MiB blocks that hold memory. */
  readonly blocks: ReadonlySet<number>;
  /** Memory that was there before the recording: no map of it was seen. */
  readonly older: VmaMap;
  /** Where MADV_HUGEPAGE asked for 2 MiB pages at any time. */
  readonly huge: VmaMap;
  /** Fault records in such areas that cannot have brought a 2 MiB page. */
  readonly smallFaults: ReadonlySet<number>;
  readonly faults: number;
  /** Appearances of pages that a poll of the page map saw. */
  readonly polled: number;
}

/**
 * Surveys the records of one space, given in the order of spaceTimeline.
 * @throws UsageError when they touch more than 32 GiB
 */
export function surveySpace(columns: RecordColumns, timeline: Uint32Array): SpaceSurvey {
  const survey = new Survey(columns);
  for (const record of timeline) survey.add(record);
  return survey.finish();
}

class Survey {
  readonly #columns: RecordColumns;
  readonly #blocks = new Set<number>();
  readonly #vmas = new VmaMap();
  /** Whatever was mapped or unmapped so far. */
  readonly #everMapped = new VmaMap();
  readonly #unknown = new VmaMap();
  readonly #huge = new VmaMap();
  readonly #smallFaults = new Set<number>();
  /** Fault that may have brought a 2 MiB page, by block; -1 when it certainly did not. */
  readonly #firstFault = new Map<number, number>();
  #faults = 0;
  #polled = 0;

  constructor(columns: RecordColumns) {
    this.#columns = columns;
  }

  add(record: number): void {
    const { op, page, pages, arg } = this.#columns;
    const start = page[record]!;
    const end = start + pages[record]!;
    switch (op[record]) {
      case RECORD_MAP:
        this.#vmas.map(start, end, arg[record]! & MAP_PROT);
        this.#everMapped.map(start, end, 0);
        if (arg[record]! & MAP_PROT && end - start < RESERVATION_PAGES) this.#touch(start, end);
        break;
      case RECORD_UNMAP:
        this.#vmas.unmap(start, end);
        this.#everMapped.map(start, end, 0);
        break;
      case RECORD_PROTECT:
        if (arg[record]! & MAP_PROT && end - start < RESERVATION_PAGES) this.#touch(start, end);
        this.#addUnknown(start, end);
        this.#vmas.change(start, end, () => arg[record]! & MAP_PROT);
        break;
      case RECORD_ADVISE:
        if (arg[record] === MADV_HUGEPAGE) this.#huge.map(start, end, 0);
        break;
      case RECORD_RANGE:
      case RECORD_DERIVED_RANGE:
        this.#range(start, end);
        break;
      case RECORD_FAULT:
        this.#fault(record, start, (arg[record]! & FAULT_CODE_PRESENT) !== 0);
        break;
      case RECORD_PTE:
        this.#pte(start, end, arg[record]!);
        break;
    }
  }

  finish(): SpaceSurvey {
    const older = new VmaMap();
    // Within a block, what lies between two older pages and was never mapped is older as well.
    for (const piece of this.#unknown.all()) {
      for (let block = floorBlock(piece.start); block < piece.end; block += BLOCK_PAGES) {
        const inBlock = this.#unknown.piecesIn(block, block + BLOCK_PAGES);
        const first = inBlock[0]!.start;
        const last = inBlock[inBlock.length - 1]!.end;
        const keep = new VmaMap();
        keep.map(first, last, 0);
        for (const mapped of this.#everMapped.piecesIn(first, last)) {
          keep.unmap(mapped.start, mapped.end);
        }
        for (const { start, end } of [...keep.all(), ...inBlock]) older.map(start, end, 0);
      }
    }
    return {
      blocks: this.#blocks,
      older,
      huge: this.#huge,
      smallFaults: this.#smallFaults,
      faults: this.#faults,
      polled: this.#polled,
    };
  }

  #range(start: number, end: number): void {
    this.#forgetFaults(start, end);
    if (end - start >= RESERVATION_PAGES) return;
    // A reservation without access holds no memory, even if a range runs over it.
    for (const piece of this.#vmas.piecesIn(start, end)) {
      if (piece.bits !== 0) this.#touch(piece.start, piece.end);
    }
    for (const piece of this.#addUnknown(start, end)) this.#touch(piece.start, piece.end);
  }

  #fault(record: number, page: number, isPresent: boolean): void {
    this.#faults++;
    this.#touch(page, page + 1);
    this.#addUnknown(page, page + 1);
    if (isPresent || this.#huge.bitsAt(page) < 0) return;
    const block = Math.floor(page / BLOCK_PAGES);
    const first = this.#firstFault.get(block);
    if (first === undefined) {
      this.#firstFault.set(block, record);
      return;
    }
    if (first >= 0) this.#smallFaults.add(first);
    this.#smallFaults.add(record);
    this.#firstFault.set(block, -1);
  }

  #pte(start: number, end: number, change: number): void {
    if (end - start >= RESERVATION_PAGES) return;
    if (change !== PTE_MAPPED && change !== PTE_MAPPED_HUGE && change !== PTE_MOVED) return;
    this.#polled++;
    this.#touch(start, end);
    this.#addUnknown(start, end);
  }

  /** A whole block that is announced may be faulted as a huge page again. */
  #forgetFaults(start: number, end: number): void {
    if (this.#firstFault.size === 0) return;
    for (const block of this.#firstFault.keys()) {
      const first = block * BLOCK_PAGES;
      if (start <= first && end >= first + BLOCK_PAGES) this.#firstFault.delete(block);
    }
  }

  /** Notes the parts that were never mapped as older than the recording; returns them. */
  #addUnknown(start: number, end: number): { start: number; end: number }[] {
    if (this.#vmas.covers(start, end)) return [];
    const gaps = new VmaMap();
    gaps.map(start, end, 0);
    for (const piece of this.#everMapped.piecesIn(start, end)) gaps.unmap(piece.start, piece.end);
    const found = gaps.all();
    for (const gap of found) {
      this.#unknown.map(gap.start, gap.end, 0);
      this.#vmas.map(gap.start, gap.end, 3);
    }
    return found;
  }

  #touch(start: number, end: number): void {
    const last = Math.floor((end - 1) / BLOCK_PAGES);
    for (let block = Math.floor(start / BLOCK_PAGES); block <= last; block++) {
      this.#blocks.add(block);
    }
    if (this.#blocks.size > BLOCKS_MAX) {
      throw new UsageError(
        `the process touches more than ${BLOCKS_MAX / 512} GiB: expected a recording of less memory, or another process`,
      );
    }
  }
}

function floorBlock(page: number): number {
  return page - (page % BLOCK_PAGES);
}
