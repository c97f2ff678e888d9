/**
 * deposit: deposit and withdraw, as THP does it. Each 2 MiB block has one 4 KiB page parked for it; when
 * the OS breaks the block, the page is withdrawn and becomes its 4 KiB table, which cannot fail. A
 * collapse parks the emptied table again. Updates and splits are allocation-free; the price is the full
 * 2 MiB a GiB of a flat table, held even while everything is huge.
 *
 * prepay = 1 (default) parks all pages at registration, so that nothing at all is allocated later;
 * prepay = 0 parks a page when a block gets its first mapping (pgtable_trans_huge_deposit), so an update
 * of a new block may fail with ENOMEM, a split still cannot.
 *
 * Users: mm/huge_memory.c, khugepaged (catalogue S7). Source: mm/pgtable-generic.c.
 *
 * Protocol: the core holds the region's driver lock. The parked list is linked through the parked pages,
 * which no walker can reach; a page that comes back from a collapse is parked only after the fence.
 *
 *   parked + tables == blocks (prepay = 1)      parked + tables == blocks ever mapped (prepay = 0)
 *
 *   REGION_STRATEGY + 128   head of the parked list u32 | parked u32
 */

import { blockStop, tableEntry } from '../core/abi/block-slot';
import {
  count as countUp,
  deviceCacheInvalidate,
  deviceFence,
  deviceWrite,
  deviceZap,
  pageAlloc,
  pageFree,
  param,
} from '../core/abi/core';
import {
  blockCount,
  blockSlot,
  directoryClear,
  directoryFini,
  directoryInit,
  directoryTranslate,
  slotIsLeaf,
  slotIsTable,
  tableAddress,
  tableSlot,
  wordsAreHuge,
} from '../core/abi/directory';
import { ENTRY_NONE, entryOfWord } from '../core/abi/entry';
import { BLOCK_ORDER, BLOCK_PAGES, PAGE_BYTES, REGION_STRATEGY } from '../core/abi/layout';
import { writeSlots, zapSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, COUNT_COLLATERAL, ENOMEM, OK } from '../core/abi/terms';

const SITE_DIRECTORY: u32 = 0;
const SITE_DEPOSIT: u32 = 1;
const PARAM_PREPAY: u32 = 0;
const HEAD: usize = REGION_STRATEGY + 128;

/** Parks a page no walker can reach. */
function park(region: usize, page: usize): void {
  store<u32>(page, load<u32>(region + HEAD));
  store<u32>(region + HEAD, u32(page));
}

/** Takes a parked page and clears it; 0 only if nothing was deposited (prepay = 0). */
function withdraw(region: usize): usize {
  const page: usize = load<u32>(region + HEAD);
  if (page == 0) return 0;
  store<u32>(region + HEAD, load<u32>(page));
  memory.fill(page, 0, PAGE_BYTES);
  return page;
}

export function init(region: usize): i32 {
  if (region == 0) return OK;
  const result = directoryInit(region, SITE_DIRECTORY);
  if (result != OK || param(PARAM_PREPAY) == 0) return result;
  for (let i: u32 = 0; i < blockCount(region); i++) {
    const page = pageAlloc(CONTEXT_KERNEL, 0, SITE_DEPOSIT);
    if (page == 0) {
      fini(region);
      return ENOMEM;
    }
    park(region, page);
  }
  return OK;
}

/** A block that gets its first mapping deposits a page, unless all were deposited at registration. */
function deposit(region: usize): bool {
  if (param(PARAM_PREPAY) != 0) return true;
  const page = pageAlloc(CONTEXT_KERNEL, 0, SITE_DEPOSIT);
  if (page == 0) return false;
  park(region, page);
  return true;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let page = first;
  const end = first + count;
  while (page < end) {
    const stop = blockStop(page, end);
    const result = updateBlock(region, page, stop - page, words + ((page - first) << 3));
    if (result != OK) return result;
    page = stop;
  }
  return deviceFence();
}

function updateBlock(region: usize, page: u32, count: u32, words: usize): i32 {
  const slot = blockSlot(region, page >> 9);
  const old = load<u64>(slot);
  if (old == ENTRY_NONE && !deposit(region)) return ENOMEM;
  if (wordsAreHuge(words, count)) {
    atomic.store<u64>(slot, entryOfWord(load<u64>(words), BLOCK_ORDER));
    deviceWrite(1);
    if (slotIsTable(old)) {
      const result = deviceFence();
      park(region, tableAddress(old));
      return result;
    }
    return OK;
  }
  const table = slotIsTable(old) ? tableAddress(old) : withdraw(region);
  deviceWrite(writeSlots(tableEntry(table, page), count, words));
  if (!slotIsTable(old)) atomic.store<u64>(slot, tableSlot(table));
  // A leaf gave way to its table: pages the words leave out are not in it, so no cache may keep them.
  if (slotIsLeaf(old)) deviceCacheInvalidate(region, page & ~(BLOCK_PAGES - 1), BLOCK_PAGES);
  return OK;
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  let zapped: u32 = 0;
  let page = first;
  const end = first + count;
  while (page < end) {
    const stop = blockStop(page, end);
    zapped += invalidateBlock(region, page, stop - page);
    page = stop;
  }
  if (zapped == 0) return OK;
  deviceZap(zapped);
  deviceCacheInvalidate(region, first, count);
  return deviceFence();
}

/** Drops the block's part of the range; a leaf that the range touches becomes its (empty) 4 KiB table. */
function invalidateBlock(region: usize, page: u32, count: u32): u32 {
  const slot = blockSlot(region, page >> 9);
  const old = load<u64>(slot);
  if (slotIsLeaf(old)) {
    atomic.store<u64>(slot, tableSlot(withdraw(region)));
    countUp(COUNT_COLLATERAL, BLOCK_PAGES - count);
    return 1;
  }
  if (!slotIsTable(old)) return 0;
  return zapSlots(tableEntry(tableAddress(old), page), count);
}

export function translate(region: usize, page: u32): u64 {
  return directoryTranslate(region, page);
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {
  if (region == 0) return;
  let page: usize = load<u32>(region + HEAD);
  while (page != 0) {
    const next: usize = load<u32>(page);
    pageFree(page, 0);
    page = next;
  }
  store<u32>(region + HEAD, 0);
  directoryClear(region);
  directoryFini(region);
}
