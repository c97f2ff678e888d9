/**
 * What strategies do with the slot of one 2 MiB block (its shapes: directory.ts). Compiled into each
 * module that imports it; no state. The caller holds the lock of the block's region.
 */

import { count as countUp, deviceZapFenced, pageFreeDeferred } from './core';
import {
  blockSlot,
  slotIsLeaf,
  slotIsTable,
  tableAddress,
  tableSlot,
  wordsAreHuge,
  zapEnd,
  zapFirst,
} from './directory';
import { BLOCK_PAGES } from './layout';
import { expandLeaf, zapSlots } from './slots';
import { COUNT_COLLATERAL, OK } from './terms';

/** End of the part of page..end-1 that lies in the page's block. */
export function blockStop(page: u32, end: u32): u32 {
  return min(end, (page & ~(BLOCK_PAGES - 1)) + BLOCK_PAGES);
}

/** Address of a page's entry in the table of its block. */
export function tableEntry(table: usize, page: u32): usize {
  return table + ((page & (BLOCK_PAGES - 1)) << 3);
}

/** Tables an update could need at worst: one for each block it maps with 4 KiB leaves. */
export function tablesAtWorst(first: u32, count: u32, words: usize): u32 {
  let tables: u32 = 0;
  const end = first + count;
  for (let page = first; page < end; page = blockStop(page, end)) {
    if (!wordsAreHuge(words + ((page - first) << 3), blockStop(page, end) - page)) tables++;
  }
  return tables;
}

/**
 * Links a zeroed table where the block has none. A leaf is replaced by its 4 KiB entries, so every page
 * translates as before and no cache needs to know (fill-then-link, arch/x86/kvm/mmu/tdp_mmu.c).
 */
export function linkTable(slot: usize, table: usize): void {
  const old = load<u64>(slot);
  if (slotIsLeaf(old)) expandLeaf(table, old);
  atomic.store<u64>(slot, tableSlot(table));
}

/** Stores a leaf; a table it replaces is freed after the next fence. */
export function linkLeaf(slot: usize, leaf: u64): void {
  const old = load<u64>(slot);
  atomic.store<u64>(slot, leaf);
  if (slotIsTable(old)) pageFreeDeferred(tableAddress(old));
}

/**
 * Drops one block's part of a range without allocating: a leaf goes whole (the rest is counted as
 * collateral), entries of a table are zapped in place; with `freeTables` a table that the range covers
 * is unlinked and freed after the next fence. Returns the entries that were present; at least 1 when
 * something was unlinked, so that the caller fences.
 */
export function zapBlock(slot: usize, page: u32, count: u32, freeTables: bool): u32 {
  const old = load<u64>(slot);
  if (slotIsLeaf(old)) {
    atomic.store<u64>(slot, 0);
    countUp(COUNT_COLLATERAL, BLOCK_PAGES - count);
    return 1;
  }
  if (!slotIsTable(old)) return 0;
  const table = tableAddress(old);
  const zapped = zapSlots(tableEntry(table, page), count);
  if (!freeTables || count != BLOCK_PAGES) return zapped;
  atomic.store<u64>(slot, 0);
  pageFreeDeferred(table);
  return max<u32>(zapped, 1);
}

/**
 * `invalidate` of a strategy that keeps a directory and drops what the range touches. The caches are told
 * about all that goes: of a leaf they may still hold single pages from when its block had a table.
 */
export function zapBlocks(region: usize, first: u32, count: u32, freeTables: bool): i32 {
  let zapped: u32 = 0;
  const end = first + count;
  const from = zapFirst(region, first);
  const to = zapEnd(region, end);
  for (let page = first; page < end; page = blockStop(page, end)) {
    const slot = blockSlot(region, page >> 9);
    zapped += zapBlock(slot, page, blockStop(page, end) - page, freeTables);
  }
  // Under the lock: what is not in the table is in no cache either.
  if (zapped == 0) return OK;
  return deviceZapFenced(region, from, to - from, zapped);
}
