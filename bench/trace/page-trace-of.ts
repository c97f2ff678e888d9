import {
  EVENT_CLEAR,
  EVENT_PROTECTION_PAGE,
  EVENT_PROTECTION_VMA,
  EVENT_UNMAP,
  OP_EXIT,
  OP_MARK,
  REASON_BRK,
  REASON_COLLAPSE,
  REASON_COW,
  REASON_EXIT,
  REASON_FORK,
  REASON_MPROTECT,
  REASON_MREMAP,
  REASON_MUNMAP,
  REASON_SPLIT,
  REASON_WRITEBACK,
  VMA_HUGE,
} from '../../core/abi/trace-event.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { PageTrace } from '../workloads/page-trace.ts';
import { BLOCK_PAGES, DenseSpace } from './dense-space.ts';
import { PageModel, SOURCE_DERIVED, SOURCE_FILLED, SOURCE_RECORDED } from './page-model.ts';
import {
  FAULT_CODE_WRITE,
  MAP_PROT,
  PTE_MAPPED,
  PTE_MAPPED_HUGE,
  PTE_MOVED,
  RECORD_DERIVED_RANGE,
  RECORD_EXIT,
  RECORD_FAULT,
  RECORD_MAP,
  RECORD_MARK,
  RECORD_MOVE,
  RECORD_PROTECT,
  RECORD_PTE,
  RECORD_RANGE,
  RECORD_UNMAP,
} from './record.ts';
import type { RecordColumns } from './record-columns.ts';
import { selectSpace } from './space-selection.ts';
import { RESERVATION_PAGES, type SpaceSurvey, surveySpace } from './space-survey.ts';
import { spaceTimeline } from './space-timeline.ts';
import type { TraceFile } from './trace-file.ts';
import type { SpaceFacts, TraceMetadata } from './trace-metadata.ts';

/**
 * Measured: in a 20 ms poll of redis-server's page map, 41 % of 21 445 pairs of neighbouring 4 KiB pages
 * had neighbouring frames (in falling order). The recordings replayed here have no frame numbers.
 */
const CONTIGUITY_DEFAULT = 0.41;
/** PROT_READ also for PROT_EXEC; PROT_WRITE implies reading on x86. */
const READABLE = 5;

export interface PageTraceOptions {
  /** Process name (comm) or pid; the space with the most ranges by default. */
  readonly process?: string;
  /**
   * explicit: one device region per cluster of blocks, where more than 16 MiB of untouched address
   * space start a new cluster (default). implicit: one region over everything.
   */
  readonly regions?: 'explicit' | 'implicit';
  /** Name of the trace; the process's name by default. */
  readonly name?: string;
  readonly contiguity?: number;
}

/**
 * Turns one address space of an imported recording into what the core replays.
 *
 * - Page space: the 2 MiB blocks that an accessible map, a fault or a range below 1 GiB touches,
 *   packed in order of address. Areas without access (PROT_NONE reservations) are no memory: their
 *   VMA appears when mprotect first gives access.
 * - Order: a call's or fault's ranges come before its effect on the VMA or page (space-timeline.ts).
 * - Memory older than the recording gets an OP_MAP at time 0 where it is faulted or announced.
 * - Recordings without faults: announced pages are faulted before, spread over the time since their
 *   last change (`counts.faultsFilled`, at most 2 million; `faultsNotFilled` beyond); the description
 *   says so.
 * - Pages that leave without a recorded range (the process had no VM yet) get one (`rangesFilled`).
 * - Events carry `source`: 0 recorded, 1 derived, 2 filled in.
 *
 * @throws UsageError when no space fits `options.process` or the space holds no memory
 */
export function pageTraceOf(file: TraceFile, options: PageTraceOptions = {}): PageTrace {
  const { columns, metadata } = file;
  const space = selectSpace(metadata, options.process);
  const isRecorded = space.origin === 'recorded';
  const timeline = spaceTimeline(columns, space.space, isRecorded);
  const survey = surveySpace(columns, timeline);
  const dense = new DenseSpace(survey.blocks);
  const sources = metadata.sources.map((source) => source.name).join(' + ');
  if (dense.pageCount === 0) {
    throw new UsageError(`${sources}: process ${space.comm} (${space.pid}) touches no memory`);
  }
  // Polls tell when pages appear; beside the text of another recorder they are its snapshot at the start.
  const isPolled = metadata.sources.every(({ format }) => format === 'poll');
  const fillsFaults = survey.faults === 0 && !(isPolled && survey.polled > 0);
  const replay = new SpaceReplay(columns, space, survey, dense, fillsFaults);
  for (const record of timeline) replay.add(record);
  const { events, eventCount } = replay.model.events.finish();
  const isImplicit = options.regions === 'implicit';
  const whole = [{ firstPage: 0, pageCount: dense.pageCount }];
  return {
    name: options.name ?? space.comm,
    origin: space.origin,
    description: describe(space, metadata, fillsFaults ? replay.model.counts : {}),
    pageCount: dense.pageCount,
    regions: isImplicit ? whole : dense.regions(),
    events,
    eventCount,
    durationNs: Math.max(0, space.endNs - space.startNs),
    contiguity: options.contiguity ?? CONTIGUITY_DEFAULT,
    counts: { ...replay.model.counts, ...spaceCounts(space) },
  };
}

function spaceCounts(space: SpaceFacts): Record<string, number> {
  return { recordedRanges: space.ranges, derivedRanges: space.derivedRanges };
}

function describe(
  space: SpaceFacts,
  metadata: TraceMetadata,
  counts: Readonly<Record<string, number>>,
): string {
  const filled = (counts.faultsFilled ?? 0) + (counts.hugeFaultsFilled ?? 0);
  const sources = metadata.sources.map(({ name, format }) => `${name} (${format})`).join(' + ');
  const parts = [`${space.comm} (pid ${space.pid}) from ${sources}`];
  if (space.origin === 'derived') parts.push('ranges derived from calls and faults');
  if (filled > 0) parts.push(`${filled} page faults filled in, the recording has none`);
  return parts.join('; ');
}

class SpaceReplay {
  readonly model: PageModel;
  readonly #columns: RecordColumns;
  readonly #space: SpaceFacts;
  readonly #survey: SpaceSurvey;
  readonly #dense: DenseSpace;
  readonly #fillsFaults: boolean;
  /** Pages that an mremap range found present, to be touched again at the target. */
  #movedOffsets: number[] = [];
  #moveTarget = -1;

  constructor(
    columns: RecordColumns,
    space: SpaceFacts,
    survey: SpaceSurvey,
    dense: DenseSpace,
    fillsFaults: boolean,
  ) {
    this.#columns = columns;
    this.#space = space;
    this.#survey = survey;
    this.#dense = dense;
    this.#fillsFaults = fillsFaults;
    this.model = new PageModel(dense.pageCount);
    for (const { start, end } of survey.older.all()) {
      this.model.count('mapsOlderThanRecording');
      this.#map(start, end, 3, SOURCE_FILLED);
    }
  }

  add(record: number): void {
    const { op, page, pages, arg, reason } = this.#columns;
    const model = this.model;
    const timeNs = this.#columns.timeNs[record]! - this.#space.startNs;
    model.timeNs = Math.max(model.timeNs, timeNs);
    const start = page[record]!;
    const end = start + pages[record]!;
    const value = arg[record]!;
    const first = this.#dense.dense(start);
    const last = this.#dense.dense(end);
    switch (op[record]) {
      case RECORD_RANGE:
      case RECORD_DERIVED_RANGE:
        if (first < last) this.#range(record, first, last, reason[record]!);
        else model.count('rangesOutsideMemory');
        break;
      case RECORD_MAP:
        if (value & MAP_PROT) this.#map(start, end, rights(value), SOURCE_RECORDED);
        if (start === this.#moveTarget) this.#touchMoved(first);
        break;
      case RECORD_UNMAP:
        if (first < last) model.unmap(first, last, reason[record]!);
        break;
      case RECORD_PROTECT:
        if (first < last) this.#protect(start, end, rights(value));
        break;
      case RECORD_MOVE:
        this.#moveTarget = value;
        break;
      case RECORD_FAULT:
        this.#fault(record, start, (value & FAULT_CODE_WRITE) !== 0);
        break;
      case RECORD_PTE:
        this.#pte(start, end, value);
        break;
      case RECORD_MARK:
        model.events.push(model.timeNs, OP_MARK, 0, 1, value, 0, SOURCE_RECORDED);
        break;
      case RECORD_EXIT:
        this.#exit();
        break;
    }
  }

  /** Maps the touched parts; MADV_HUGEPAGE areas are VMAs of their own. */
  #map(start: number, end: number, arg: number, source: number): void {
    const cuts = this.#hugeCuts(start, end);
    for (let i = 1; i < cuts.length; i++) {
      const first = this.#dense.dense(cuts[i - 1]!);
      const last = this.#dense.dense(cuts[i]!);
      if (first >= last) continue;
      const isHuge = this.#isHugeVa(cuts[i - 1]!);
      this.model.map(first, last, isHuge ? arg | VMA_HUGE : arg, source);
    }
  }

  /** Rights change piece by piece: areas with and without MADV_HUGEPAGE may appear by it. */
  #protect(start: number, end: number, arg: number): void {
    const cuts = this.#hugeCuts(start, end);
    for (let i = 1; i < cuts.length; i++) {
      const first = this.#dense.dense(cuts[i - 1]!);
      const last = this.#dense.dense(cuts[i]!);
      const hugeBit = this.#isHugeVa(cuts[i - 1]!) ? VMA_HUGE : 0;
      if (first < last) this.model.protect(first, last, arg, hugeBit);
    }
  }

  #hugeCuts(start: number, end: number): number[] {
    const cuts = [start, end];
    for (const huge of this.#survey.huge.piecesIn(start, end)) cuts.push(huge.start, huge.end);
    return cuts.sort((left, right) => left - right);
  }

  #range(record: number, first: number, last: number, reason: number): void {
    const model = this.model;
    const isDerived = this.#columns.op[record] === RECORD_DERIVED_RANGE;
    const source = isDerived ? SOURCE_DERIVED : SOURCE_RECORDED;
    const isBlocks = first % BLOCK_PAGES === 0 && last % BLOCK_PAGES === 0;
    if (this.#fillsFaults && reason !== REASON_COLLAPSE) {
      const isSplit = reason === REASON_SPLIT;
      model.populate(first, last, isSplit);
    }
    if (reason === REASON_SPLIT && isBlocks) {
      model.split(first, last, source);
      return;
    }
    if (reason === REASON_COLLAPSE && isBlocks && model.collapse(first, last, reason, source)) {
      return;
    }
    if (reason === REASON_FORK) {
      model.fork(first, last, reason, source);
      return;
    }
    if (reason === REASON_MREMAP) {
      const offsets = model.presentOffsets(first, last);
      if (offsets.length > 0) this.#movedOffsets = offsets;
    }
    model.invalidate(first, last, eventOf(reason), reason, source);
    // The copy is mapped as its range ends; a recording with faults says so itself.
    if (reason === REASON_COW && this.#fillsFaults) {
      for (let page = first; page < last; page++) model.fault(page, true, SOURCE_FILLED);
    }
  }

  #fault(record: number, page: number, isWrite: boolean): void {
    const at = this.#dense.dense(page);
    const canBeHuge = this.#isHugeVa(page) && !this.#survey.smallFaults.has(record);
    if (canBeHuge && this.model.faultHuge(at, isWrite, SOURCE_RECORDED)) return;
    this.model.fault(at, isWrite, SOURCE_RECORDED);
  }

  #pte(start: number, end: number, change: number): void {
    if (end - start >= RESERVATION_PAGES) return;
    if (change === PTE_MAPPED_HUGE) {
      const first = this.#dense.dense(start);
      if (this.model.faultHuge(first, true, SOURCE_DERIVED)) return;
    } else if (change !== PTE_MAPPED && change !== PTE_MOVED) return;
    for (let page = start; page < end; page++) {
      this.model.fault(this.#dense.dense(page), true, SOURCE_DERIVED);
    }
  }

  /** The moved pages are present at the target without a fault; a whole block moved as one page. */
  #touchMoved(first: number): void {
    const moved = new Set(this.#movedOffsets.map((offset) => first + offset));
    for (const page of moved) {
      const blockEnd = page + BLOCK_PAGES;
      const isBlock = page % BLOCK_PAGES === 0 && this.#isInside(moved, page, blockEnd);
      if (isBlock && this.model.faultHuge(page, true, SOURCE_FILLED)) {
        for (let at = page; at < blockEnd; at++) moved.delete(at);
      } else if (page < this.#dense.pageCount) {
        this.model.fault(page, true, SOURCE_FILLED);
      }
    }
    this.#movedOffsets = [];
    this.#moveTarget = -1;
  }

  #isInside(pages: ReadonlySet<number>, first: number, end: number): boolean {
    for (let page = first; page < end; page++) if (!pages.has(page)) return false;
    return true;
  }

  #exit(): void {
    const { model } = this;
    const pageCount = this.#dense.pageCount;
    model.events.push(model.timeNs, OP_EXIT, 0, pageCount, 0, REASON_EXIT, SOURCE_RECORDED);
  }

  #isHugeVa(page: number): boolean {
    return this.#survey.huge.bitsAt(page) >= 0;
  }
}

function rights(bits: number): number {
  return (bits & READABLE ? 1 : 0) | (bits & 2 ? 3 : 0);
}

function eventOf(reason: number): number {
  switch (reason) {
    case REASON_MUNMAP:
    case REASON_MREMAP:
    case REASON_BRK:
      return EVENT_UNMAP;
    case REASON_MPROTECT:
      return EVENT_PROTECTION_VMA;
    case REASON_WRITEBACK:
      return EVENT_PROTECTION_PAGE;
    default:
      return EVENT_CLEAR;
  }
}
