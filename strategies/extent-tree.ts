/**
 * extent-tree: translations as ranges. Neighbouring pages with neighbouring frames and equal rights are
 * one extent of a copy-on-write B+tree, whatever their number; updates merge runs, invalidations trim and
 * split them. Memory follows fragmentation instead of size: a region of one run is one page of table, one
 * of scattered 4 KiB frames 16 bytes a page and more.
 *
 * Users: range translation in research (RMM) and range tables of software page tables; the kernel keeps
 * its own VMAs in such a tree, read without locks (catalogue S16's software trees). Source: Karakostas et
 * al., "Redundant Memory Mappings for Fast Access to Large Memories", ISCA 2015; lib/maple_tree.c.
 *
 * Policy on failure: an update whose nodes cannot be had forgets its draft and returns ENOMEM; nothing has
 * changed. A hole in an extent needs a copied path in the notifier: its nodes come from the spares, and
 * when those run out the smaller rest beside the hole is dropped (degraded, collateral). maintain refills.
 *
 * Protocol (core/abi/extent-nodes.ts): the core holds the region's driver lock around update and
 * invalidate; walkers take none. An update is a draft published by one store of the root; trims and kills
 * are one store each. Replaced nodes go with the fence that ends the call.
 *   walker loads the old root | update copies the path, stores the root, fences | old leaf is freed |
 *   walker reads the freed leaf | the device's epoch has moved: the walk is not used, and done again
 *
 *   table pages == nodes; a leaf holds 254 extents      reserve pages == spares <= parameter spare
 *
 *   REGION_STRATEGY   the tree
 */

import {
  count as countUp,
  deviceWrite,
  deviceWriteFenced,
  deviceZapFenced,
  lockAcquire,
  lockRelease,
  param,
} from '../core/abi/core';
import { entryOfWord, wordIsValid } from '../core/abi/entry';
import {
  biasOf,
  endOf,
  firstOf,
  insertItem,
  item,
  items,
  killExtent,
  rank,
  removeItems,
  setExtent,
  treeAbort,
  treeBound,
  treeCommit,
  treeFini,
  treeLookup,
  treeOpen,
  treePrepare,
  treeSeek,
  treeTopUp,
  treeTrim,
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

const PARAM_SPARE: u32 = 0;
/** What an invalidation took, which may be more than was asked. */
const GONE_FIRST: usize = REGION_STRATEGY + 128;
const GONE_END: usize = REGION_STRATEGY + 132;

function treeOf(region: usize): usize {
  return region + REGION_STRATEGY;
}

export function init(region: usize): i32 {
  if (region == 0) return OK;
  if (treeTopUp(treeOf(region), u32(param(PARAM_SPARE)), CONTEXT_KERNEL)) return OK;
  treeFini(treeOf(region));
  return ENOMEM;
}

/** Words from `index` on that continue one another. */
function runLength(words: usize, index: u32, count: u32): u32 {
  const word = load<u64>(words + (index << 3));
  let run: u32 = 1;
  while (index + run < count && load<u64>(words + ((index + run) << 3)) == word + u64(run)) run++;
  return run;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  const tree = treeOf(region);
  treeOpen(tree, false);
  let entered = false;
  let i: u32 = 0;
  while (i < count) {
    const word = load<u64>(words + (i << 3));
    if (!wordIsValid(word)) {
      i++;
      continue;
    }
    const run = runLength(words, i, count);
    if (!enter(tree, first + i, first + i + run, entryOfWord(word, 0))) {
      treeAbort(tree);
      return ENOMEM;
    }
    entered = true;
    i += run;
  }
  return entered ? deviceWriteFenced(treeCommit(tree)) : OK;
}

/** Enters a run into the draft, one piece a leaf; false: no memory. */
function enter(tree: usize, first: u32, end: u32, entry: u64): bool {
  const bias = biasOf(first, entry);
  for (let page = first; page < end; ) {
    const leaf = treePrepare(tree, page);
    if (leaf == 0) return false;
    const stop = min(end, treeBound(tree));
    join(leaf, clear(leaf, page, stop), page, stop, bias);
    page = stop;
  }
  return true;
}

/** Takes a range out of a draft leaf's extents; returns where an item for it belongs. */
function clear(leaf: usize, first: u32, end: u32): u32 {
  let at = rank(leaf, first);
  if (at > 0) {
    const left = item(leaf, at - 1);
    const stop = endOf(left);
    if (stop > end) insertItem(leaf, at, end, stop - end, load<u64>(left, 8));
    if (firstOf(left) == first) removeItems(leaf, --at, at + 1);
    else if (stop > first) setExtent(left, firstOf(left), first);
  }
  let gone = at;
  while (gone < items(leaf) && endOf(item(leaf, gone)) <= end) gone++;
  removeItems(leaf, at, gone);
  if (at < items(leaf) && firstOf(item(leaf, at)) < end) {
    setExtent(item(leaf, at), end, endOf(item(leaf, at)));
  }
  return at;
}

/** Enters a run where nothing is, joined with the extents of the draft leaf that it continues. */
function join(leaf: usize, at: u32, first: u32, end: u32, bias: u64): void {
  const left = item(leaf, at - 1);
  const right = item(leaf, at);
  const joinsLeft = at > 0 && endOf(left) == first && load<u64>(left, 8) == bias;
  const joinsRight = at < items(leaf) && firstOf(right) == end && load<u64>(right, 8) == bias;
  if (joinsLeft && joinsRight) {
    setExtent(left, firstOf(left), endOf(right));
    removeItems(leaf, at, at + 1);
  } else if (joinsLeft) setExtent(left, firstOf(left), end);
  else if (joinsRight) setExtent(right, first, endOf(right));
  else insertItem(leaf, at, first, end - first, bias);
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const tree = treeOf(region);
  const end = first + count;
  store<u32>(region + GONE_FIRST, first);
  store<u32>(region + GONE_END, end);
  let zapped: u32 = 0;
  for (let page = first; page < end; ) {
    const leaf = treeSeek(tree, page);
    const stop = min(end, treeBound(tree));
    if (leaf != 0) zapped += zapLeaf(region, leaf, page, stop);
    page = stop;
  }
  if (zapped == 0) return OK;
  const from = load<u32>(region + GONE_FIRST);
  return deviceZapFenced(region, from, load<u32>(region + GONE_END) - from, zapped);
}

/** Trims and kills the extents of a published leaf; returns how many lost pages. */
function zapLeaf(region: usize, leaf: usize, first: u32, end: u32): u32 {
  let zapped: u32 = 0;
  for (let i = max(rank(leaf, first), 1) - 1; i < items(leaf); i++) {
    const extent = item(leaf, i);
    const start = firstOf(extent);
    const stop = endOf(extent);
    if (start >= end) break;
    if (stop <= first || stop == start) continue;
    zapped++;
    if (start >= first && stop <= end) killExtent(leaf, extent);
    else if (start >= first) setExtent(extent, end, stop);
    else if (stop <= end) setExtent(extent, start, first);
    else if (!cut(treeOf(region), first, end)) keepLarger(region, extent, first, end);
  }
  treeTrim(treeOf(region), leaf);
  return zapped;
}

/** Makes a hole in an extent by a draft of spare pages; false when there are too few of them. */
function cut(tree: usize, first: u32, end: u32): bool {
  treeOpen(tree, true);
  const leaf = treePrepare(tree, first);
  if (leaf == 0) treeAbort(tree);
  else {
    clear(leaf, first, end);
    deviceWrite(treeCommit(tree));
  }
  return leaf != 0;
}

/** Trims an extent with a hole to the larger of its rests: no memory needed, the smaller one refaults. */
function keepLarger(region: usize, extent: usize, first: u32, end: u32): void {
  const start = firstOf(extent);
  const stop = endOf(extent);
  countUp(COUNT_DEGRADED, 1);
  countUp(COUNT_COLLATERAL, min(first - start, stop - end));
  if (first - start >= stop - end) {
    store<u32>(region + GONE_END, stop);
    setExtent(extent, start, first);
  } else {
    store<u32>(region + GONE_FIRST, start);
    setExtent(extent, end, stop);
  }
}

export function translate(region: usize, page: u32): u64 {
  return treeLookup(treeOf(region), page);
}

/** Refills the spares with NOWAIT: the notifier waits for this lock, and would pay for a reclaim. */
export function maintain(region: usize): void {
  lockAcquire(region + REGION_LOCK);
  treeTopUp(treeOf(region), u32(param(PARAM_SPARE)), CONTEXT_NOWAIT);
  lockRelease(region + REGION_LOCK);
}

export function fini(region: usize): void {
  if (region != 0) treeFini(treeOf(region));
}
