/**
 * software-xarray: a software tree keyed by page, as a driver without a hardware table keeps it. Nodes of
 * 64 slots come from a slab when the first page below them is stored and go with the last one. An update
 * that runs out of memory drops its whole range and relies on the refault; erasing never allocates.
 *
 * Users: lib/test_hmm.c, the kernel's own HMM mirror (catalogue S16). Source: lib/test_hmm.c
 * dmirror_do_fault; lib/xarray.c. A kernel node is 576 bytes: 64 slots and a 64-byte head.
 *
 * multiIndex = 1 stores a 2 MiB mapping as one multi-index entry: eight equal slots one level up, as
 * xa_store_order does; part of one is never cut out, it goes whole.
 *
 * Protocol: the core holds the region's driver lock; walkers hold nothing. A node is zero before one
 * store links it. An emptied node is unlinked and waits on the region's list until the fence (RCU's grace
 * period), then goes back to its slab page, and with the last of seven the page goes as well. Nodes lie
 * at the same places of every page, so a walk that is too late reads slots, never other bytes.
 *
 *   slab pages == ceil(nodes / 7)      nodes at 4 KiB, 1 GiB == 4096 + 64 + 1
 *
 *   REGION_STRATEGY   root u32 | its shift u32 | slab pages with a free node u32 | nodes to free u32
 *   node              64 slots | slots in use u32 | parent node u32 | parent's slot u32 | next to free u32
 */

import { blockStop } from '../core/abi/block-slot';
import {
  count as countUp,
  deviceCacheInvalidate,
  deviceFence,
  deviceWrite,
  deviceZap,
  param,
} from '../core/abi/core';
import { slotIsLeaf, slotIsTable, TABLE, wordsAreHuge } from '../core/abi/directory';
import { entryAdvance, entryOfWord, entryOrder, wordIsValid } from '../core/abi/entry';
import { BLOCK_ORDER, BLOCK_PAGES, REGION_PAGE_COUNT, REGION_STRATEGY } from '../core/abi/layout';
import { nodeAlloc, nodeFree } from '../core/abi/node-slab';
import { CONTEXT_ATOMIC, COUNT_COLLATERAL, ENOMEM, OK } from '../core/abi/terms';

const SITE_SLAB: u32 = 0;
const PARAM_MULTI_INDEX: u32 = 0;
const ROOT: usize = REGION_STRATEGY;
const ROOT_SHIFT: usize = REGION_STRATEGY + 4;
const PARTIAL: usize = REGION_STRATEGY + 8;
const RETIRED: usize = REGION_STRATEGY + 12;
const USED: usize = 512;
const PARENT: usize = 516;
const PARENT_SLOT: usize = 520;
const NEXT_RETIRED: usize = 524;
/** A multi-index entry of order 9 fills this many slots of shift 6. */
const SIBLINGS: u32 = 8;

export function init(region: usize): i32 {
  if (region == 0) return OK;
  const last = load<u32>(region, REGION_PAGE_COUNT) - 1;
  let shift: u32 = 0;
  while (last >> shift >= 64) shift += 6;
  store<u32>(region + ROOT_SHIFT, shift);
  return OK;
}

/** Fences, then frees the nodes that were unlinked before. */
function fenceAndFree(region: usize): i32 {
  const result = deviceFence();
  let node: usize = load<u32>(region + RETIRED);
  store<u32>(region + RETIRED, 0);
  while (node != 0) {
    const next: usize = load<u32>(node + NEXT_RETIRED);
    nodeFree(region + PARTIAL, node);
    node = next;
  }
  return result;
}

function nodeOf(slot: u64): usize {
  return usize(slot & 0xffffffc0);
}

/** Unlinks the node, and its parents while they become empty. */
function retire(region: usize, node: usize): void {
  while (node != 0) {
    const parent: usize = load<u32>(node + PARENT);
    const slot: usize = load<u32>(node + PARENT_SLOT);
    if (parent == 0) atomic.store<u32>(region + ROOT, 0);
    else atomic.store<u64>(slot, 0);
    store<u32>(node + NEXT_RETIRED, load<u32>(region + RETIRED));
    store<u32>(region + RETIRED, u32(node));
    if (parent == 0) return;
    const used = load<u32>(parent + USED) - 1;
    store<u32>(parent + USED, used);
    node = used == 0 ? parent : 0;
  }
}

/** The node of `shift` that holds the page's slot, allocated on the way; 0 when memory is out. */
function makeNode(region: usize, page: u32, shift: u32): usize {
  let node: usize = load<u32>(region + ROOT);
  if (node == 0) {
    node = nodeAlloc(region + PARTIAL, CONTEXT_ATOMIC, SITE_SLAB);
    if (node == 0) return 0;
    atomic.store<u32>(region + ROOT, u32(node));
  }
  for (let at = load<u32>(region + ROOT_SHIFT); at > shift; at -= 6) {
    const slot = node + (((page >> at) & 63) << 3);
    const old = load<u64>(slot);
    if (slotIsTable(old)) {
      node = nodeOf(old);
      continue;
    }
    const child = nodeAlloc(region + PARTIAL, CONTEXT_ATOMIC, SITE_SLAB);
    if (child == 0) {
      if (load<u32>(node + USED) == 0) retire(region, node);
      return 0;
    }
    store<u32>(child + PARENT, u32(node));
    store<u32>(child + PARENT_SLOT, u32(slot));
    atomic.store<u64>(slot, u64(child) | TABLE);
    store<u32>(node + USED, load<u32>(node + USED) + 1);
    node = child;
  }
  return node;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let written: u32 = 0;
  const end = first + count;
  for (let page = first; page < end; page = blockStop(page, end)) {
    const pages = blockStop(page, end) - page;
    const from = words + ((page - first) << 3);
    const huge = param(PARAM_MULTI_INDEX) != 0 && wordsAreHuge(from, pages);
    dropLeaf(region, page, huge);
    const stored = huge ? storeHuge(region, page, from) : storePages(region, page, pages, from);
    if (stored < 0) {
      deviceZap(erase(region, first, end));
      deviceCacheInvalidate(region, first, count);
      fenceAndFree(region);
      return ENOMEM;
    }
    written += stored;
  }
  deviceWrite(written);
  return fenceAndFree(region);
}

/** Makes way for entries of the other size in the page's block. */
function dropLeaf(region: usize, page: u32, huge: bool): void {
  const block = page & ~(BLOCK_PAGES - 1);
  if (param(PARAM_MULTI_INDEX) == 0) return;
  if (huge != slotIsLeaf(find(region, page, 6)) && erase(region, block, block + BLOCK_PAGES) != 0) {
    deviceZap(1);
    deviceCacheInvalidate(region, block, BLOCK_PAGES);
  }
}

/** Number of entries stored, or -1 when memory is out. */
function storePages(region: usize, page: u32, count: u32, words: usize): i32 {
  let stored: i32 = 0;
  let node: usize = 0;
  for (let i: u32 = 0; i < count; i++) {
    const word = load<u64>(words + (i << 3));
    if (((page + i) & 63) == 0) node = 0;
    if (!wordIsValid(word)) continue;
    if (node == 0) node = makeNode(region, page + i, 0);
    if (node == 0) return -1;
    const slot = node + (((page + i) & 63) << 3);
    if (load<u64>(slot) == 0) store<u32>(node + USED, load<u32>(node + USED) + 1);
    atomic.store<u64>(slot, entryOfWord(word, 0));
    stored++;
  }
  return stored;
}

function storeHuge(region: usize, page: u32, words: usize): i32 {
  const node = makeNode(region, page, 6);
  if (node == 0) return -1;
  const slot = node + (((page >> 6) & 63) << 3);
  if (load<u64>(slot) == 0) store<u32>(node + USED, load<u32>(node + USED) + SIBLINGS);
  const entry = entryOfWord(load<u64>(words), BLOCK_ORDER);
  for (let i: u32 = 0; i < SIBLINGS; i++) atomic.store<u64>(slot + (i << 3), entry);
  return 1;
}

/** The slot's value at `shift` (or above, where the tree ends earlier); 0 when there is none. */
function find(region: usize, page: u32, shift: u32): u64 {
  let at = load<u32>(region + ROOT_SHIFT);
  let node: usize = atomic.load<u32>(region + ROOT);
  while (node != 0) {
    const slot = atomic.load<u64>(node + (((page >> at) & 63) << 3));
    if (at <= shift || !slotIsTable(slot)) return slot;
    node = nodeOf(slot);
    at -= 6;
  }
  return 0;
}

/** Erases pages page..end-1 without allocating; returns the entries that were present. */
function erase(region: usize, page: u32, end: u32): u32 {
  let erased: u32 = 0;
  while (page < end) {
    let at = load<u32>(region + ROOT_SHIFT);
    let node: usize = load<u32>(region + ROOT);
    if (node == 0) return erased;
    let slot = node + (((page >> at) & 63) << 3);
    while (at > 0 && slotIsTable(load<u64>(slot))) {
      node = nodeOf(load<u64>(slot));
      at -= 6;
      slot = node + (((page >> at) & 63) << 3);
    }
    let next = ((page >> at) + 1) << at;
    if (slotIsLeaf(load<u64>(slot))) {
      let slots: u32 = 1;
      if (at != 0) {
        next = (page | (BLOCK_PAGES - 1)) + 1;
        slot = node + (((page >> at) & 63 & ~(SIBLINGS - 1)) << 3);
        slots = SIBLINGS;
        countUp(COUNT_COLLATERAL, BLOCK_PAGES - (min(end, next) - page));
      }
      for (let i: u32 = 0; i < slots; i++) atomic.store<u64>(slot + (i << 3), 0);
      erased++;
      const used = load<u32>(node + USED) - slots;
      store<u32>(node + USED, used);
      if (used == 0) retire(region, node);
    }
    page = next;
  }
  return erased;
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const erased = erase(region, first, first + count);
  if (erased == 0) return OK;
  deviceZap(erased);
  deviceCacheInvalidate(region, first, count);
  return fenceAndFree(region);
}

export function translate(region: usize, page: u32): u64 {
  const entry = find(region, page, 0);
  if (entryOrder(entry) != BLOCK_ORDER) return entry;
  return entryAdvance(entry, page & (BLOCK_PAGES - 1));
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {
  if (region == 0) return;
  const root: usize = load<u32>(region + ROOT);
  if (root != 0) freeTree(region, root);
  store<u32>(region + ROOT, 0);
}

function freeTree(region: usize, node: usize): void {
  for (let i: u32 = 0; i < 64; i++) {
    const slot = load<u64>(node + (i << 3));
    if (slotIsTable(slot)) freeTree(region, nodeOf(slot));
  }
  nodeFree(region + PARTIAL, node);
}
