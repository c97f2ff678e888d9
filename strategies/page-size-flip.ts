/**
 * page-size-flip: the whole region has one page size at a time. While every mapping is huge the table
 * holds one entry a 2 MiB block; the first 4 KiB mapping flips the region to 4 KiB entries, and when all
 * blocks have been huge (or empty) for a while it flips back. The same array serves both, provisioned for
 * 4 KiB, so nothing is allocated after registration; the price is that one break rewrites the region.
 *
 * Users: mlx5 dmabuf MRs, whose mkey changes log_page_size in place (catalogue S12). Source:
 * drivers/infiniband/hw/mlx5/umr.c mlx5r_umr_dmabuf_update_pgsz.
 *
 * Protocol: the core holds the region's driver lock. The array is reinterpreted under running walks, in
 * the five steps of the driver:
 *   1  the first X entries are made non-present; X is one 64-byte granule, what the largest size needs
 *   2  page size := the largest, which puts every page into entry 0: nothing translates
 *   3  the new entries are loaded, from X on
 *   4  page size := the wanted one
 *   5  the first X entries are loaded
 * The fence after step 2 ends the walks that took the old size with old entries, so step 3 may overwrite
 * them; the fence after step 4 ends those that took the largest size, so step 5 may fill entry 0. What a
 * page translates to is the same before and after, so caches may keep it until it is invalidated; at
 * 2 MiB that is always for the whole block, of which they may hold single pages from before the flip.
 *
 *   table bytes == 8 * pages + 8 * blocks, each child rounded up to pages
 *
 *   REGION_STRATEGY          child 0 | child 1 | ... | child 31      u32 addresses, one a GiB
 *   REGION_STRATEGY + 128    page order u32 | fine blocks u32 | rounds without one u32 | cursor u32
 *   child                    262,144 entries of the array | 512 shadow slots, one a block:
 *                            nothing 0 | huge: its 2 MiB leaf | fine: TABLE (what lies in the array)
 */

import { blockStop } from '../core/abi/block-slot';
import {
  count as countUp,
  deviceFence,
  deviceWrite,
  deviceWriteFenced,
  deviceZap,
  deviceZapFenced,
  lockAcquire,
  lockRelease,
  pageAllocExact,
  pageFreeExact,
  param,
} from '../core/abi/core';
import { slotIsLeaf, TABLE, wordsAreHuge } from '../core/abi/directory';
import { ENTRY_ORDER_SHIFT, entryAdvance, entryIsPresent, entryOfWord } from '../core/abi/entry';
import {
  CHILD_CAPACITY,
  childCount,
  childPages,
  childSlot,
  entryAddress,
} from '../core/abi/flat-table';
import {
  BLOCK_ORDER,
  BLOCK_PAGES,
  PAGE_BYTES,
  REGION_LOCK,
  REGION_PAGE_COUNT,
  REGION_STRATEGY,
} from '../core/abi/layout';
import { slotsAreEmpty, writeSlots, zapSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, COUNT_COLLATERAL, EINVAL, ENOMEM, OK } from '../core/abi/terms';

const SITE_TABLE: u32 = 0;
const PARAM_RETURN_ROUNDS: u32 = 0;
const ORDER: usize = REGION_STRATEGY + 128;
const FINE_BLOCKS: usize = REGION_STRATEGY + 132;
const QUIET_ROUNDS: usize = REGION_STRATEGY + 136;
const CURSOR: usize = REGION_STRATEGY + 140;
/** Page order that puts a whole region into entry 0. */
const LARGEST: u32 = 31;
/** X: entries of one 64-byte granule. */
const FIRST_ENTRIES: u32 = 8;
/** Entries of one UMR command at most (MLX5_MAX_UMR_CHUNK / 8). */
const CHUNK_ENTRIES: u32 = 131064;
const MAINTAIN_BLOCKS: u32 = 64;

function pageCount(region: usize): u32 {
  return load<u32>(region, REGION_PAGE_COUNT);
}

function blocksOf(pages: u32): u32 {
  return (pages + BLOCK_PAGES - 1) / BLOCK_PAGES;
}

/** Bytes of a child's array, a multiple of the page. */
function arrayBytes(region: usize, child: u32): u32 {
  return ((childPages(region, child) << 3) + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

function shadowSlot(region: usize, block: u32): usize {
  const child = block >> 9;
  const array: usize = load<u32>(childSlot(region, child));
  return array + arrayBytes(region, child) + ((block & 511) << 3);
}

export function init(region: usize): i32 {
  if (region == 0) return OK;
  if (childCount(region) > CHILD_CAPACITY) return EINVAL;
  store<u32>(region + ORDER, BLOCK_ORDER);
  for (let i: u32 = 0; i < childCount(region); i++) {
    const child = pageAllocExact(CONTEXT_KERNEL, arrayBytes(region, i) + PAGE_BYTES, SITE_TABLE);
    if (child == 0) {
      fini(region);
      return ENOMEM;
    }
    store<u32>(childSlot(region, i), u32(child));
  }
  return OK;
}

/** Changes the region's page size, in the five steps above; all blocks are huge or empty. */
function flip(region: usize, order: u32): i32 {
  zapSlots(entryAddress(region, 0), FIRST_ENTRIES);
  deviceZap(FIRST_ENTRIES);
  deviceFence();
  atomic.store<u32>(region + ORDER, LARGEST);
  deviceWrite(0);
  deviceFence();
  const entries = order == 0 ? pageCount(region) : blocksOf(pageCount(region));
  loadEntries(region, order, FIRST_ENTRIES, entries);
  for (let left = entries; left != 0; left -= min(left, CHUNK_ENTRIES)) {
    deviceWrite(min(left, CHUNK_ENTRIES));
    deviceFence();
  }
  atomic.store<u32>(region + ORDER, order);
  deviceWrite(0);
  deviceFence();
  loadEntries(region, order, 0, min(FIRST_ENTRIES, entries));
  return deviceWriteFenced(FIRST_ENTRIES);
}

/** Writes entries first..end-1 of the given page order from the shadow. */
function loadEntries(region: usize, order: u32, first: u32, end: u32): void {
  for (let i = first; i < end; i++) {
    const leaf = load<u64>(shadowSlot(region, order == 0 ? i >> 9 : i));
    let entry = leaf;
    if (order == 0 && leaf != 0) {
      const single = leaf & ~(u64(31) << ENTRY_ORDER_SHIFT);
      entry = entryAdvance(single, i & (BLOCK_PAGES - 1));
    }
    store<u64>(entryAddress(region, i), entry);
  }
}

/** Notes what a block is, and counts the fine ones. */
function setShadow(region: usize, block: u32, value: u64): void {
  const slot = shadowSlot(region, block);
  const fine = i32(value == TABLE) - i32(load<u64>(slot) == TABLE);
  store<u64>(slot, value);
  store<i32>(region + FINE_BLOCKS, load<i32>(region + FINE_BLOCKS) + fine);
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  const end = first + count;
  for (let page = first; page < end; page = blockStop(page, end)) {
    if (wordsAreHuge(words + ((page - first) << 3), blockStop(page, end) - page)) continue;
    if (load<u32>(region + ORDER) != 0) flip(region, 0);
  }
  let written: u32 = 0;
  for (let page = first; page < end; page = blockStop(page, end)) {
    const pages = blockStop(page, end) - page;
    const from = words + ((page - first) << 3);
    const huge = wordsAreHuge(from, pages);
    const leaf = huge ? entryOfWord(load<u64>(from), BLOCK_ORDER) : TABLE;
    setShadow(region, page >> 9, leaf);
    if (load<u32>(region + ORDER) == 0) {
      written += writeSlots(entryAddress(region, page), pages, from);
    } else {
      atomic.store<u64>(entryAddress(region, page >> 9), leaf);
      written++;
    }
  }
  return deviceWriteFenced(written);
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  let zapped: u32 = 0;
  const end = first + count;
  for (let page = first; page < end; page = blockStop(page, end)) {
    zapped += invalidateBlock(region, page, blockStop(page, end) - page);
  }
  if (zapped == 0) return OK;
  if (load<u32>(region + ORDER) == 0) return deviceZapFenced(region, first, count, zapped);
  const from = first & ~(BLOCK_PAGES - 1);
  const to = min(pageCount(region), ((end - 1) | (BLOCK_PAGES - 1)) + 1);
  return deviceZapFenced(region, from, to - from, zapped);
}

function invalidateBlock(region: usize, page: u32, count: u32): u32 {
  const block = page >> 9;
  const old = load<u64>(shadowSlot(region, block));
  if (old == 0) return 0;
  if (load<u32>(region + ORDER) != 0) {
    atomic.store<u64>(entryAddress(region, block), 0);
    setShadow(region, block, 0);
    countUp(COUNT_COLLATERAL, BLOCK_PAGES - count);
    return 1;
  }
  setShadow(region, block, count == BLOCK_PAGES ? 0 : TABLE);
  return zapSlots(entryAddress(region, page), count);
}

export function translate(region: usize, page: u32): u64 {
  const order = atomic.load<u32>(region + ORDER);
  const entry = atomic.load<u64>(entryAddress(region, page >> order));
  if (order == 0 || !entryIsPresent(entry)) return entry;
  return entryAdvance(entry, page & ((1 << order) - 1));
}

/** Forgets emptied fine blocks; flips back when none has been there for the planned rounds. */
export function maintain(region: usize): void {
  lockAcquire(region + REGION_LOCK);
  if (load<u32>(region + ORDER) == 0) {
    forgetEmpty(region);
    const quiet = load<u32>(region + FINE_BLOCKS) == 0;
    const rounds = quiet ? load<u32>(region + QUIET_ROUNDS) + 1 : 0;
    store<u32>(region + QUIET_ROUNDS, rounds);
    if (rounds >= u32(param(PARAM_RETURN_ROUNDS)) && quiet) {
      store<u32>(region + QUIET_ROUNDS, 0);
      flip(region, BLOCK_ORDER);
    }
  }
  lockRelease(region + REGION_LOCK);
}

function forgetEmpty(region: usize): void {
  const blocks = blocksOf(pageCount(region));
  let block = load<u32>(region + CURSOR);
  for (let i: u32 = 0; i < min(blocks, MAINTAIN_BLOCKS); i++) {
    block = block + 1 < blocks ? block + 1 : 0;
    if (slotIsLeaf(load<u64>(shadowSlot(region, block)))) continue;
    const pages = min(BLOCK_PAGES, pageCount(region) - block * BLOCK_PAGES);
    const empty = slotsAreEmpty(entryAddress(region, block * BLOCK_PAGES), pages);
    if (empty) setShadow(region, block, 0);
  }
  store<u32>(region + CURSOR, block);
}

export function fini(region: usize): void {
  if (region == 0) return;
  for (let i: u32 = 0; i < childCount(region); i++) {
    const child: usize = load<u32>(childSlot(region, i));
    if (child != 0) pageFreeExact(child, arrayBytes(region, i) + PAGE_BYTES);
    store<u32>(childSlot(region, i), 0);
  }
}
