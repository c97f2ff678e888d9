/**
 * coarse-zap: kill more than asked and let it fault back. A 2 MiB mapping is one leaf; when any part of
 * it is invalidated, the notifier drops the whole leaf and allocates nothing, and the next fault maps
 * 4 KiB pages with the context of a fault, which may sleep, fail and be retried. So the table follows
 * what the OS does and the notifier cannot fail; the price is up to 511 collateral spurious faults.
 *
 * Users: generic_pt unmap, VFIO, GPU SVM, xe (catalogue S6). Source:
 * drivers/iommu/generic_pt/iommu_pt.h (KUnit test_unmap_split), drivers/gpu/drm/drm_gpusvm.c.
 *
 * Protocol: the core holds the region's driver lock around update and invalidate; one slot store changes
 * a block (core/abi/directory.ts). The device's caches are told the range that really went. A table
 * leaves after it is unlinked and fenced.
 *
 *   table pages == directory pages + blocks whose slot is a table
 *
 *   REGION_STRATEGY         directory pages
 *   REGION_STRATEGY + 128   u32: the block maintain looked at last
 */

import {
  count as countUp,
  deviceCacheInvalidate,
  deviceFence,
  deviceWrite,
  deviceZap,
  lockAcquire,
  lockRelease,
  pageAlloc,
  pageFreeDeferred,
} from '../core/abi/core';
import {
  blockSlot,
  directoryClear,
  directoryFini,
  directoryInit,
  directoryTranslate,
  directoryTrim,
  slotIsLeaf,
  slotIsTable,
  tableAddress,
  tableSlot,
  wordsAreHuge,
  zapEnd,
  zapFirst,
} from '../core/abi/directory';
import { entryOfWord } from '../core/abi/entry';
import { BLOCK_ORDER, BLOCK_PAGES, REGION_LOCK, REGION_STRATEGY } from '../core/abi/layout';
import { expandLeaf, writeSlots, zapSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, COUNT_COLLATERAL, ENOMEM, OK } from '../core/abi/terms';
import { EVENT_RELEASE, EVENT_UNMAP } from '../core/abi/trace-event';

const SITE_DIRECTORY: u32 = 0;
const SITE_FAULT: u32 = 1;
const CURSOR: usize = REGION_STRATEGY + 128;
const MAINTAIN_BLOCKS: u32 = 64;

export function init(region: usize): i32 {
  return region == 0 ? OK : directoryInit(region, SITE_DIRECTORY);
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let page = first;
  const end = first + count;
  let result: i32 = OK;
  while (page < end && result == OK) {
    const stop = min(end, (page & ~(BLOCK_PAGES - 1)) + BLOCK_PAGES);
    result = updateBlock(region, page, stop - page, words + ((page - first) << 3));
    page = stop;
  }
  const fenced = deviceFence();
  return result != OK ? result : fenced;
}

function updateBlock(region: usize, page: u32, count: u32, words: usize): i32 {
  const slot = blockSlot(region, page >> 9);
  const old = load<u64>(slot);
  if (wordsAreHuge(words, count)) {
    atomic.store<u64>(slot, entryOfWord(load<u64>(words), BLOCK_ORDER));
    if (slotIsTable(old)) pageFreeDeferred(tableAddress(old));
    deviceWrite(1);
    return OK;
  }
  let table = slotIsTable(old) ? tableAddress(old) : 0;
  if (table == 0) {
    table = pageAlloc(CONTEXT_KERNEL, 0, SITE_FAULT);
    if (table == 0) return ENOMEM;
    if (slotIsLeaf(old)) expandLeaf(table, old);
  }
  deviceWrite(writeSlots(table + ((page & (BLOCK_PAGES - 1)) << 3), count, words));
  if (!slotIsTable(old)) atomic.store<u64>(slot, tableSlot(table));
  return OK;
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const end = first + count;
  const from = zapFirst(region, first);
  const to = zapEnd(region, end);
  let zapped: u32 = 0;
  let page = first;
  while (page < end) {
    const stop = min(end, (page & ~(BLOCK_PAGES - 1)) + BLOCK_PAGES);
    zapped += invalidateBlock(region, page, stop - page, event);
    page = stop;
  }
  if (zapped == 0) return OK;
  deviceZap(zapped);
  deviceCacheInvalidate(region, from, to - from);
  return deviceFence();
}

/** Drops the block's part of the range, or its whole leaf; returns the entries that were present. */
function invalidateBlock(region: usize, page: u32, count: u32, event: u32): u32 {
  const slot = blockSlot(region, page >> 9);
  const old = load<u64>(slot);
  if (slotIsLeaf(old)) {
    atomic.store<u64>(slot, 0);
    countUp(COUNT_COLLATERAL, BLOCK_PAGES - count);
    return 1;
  }
  if (!slotIsTable(old)) return 0;
  const table = tableAddress(old);
  const zapped = zapSlots(table + ((page & (BLOCK_PAGES - 1)) << 3), count);
  if (count != BLOCK_PAGES || (event != EVENT_UNMAP && event != EVENT_RELEASE)) return zapped;
  atomic.store<u64>(slot, 0);
  pageFreeDeferred(table);
  // The table waits for a fence: have one even when all its entries were zapped before.
  return max<u32>(zapped, 1);
}

export function translate(region: usize, page: u32): u64 {
  return directoryTranslate(region, page);
}

/** Frees tables in which nothing is present, a few blocks a call. */
export function maintain(region: usize): void {
  lockAcquire(region + REGION_LOCK);
  directoryTrim(region, region + CURSOR, MAINTAIN_BLOCKS);
  deviceFence();
  lockRelease(region + REGION_LOCK);
}

export function fini(region: usize): void {
  if (region == 0) return;
  directoryClear(region);
  directoryFini(region);
}
