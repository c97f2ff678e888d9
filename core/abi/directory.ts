/**
 * A region's directory of 2 MiB blocks, shared shape of the two-level strategies: one page a GiB, one
 * 64-bit slot a block. Compiled into each strategy that imports it; it holds no state of its own.
 *
 *   REGION_STRATEGY   page 0 | page 1 | ... | page 31     u32 addresses, one a GiB
 *   directory page    512 slots: none (0) | leaf of order 9 (READ set) | table (TABLE set, READ clear)
 *   table             512 entries of 4 KiB pages
 *
 * One aligned 64-bit store changes what a block is; a walker sees the old or the new slot. A table is
 * filled before it is linked, and freed (pageFreeDeferred) only after it is unlinked and fenced.
 */

import { pageAlloc, pageFree, pageFreeDeferred } from './core';
import { ENTRY_READ, entryAdvance, wordIsValid, wordOrder } from './entry';
import { BLOCK_ORDER, BLOCK_PAGES, REGION_PAGE_COUNT, REGION_STRATEGY } from './layout';
import { slotsAreEmpty } from './slots';
import { CONTEXT_KERNEL, EINVAL, ENOMEM, OK } from './terms';

/** Slot flag: the slot holds the address of a table. */
export const TABLE: u64 = 8;
const DIRECTORY_CAPACITY: u32 = 32;
const BLOCKS_PER_GIB: u32 = 512;

/** Number of blocks of the region. */
export function blockCount(region: usize): u32 {
  return load<u32>(region, REGION_PAGE_COUNT) / BLOCK_PAGES;
}

function directoryPages(region: usize): u32 {
  return (blockCount(region) + BLOCKS_PER_GIB - 1) / BLOCKS_PER_GIB;
}

/** Address of a block's slot. */
export function blockSlot(region: usize, block: u32): usize {
  const directory: usize = load<u32>(region + REGION_STRATEGY + ((block >> 9) << 2));
  return directory + ((block & (BLOCKS_PER_GIB - 1)) << 3);
}

/** Allocates the directory: OK, ENOMEM (nothing stays behind) or EINVAL (region above 32 GiB). */
export function directoryInit(region: usize, site: u32): i32 {
  const pages = directoryPages(region);
  if (pages > DIRECTORY_CAPACITY) return EINVAL;
  for (let i: u32 = 0; i < pages; i++) {
    const page = pageAlloc(CONTEXT_KERNEL, 0, site);
    if (page == 0) {
      directoryFini(region);
      return ENOMEM;
    }
    store<u32>(region + REGION_STRATEGY + (i << 2), u32(page));
  }
  return OK;
}

/** Frees the directory pages; the tables must be gone. */
export function directoryFini(region: usize): void {
  for (let i: u32 = 0; i < directoryPages(region); i++) {
    const slot = region + REGION_STRATEGY + (i << 2);
    const page: usize = load<u32>(slot);
    if (page != 0) pageFree(page, 0);
    store<u32>(slot, 0);
  }
}

export function slotIsTable(slot: u64): bool {
  return (slot & (TABLE | ENTRY_READ)) == TABLE;
}

export function slotIsLeaf(slot: u64): bool {
  return (slot & ENTRY_READ) != 0;
}

export function tableAddress(slot: u64): usize {
  return usize(slot & 0xfffff000);
}

export function tableSlot(table: usize): u64 {
  return u64(table) | TABLE;
}

/** The hardware walk: directory slot, then table entry. */
export function directoryTranslate(region: usize, page: u32): u64 {
  const slot = atomic.load<u64>(blockSlot(region, page >> 9));
  if (slotIsLeaf(slot)) return entryAdvance(slot, page & (BLOCK_PAGES - 1));
  if (!slotIsTable(slot)) return 0;
  return atomic.load<u64>(tableAddress(slot) + ((page & (BLOCK_PAGES - 1)) << 3));
}

/** Address of the page's entry; its block must have a table. */
export function entrySlot(region: usize, page: u32): usize {
  return tableAddress(load<u64>(blockSlot(region, page >> 9))) + ((page & (BLOCK_PAGES - 1)) << 3);
}

/** Do the words of an update ask for a 2 MiB leaf: a whole block the CPU maps by one mapping? */
export function wordsAreHuge(words: usize, count: u32): bool {
  const word = load<u64>(words);
  return count == BLOCK_PAGES && wordIsValid(word) && wordOrder(word) == BLOCK_ORDER;
}

/** First page that goes when `first` is the first page zapped: that of the leaf which holds it. */
export function zapFirst(region: usize, first: u32): u32 {
  const inLeaf = slotIsLeaf(load<u64>(blockSlot(region, first >> 9)));
  return inLeaf ? first & ~(BLOCK_PAGES - 1) : first;
}

/** End of what goes when `end` is the end of what is zapped. */
export function zapEnd(region: usize, end: u32): u32 {
  const inLeaf = slotIsLeaf(load<u64>(blockSlot(region, (end - 1) >> 9)));
  return inLeaf ? ((end - 1) | (BLOCK_PAGES - 1)) + 1 : end;
}

/** Gives every block a table, so that none is allocated later: OK, or ENOMEM and nothing stays behind. */
export function directoryFill(region: usize, site: u32): i32 {
  for (let block: u32 = 0; block < blockCount(region); block++) {
    const table = pageAlloc(CONTEXT_KERNEL, 0, site);
    if (table == 0) {
      directoryClear(region);
      return ENOMEM;
    }
    store<u64>(blockSlot(region, block), tableSlot(table));
  }
  return OK;
}

/** Frees all tables and empties all slots; no walker may be left. */
export function directoryClear(region: usize): void {
  for (let block: u32 = 0; block < blockCount(region); block++) {
    const slot = blockSlot(region, block);
    const old = load<u64>(slot);
    if (slotIsTable(old)) pageFree(tableAddress(old), 0);
    store<u64>(slot, 0);
  }
}

/**
 * Unlinks tables in which nothing is present, looking at `blocks` blocks from the one after the u32 at
 * `cursor` on. Returns how many; they are freed by the fence the caller makes, under the lock it holds,
 * which an answer of 0 spares whoever waits for that lock.
 */
export function directoryTrim(region: usize, cursor: usize, blocks: u32): u32 {
  const all = blockCount(region);
  let unlinked: u32 = 0;
  let block = load<u32>(cursor);
  for (let i: u32 = 0; i < min(all, blocks); i++) {
    block = block + 1 < all ? block + 1 : 0;
    const slot = blockSlot(region, block);
    const old = load<u64>(slot);
    if (!slotIsTable(old) || !slotsAreEmpty(tableAddress(old), BLOCK_PAGES)) continue;
    atomic.store<u64>(slot, 0);
    pageFreeDeferred(tableAddress(old));
    unlinked++;
  }
  store<u32>(cursor, block);
  return unlinked;
}
