import { BLOCK_PAGES, PAGE_BYTES } from '../../core/abi/layout.ts';
import type { MicroOperation, MicroRanges, MicroStep, MicroWords } from './micro-step.ts';

/** Pages of the region all operations work on: 1 GiB. */
export const MICRO_PAGES = 262_144;
/** Accesses of the draw table. */
export const MICRO_DRAWS = 65_536;
const BLOCK_BYTES = BLOCK_PAGES * PAGE_BYTES;
/** Pages that random and sequential hits fall into: 256 MiB, a table of 512 KiB. */
const HIT_PAGES = 65_536;
const TRANSLATES = 16_384;

function unmap(pages: number): MicroStep[] {
  const range = { first: 0, pages: BLOCK_PAGES, stride: BLOCK_PAGES, repeats: pages / BLOCK_PAGES };
  return [{ call: 'invalidate', event: 'unmap', ...range }, { call: 'maintain' }];
}

function mapAll(pages: number, words: MicroWords): MicroStep {
  const repeats = Math.ceil(pages / BLOCK_PAGES);
  return { call: 'update', words, first: 0, pages: BLOCK_PAGES, stride: BLOCK_PAGES, repeats };
}

/** Pages that `ranges` span, in whole blocks. */
function span({ pages, stride, repeats }: MicroRanges): number {
  return Math.ceil((stride * (repeats - 1) + pages) / BLOCK_PAGES) * BLOCK_PAGES;
}

interface RangeShape {
  readonly leafBytes: number;
  readonly leaves: number;
  readonly words: MicroWords;
  /** Operations of a batch; they follow each other without a gap. */
  readonly batchSize: number;
}

function rangesOf({ leafBytes, leaves, batchSize }: RangeShape): MicroRanges {
  const pages = (leafBytes * leaves) / PAGE_BYTES;
  return { first: 0, pages, stride: pages, repeats: batchSize };
}

/** Maps into an empty table; every batch ends with whole blocks unmapped, so tables go back as well. */
function map(shape: RangeShape): MicroOperation {
  const ranges = rangesOf(shape);
  const { leafBytes, leaves, batchSize, words } = shape;
  return {
    operation: 'map',
    leafBytes,
    leaves,
    batchSize,
    prepare: unmap(span(ranges)),
    timed: [{ call: 'update', words, ...ranges }],
    restore: unmap(span(ranges)),
    hits: null,
  };
}

function unmapOf(shape: RangeShape): MicroOperation {
  const ranges = rangesOf(shape);
  const { leafBytes, leaves, batchSize, words } = shape;
  const fill: MicroStep = { call: 'update', words, ...ranges };
  return {
    operation: 'unmap',
    leafBytes,
    leaves,
    batchSize,
    prepare: [...unmap(span(ranges)), fill],
    timed: [{ call: 'invalidate', event: 'unmap', ...ranges }],
    restore: [...unmap(span(ranges)), fill],
    hits: null,
  };
}

/** CLEAR over present 4 KiB pages, which come back: what reclaim, migration and COW send. */
function invalidateOf(pages: number, batchSize: number): MicroOperation {
  const ranges = { first: 0, pages, stride: pages, repeats: batchSize };
  const all = mapAll(span(ranges), 'scattered');
  return {
    operation: 'invalidate',
    leafBytes: PAGE_BYTES,
    leaves: pages,
    batchSize,
    prepare: [...unmap(span(ranges)), all],
    timed: [{ call: 'invalidate', event: 'clear', ...ranges }],
    restore: [all],
    hits: null,
  };
}

/** Update of a block whose 512 pages are present already. */
function rewrite(batchSize: number): MicroOperation {
  const all = mapAll(batchSize * BLOCK_PAGES, 'scattered');
  return {
    operation: 'update',
    leafBytes: PAGE_BYTES,
    leaves: BLOCK_PAGES,
    batchSize,
    prepare: [...unmap(batchSize * BLOCK_PAGES), all],
    timed: [all],
    restore: [],
    hits: null,
  };
}

/** The whole change of a block: its old mapping is cleared, the device brings the new one in. */
function exchange(operation: string, from: MicroWords, to: MicroWords, batchSize: number) {
  const pages = batchSize * BLOCK_PAGES;
  const blocks = { first: 0, pages: BLOCK_PAGES, stride: BLOCK_PAGES, repeats: batchSize };
  const restore = [...unmap(pages), mapAll(pages, from)];
  return {
    operation,
    leafBytes: BLOCK_BYTES,
    leaves: 1,
    batchSize,
    prepare: restore,
    timed: [{ call: 'invalidate', event: 'clear', ...blocks } as const, mapAll(pages, to)],
    restore,
    hits: null,
  };
}

/** The first half of a split alone: what the OS waits for. */
function splitNotice(batchSize: number): MicroOperation {
  const whole = exchange('split-notify', 'huge', 'scattered', batchSize);
  return { ...whole, timed: whole.timed.slice(0, 1) };
}

function translate(
  operation: string,
  order: 'sequential' | 'random',
  words: MicroWords | null,
): MicroOperation {
  const table = words === null ? [] : [mapAll(HIT_PAGES, words)];
  return {
    operation,
    leafBytes: words === 'huge' ? BLOCK_BYTES : PAGE_BYTES,
    leaves: 1,
    batchSize: TRANSLATES,
    prepare: [...unmap(HIT_PAGES), ...table, { call: 'draw', order, pages: HIT_PAGES }],
    timed: [{ call: 'translate', repeats: TRANSLATES }],
    restore: [],
    hits: words === null ? null : TRANSLATES,
  };
}

/** A device walk; with a cache of 1,024 entries and 512 pages in turn all but the first round hit it. */
function walk(operation: string, cacheEntries: number): MicroOperation {
  const pages = cacheEntries === 0 ? HIT_PAGES : BLOCK_PAGES;
  return {
    operation,
    leafBytes: PAGE_BYTES,
    leaves: 1,
    batchSize: TRANSLATES,
    prepare: [
      ...unmap(HIT_PAGES),
      mapAll(HIT_PAGES, 'scattered'),
      { call: 'draw', order: cacheEntries === 0 ? 'random' : 'sequential', pages },
    ],
    timed: [{ call: 'walk', repeats: TRANSLATES, cacheEntries }],
    restore: [],
    hits: TRANSLATES,
  };
}

const SMALL: RangeShape = {
  leafBytes: PAGE_BYTES,
  leaves: 1,
  words: 'scattered',
  batchSize: 2_048,
};
const HUGE: RangeShape = { leafBytes: BLOCK_BYTES, leaves: 1, words: 'huge', batchSize: 64 };
const MANY_SMALL: RangeShape = { ...SMALL, leaves: 256, batchSize: 64 };
const MANY_HUGE: RangeShape = { ...HUGE, leaves: 256, batchSize: 1 };
const CONTIGUOUS: readonly RangeShape[] = [2, 4, 8, 16, 32, 64, 128, 256].map((pages) => ({
  leafBytes: pages * PAGE_BYTES,
  leaves: 1,
  words: 'contiguous',
  batchSize: Math.max(64, 4_096 / pages),
}));
const SHAPES: readonly RangeShape[] = [SMALL, HUGE, MANY_SMALL, MANY_HUGE, ...CONTIGUOUS];

/** Operations of the micro table, in its order. */
export const MICRO_OPERATIONS: readonly MicroOperation[] = [
  translate('translate-random', 'random', 'scattered'),
  translate('translate-sequential', 'sequential', 'scattered'),
  translate('translate-random', 'random', 'huge'),
  translate('translate-miss', 'random', null),
  walk('walk', 0),
  walk('walk-cached', 1024),
  ...SHAPES.map(map),
  ...SHAPES.map(unmapOf),
  splitNotice(64),
  exchange('split', 'huge', 'scattered', 64),
  exchange('collapse', 'scattered', 'huge', 64),
  rewrite(64),
  invalidateOf(1, 2_048),
  invalidateOf(BLOCK_PAGES, 64),
];
