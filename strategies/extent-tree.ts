/**
 * extent-tree: translations as ranges. Neighbouring pages with neighbouring frames and equal rights are
 * one extent in a B+tree, whatever their number; updates merge runs, invalidations trim and split them.
 * Memory follows fragmentation instead of size: a region of one run is one item, one of scattered 4 KiB
 * frames 16 bytes a page and more.
 *
 * Users: range translation in research (RMM) and range tables of software page tables; the kernel keeps
 * its own VMAs this way (catalogue S16's software trees). Source: Karakostas et al., "Redundant Memory
 * Mappings for Fast Access to Large Memories", ISCA 2015 (range table as a B-tree).
 *
 * Policy on failure: an update takes the nodes it could need before it changes anything (KERNEL), or
 * returns ENOMEM. A hole in an extent may need a node in the notifier: it comes from the spares, and when
 * there are none the extent's part behind the hole is dropped (degraded, collateral). maintain refills.
 *
 * Protocol: the core holds the region's driver lock; walkers use the tree's sequence lock and give up as
 * "not present" after a bounded wait (core/abi/extent-nodes.ts). The version moves before anything is
 * changed and after, so an update is seen whole or not at all.
 *
 *   pages == nodes + spares        items == extents; a node holds 255
 *
 *   REGION_STRATEGY   the tree
 */

import {
  count as countUp,
  deviceCacheInvalidate,
  deviceWriteFenced,
  deviceZapFenced,
  lockAcquire,
  lockRelease,
} from '../core/abi/core';
import { entryAdvance, entryOfWord, wordIsValid } from '../core/abi/entry';
import {
  ITEM_ENTRY,
  ITEM_PAGES,
  treeCanInsert,
  treeClose,
  treeDescend,
  treeExtent,
  treeFini,
  treeInit,
  treeInsert,
  treeLookup,
  treeOpen,
  treeRemove,
  treeSeek,
  treeTopUp,
} from '../core/abi/extent-nodes';
import { REGION_LOCK, REGION_STRATEGY } from '../core/abi/layout';
import {
  CONTEXT_KERNEL,
  CONTEXT_NOWAIT,
  COUNT_COLLATERAL,
  COUNT_DEGRADED,
  ENOMEM,
  OK,
} from '../core/abi/terms';

/** Spares maintain keeps for holes. */
const SPARES: u32 = 4;

function treeOf(region: usize): usize {
  return region + REGION_STRATEGY;
}

export function init(region: usize): i32 {
  if (region == 0) return OK;
  if (!treeTopUp(treeOf(region), 1, CONTEXT_KERNEL)) return ENOMEM;
  treeInit(treeOf(region));
  return OK;
}

/** Words of the run that begins at `index`: the next valid one and those that continue it. */
function runLength(words: usize, index: u32, count: u32): u32 {
  const word = load<u64>(words + (index << 3));
  let run: u32 = 1;
  while (index + run < count && load<u64>(words + ((index + run) << 3)) == word + u64(run)) run++;
  return run;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  const tree = treeOf(region);
  let runs: u32 = 0;
  let i: u32 = 0;
  while (i < count) {
    const valid = wordIsValid(load<u64>(words + (i << 3)));
    if (valid) runs++;
    i += valid ? runLength(words, i, count) : 1;
  }
  // Each run adds two items at most, a split leaves room for 127; four leaves and four levels at worst.
  if (!treeTopUp(tree, SPARES + 4 + runs / 32, CONTEXT_KERNEL)) return ENOMEM;
  treeOpen(tree);
  i = 0;
  while (i < count) {
    const word = load<u64>(words + (i << 3));
    if (!wordIsValid(word)) {
      i++;
      continue;
    }
    const run = runLength(words, i, count);
    const end = first + i + run;
    const gone = erase(tree, first + i, end);
    if (gone > end) deviceCacheInvalidate(region, end, gone - end);
    insert(tree, first + i, run, entryOfWord(word, 0));
    i += run;
  }
  treeClose(tree);
  return deviceWriteFenced(runs);
}

/** Enters a run where nothing is, joined with the extents of its leaf that it continues. */
function insert(tree: usize, first: u32, pages: u32, entry: u64): void {
  const at = treeDescend(tree, first);
  let left: usize = 0;
  if (at != 0) left = treeExtent(tree, at - 1);
  const right = treeExtent(tree, at);
  const joinsLeft = left != 0 && continues(left, first, entry);
  const joinsRight =
    right != 0 &&
    load<u32>(right) == first + pages &&
    load<u64>(right, ITEM_ENTRY) == entryAdvance(entry, pages);
  if (joinsLeft) {
    let more = pages;
    if (joinsRight) more += load<u32>(right, ITEM_PAGES);
    store<u32>(left, load<u32>(left, ITEM_PAGES) + more, ITEM_PAGES);
    if (joinsRight) treeRemove(tree, at);
  } else if (joinsRight) {
    store<u32>(right, first);
    store<u32>(right, load<u32>(right, ITEM_PAGES) + pages, ITEM_PAGES);
    store<u64>(right, entry, ITEM_ENTRY);
  } else if (treeCanInsert(tree)) {
    treeInsert(tree, at, first, pages, entry);
  }
}

/** Does the entry follow the extent's last page, in place and in frame? */
function continues(extent: usize, first: u32, entry: u64): bool {
  const pages = load<u32>(extent, ITEM_PAGES);
  if (load<u32>(extent) + pages != first) return false;
  return entryAdvance(load<u64>(extent, ITEM_ENTRY), pages) == entry;
}

/**
 * Takes pages first..end-1 out of the extents; returns the end of what went, which lies behind `end` when
 * there was no spare for the rest of an extent, or 0 when nothing was there.
 */
function erase(tree: usize, first: u32, end: u32): u32 {
  let gone: u32 = 0;
  let extent = treeSeek(tree, first);
  while (extent != 0 && load<u32>(extent) < end) {
    const start = load<u32>(extent);
    const stop = start + load<u32>(extent, ITEM_PAGES);
    const entry = load<u64>(extent, ITEM_ENTRY);
    gone = max<u32>(gone, min(stop, end));
    if (start < first) {
      store<u32>(extent, first - start, ITEM_PAGES);
      if (stop > end) return keepTail(tree, start, end, stop, entry);
    } else if (stop > end) {
      store<u32>(extent, end);
      store<u32>(extent, stop - end, ITEM_PAGES);
      store<u64>(extent, entryAdvance(entry, end - start), ITEM_ENTRY);
    } else {
      treeRemove(tree, treeDescend(tree, start) - 1);
    }
    extent = treeSeek(tree, first);
  }
  return gone;
}

/** Enters what an extent had behind the hole; returns the end of what is gone. */
function keepTail(tree: usize, start: u32, end: u32, stop: u32, entry: u64): u32 {
  const at = treeDescend(tree, end);
  if (treeCanInsert(tree)) {
    treeInsert(tree, at, end, stop - end, entryAdvance(entry, end - start));
    return end;
  }
  countUp(COUNT_DEGRADED, 1);
  countUp(COUNT_COLLATERAL, stop - end);
  return stop;
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const tree = treeOf(region);
  treeOpen(tree);
  const gone = erase(tree, first, first + count);
  treeClose(tree);
  if (gone == 0) return OK;
  return deviceZapFenced(region, first, max(gone - first, count), 1);
}

export function translate(region: usize, page: u32): u64 {
  return treeLookup(treeOf(region), page);
}

/** Refills the spares. */
export function maintain(region: usize): void {
  lockAcquire(region + REGION_LOCK);
  treeTopUp(treeOf(region), SPARES, CONTEXT_NOWAIT);
  lockRelease(region + REGION_LOCK);
}

export function fini(region: usize): void {
  if (region != 0) treeFini(treeOf(region));
}
