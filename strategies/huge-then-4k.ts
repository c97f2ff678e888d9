/**
 * huge-then-4k: a dynamic table. A 2 MiB mapping is one slot of the directory; when the OS breaks it, a
 * 4 KiB table is allocated there and then, in the notifier, so that the refaults find it. Table memory
 * follows what the OS does: 4 KiB a GiB while everything is huge, 2 MiB more when everything is broken.
 *
 * Policy on failure: the notifier asks with NOWAIT and, refused, only zaps the leaf (degraded: the next
 * fault has to allocate); the fault path asks with KERNEL and, refused, returns ENOMEM (the device waits
 * and retries). invalidate itself cannot fail.
 *
 * Users: the question of the 2019 thread ("tables sized for huge pages until the OS breaks them into
 * 4k"); KVM's tdp_mmu_alloc_sp_for_split has the NOWAIT-then-restart shape. Source: linux-mm, 20 Feb
 * 2019; arch/x86/kvm/mmu/tdp_mmu.c.
 *
 * Protocol: the core holds the region's driver lock around update and invalidate; one slot store changes
 * a block (core/abi/directory.ts). A table leaves after it is unlinked and fenced.
 *
 *   table pages == directory pages + blocks whose slot is a table
 */

import { blockStop, tableEntry } from '../core/abi/block-slot';
import {
  count as countUp,
  deviceCacheInvalidate,
  deviceFence,
  deviceWrite,
  deviceZapFenced,
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
} from '../core/abi/directory';
import { entryOfWord } from '../core/abi/entry';
import { BLOCK_ORDER, BLOCK_PAGES, REGION_LOCK, REGION_STRATEGY } from '../core/abi/layout';
import { writeSlots, zapSlots } from '../core/abi/slots';
import {
  CONTEXT_KERNEL,
  CONTEXT_NOWAIT,
  COUNT_COLLATERAL,
  COUNT_DEGRADED,
  ENOMEM,
  OK,
} from '../core/abi/terms';
import { EVENT_CLEAR, EVENT_RELEASE, EVENT_UNMAP } from '../core/abi/trace-event';

const SITE_DIRECTORY: u32 = 0;
const SITE_FAULT: u32 = 1;
const SITE_BREAK: u32 = 2;
/** u32: the block maintain looks at next. */
const CURSOR: usize = REGION_STRATEGY + 128;
const MAINTAIN_BLOCKS: u32 = 64;

export function init(region: usize): i32 {
  return region == 0 ? OK : directoryInit(region, SITE_DIRECTORY);
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let page = first;
  const end = first + count;
  while (page < end) {
    const stop = blockStop(page, end);
    const from = words + ((page - first) << 3);
    const result = updateBlock(region, page, stop - page, from);
    if (result != OK) return result;
    page = stop;
  }
  return deviceFence();
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
  }
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
    zapped += invalidateBlock(region, page, stop - page, event);
    page = stop;
  }
  if (zapped == 0) return OK;
  return deviceZapFenced(region, first, count, zapped);
}

/** Drops the block's part of the range; returns the number of entries that were present. */
function invalidateBlock(region: usize, page: u32, count: u32, event: u32): u32 {
  const slot = blockSlot(region, page >> 9);
  const old = load<u64>(slot);
  const vanishes = event == EVENT_UNMAP || event == EVENT_RELEASE;
  if (slotIsLeaf(old)) {
    const table = event == EVENT_CLEAR ? pageAlloc(CONTEXT_NOWAIT, 0, SITE_BREAK) : 0;
    if (event == EVENT_CLEAR && table == 0) countUp(COUNT_DEGRADED, 1);
    atomic.store<u64>(slot, table != 0 ? tableSlot(table) : 0);
    countUp(COUNT_COLLATERAL, BLOCK_PAGES - count);
    return 1;
  }
  if (!slotIsTable(old)) return 0;
  const table = tableAddress(old);
  const zapped = zapSlots(tableEntry(table, page), count);
  if (vanishes && count == BLOCK_PAGES) {
    atomic.store<u64>(slot, 0);
    pageFreeDeferred(table);
    // The table is linked until the fence: have one even when all its entries were zapped before.
    return max<u32>(zapped, 1);
  }
  return zapped;
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
