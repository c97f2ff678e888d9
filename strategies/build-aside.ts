/**
 * build-aside: nothing that is linked is edited. An update copies the block's table, writes the new
 * entries into the copy and switches by one store, so the device sees the whole update or none of it; the
 * old table is freed after the fence. The price is a page and 512 copied entries an update, and old and
 * new memory at the same time.
 *
 * Users: KVM's fill-then-link, generic_pt's top growth, the new mkey of an mlx5 re-registration (catalogue
 * S11); Arm's break-before-make. Source: arch/x86/kvm/mmu/tdp_mmu.c tdp_mmu_split_huge_page;
 * drivers/iommu/generic_pt/iommu_pt.h.
 *
 * breakBeforeMake = 1: the old slot is cleared, dropped from the caches and fenced before the new one is
 * stored, for hardware that may not see two translations of one page; accesses in between fault.
 *
 * Policy on failure: an update that gets no page for the copy of a table writes in place (degraded); one
 * that gets none for a block without a table returns ENOMEM and changes nothing. An invalidation of part
 * of a 2 MiB leaf asks with NOWAIT for the table with the hole and, refused, drops the leaf (degraded).
 *
 * Protocol: the core holds the region's driver lock. A table is filled before it is linked; whoever
 * walked the old one does so in a walk that the next fence ends. Invalidation only removes, entry by
 * entry, so it may zap in place.
 *
 *   table pages == directory pages + blocks with a table (+ 1 a block under an update)
 */

import { blockStop, tableEntry, zapBlock } from '../core/abi/block-slot';
import {
  count as countUp,
  deviceCacheInvalidate,
  deviceFence,
  deviceWrite,
  deviceZap,
  deviceZapFenced,
  pageAlloc,
  pageFree,
  pageFreeDeferred,
  param,
} from '../core/abi/core';
import {
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
import { entryOfWord } from '../core/abi/entry';
import { BLOCK_ORDER, BLOCK_PAGES, PAGE_BYTES } from '../core/abi/layout';
import { expandLeaf, writeSlots, zapSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, CONTEXT_NOWAIT, COUNT_DEGRADED, ENOMEM, OK } from '../core/abi/terms';

const SITE_DIRECTORY: u32 = 0;
const SITE_COPY: u32 = 1;
const SITE_HOLE: u32 = 2;
const PARAM_BREAK_BEFORE_MAKE: u32 = 0;

export function init(region: usize): i32 {
  return region == 0 ? OK : directoryInit(region, SITE_DIRECTORY);
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  const end = first + count;
  let wanted: u32 = 0;
  let missing: u32 = 0;
  for (let page = first; page < end; page = blockStop(page, end)) {
    if (wordsAreHuge(words + ((page - first) << 3), blockStop(page, end) - page)) continue;
    wanted++;
    if (!slotIsTable(load<u64>(blockSlot(region, page >> 9)))) missing++;
  }
  let list: usize = 0;
  let have: u32 = 0;
  for (; have < wanted; have++) {
    const page = pageAlloc(CONTEXT_KERNEL, 0, SITE_COPY);
    if (page == 0) break;
    store<u32>(page, u32(list));
    list = page;
  }
  if (have < missing) {
    release(list);
    return ENOMEM;
  }
  for (let page = first; page < end; page = blockStop(page, end)) {
    const slot = blockSlot(region, page >> 9);
    const pages = blockStop(page, end) - page;
    const from = words + ((page - first) << 3);
    if (wordsAreHuge(from, pages)) {
      switchTo(region, slot, page, entryOfWord(load<u64>(from), BLOCK_ORDER));
      continue;
    }
    const old = load<u64>(slot);
    if (slotIsTable(old) && have <= missing) {
      // What is left belongs to blocks that have no table at all.
      countUp(COUNT_DEGRADED, 1);
      deviceWrite(writeSlots(tableEntry(tableAddress(old), page), pages, from));
      continue;
    }
    if (!slotIsTable(old)) missing--;
    have--;
    const copy = list;
    list = load<u32>(copy);
    build(copy, old);
    writeSlots(tableEntry(copy, page), pages, from);
    deviceWrite(BLOCK_PAGES);
    switchTo(region, slot, page, tableSlot(copy));
  }
  return deviceFence();
}

function release(list: usize): void {
  while (list != 0) {
    const next: usize = load<u32>(list);
    pageFree(list, 0);
    list = next;
  }
}

/** Makes a table that translates what the block's slot does. */
function build(table: usize, old: u64): void {
  if (slotIsTable(old)) memory.copy(table, tableAddress(old), PAGE_BYTES);
  else if (slotIsLeaf(old)) expandLeaf(table, old);
  else store<u64>(table, 0);
}

/** Replaces what the block of `page` is by one store; what it was is freed after the next fence. */
function switchTo(region: usize, slot: usize, page: u32, made: u64): void {
  const old = load<u64>(slot);
  if (old != 0 && param(PARAM_BREAK_BEFORE_MAKE) != 0) {
    atomic.store<u64>(slot, 0);
    deviceZap(1);
    deviceCacheInvalidate(region, page & ~(BLOCK_PAGES - 1), BLOCK_PAGES);
    deviceFence();
  }
  atomic.store<u64>(slot, made);
  deviceWrite(1);
  if (slotIsTable(old)) pageFreeDeferred(tableAddress(old));
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
  return deviceZapFenced(region, first, count, zapped);
}

function invalidateBlock(region: usize, page: u32, count: u32): u32 {
  const slot = blockSlot(region, page >> 9);
  const old = load<u64>(slot);
  if (!slotIsLeaf(old) || count == BLOCK_PAGES) return zapBlock(slot, page, count, true);
  const table = pageAlloc(CONTEXT_NOWAIT, 0, SITE_HOLE);
  if (table == 0) {
    countUp(COUNT_DEGRADED, 1);
    const zapped = zapBlock(slot, page, count, true);
    // All of the leaf went: the caches may hold single pages from when the block had a table.
    deviceCacheInvalidate(region, page & ~(BLOCK_PAGES - 1), BLOCK_PAGES);
    return zapped;
  }
  build(table, old);
  zapSlots(tableEntry(table, page), count);
  deviceWrite(BLOCK_PAGES);
  switchTo(region, slot, page, tableSlot(table));
  return count;
}

export function translate(region: usize, page: u32): u64 {
  return directoryTranslate(region, page);
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {
  if (region == 0) return;
  directoryClear(region);
  directoryFini(region);
}
