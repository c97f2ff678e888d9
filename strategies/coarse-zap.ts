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

import { blockStop, linkLeaf, linkTable, tableEntry, zapBlock } from '../core/abi/block-slot';
import {
  deviceCacheInvalidate,
  deviceFence,
  deviceWrite,
  deviceZap,
  lockAcquire,
  lockRelease,
  pageAlloc,
} from '../core/abi/core';
import {
  blockSlot,
  directoryClear,
  directoryFini,
  directoryInit,
  directoryTranslate,
  directoryTrim,
  slotIsTable,
  tableAddress,
  wordsAreHuge,
  zapEnd,
  zapFirst,
} from '../core/abi/directory';
import { entryOfWord } from '../core/abi/entry';
import { BLOCK_ORDER, REGION_LOCK, REGION_STRATEGY } from '../core/abi/layout';
import { writeSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, ENOMEM, OK } from '../core/abi/terms';
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
    const stop = blockStop(page, end);
    result = updateBlock(region, page, stop - page, words + ((page - first) << 3));
    page = stop;
  }
  const fenced = deviceFence();
  return result != OK ? result : fenced;
}

function updateBlock(region: usize, page: u32, count: u32, words: usize): i32 {
  const slot = blockSlot(region, page >> 9);
  if (wordsAreHuge(words, count)) {
    linkLeaf(slot, entryOfWord(load<u64>(words), BLOCK_ORDER));
    deviceWrite(1);
    return OK;
  }
  if (!slotIsTable(load<u64>(slot))) {
    const table = pageAlloc(CONTEXT_KERNEL, 0, SITE_FAULT);
    if (table == 0) return ENOMEM;
    linkTable(slot, table);
  }
  deviceWrite(writeSlots(tableEntry(tableAddress(load<u64>(slot)), page), count, words));
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
  const vanishes = event == EVENT_UNMAP || event == EVENT_RELEASE;
  let zapped: u32 = 0;
  for (let page = first; page < end; page = blockStop(page, end)) {
    zapped += zapBlock(blockSlot(region, page >> 9), page, blockStop(page, end) - page, vanishes);
  }
  if (zapped == 0) return OK;
  deviceZap(zapped);
  deviceCacheInvalidate(region, from, to - from);
  return deviceFence();
}

export function translate(region: usize, page: u32): u64 {
  return directoryTranslate(region, page);
}

/** Frees tables in which nothing is present, a few blocks a call. */
export function maintain(region: usize): void {
  lockAcquire(region + REGION_LOCK);
  if (directoryTrim(region, region + CURSOR, MAINTAIN_BLOCKS) != 0) deviceFence();
  lockRelease(region + REGION_LOCK);
}

export function fini(region: usize): void {
  if (region == 0) return;
  directoryClear(region);
  directoryFini(region);
}
