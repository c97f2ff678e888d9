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

import { pageAlloc, pageFree } from './core';
import { ENTRY_READ, entryAdvance } from './entry';
import { BLOCK_PAGES, REGION_PAGE_COUNT, REGION_STRATEGY } from './layout';
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
