/**
 * dma-built-table: merge before you update. The pages' DMA addresses are looked at before the device is
 * programmed, and contiguous ones become one big device page, whatever size the CPU maps them at: 2 MiB
 * for 512 aligned consecutive frames, 64 KiB for 16. A block that the OS broke without moving it costs
 * no 4 KiB table once it is mapped again.
 *
 * Users: Jerome Glisse's answer in the 2019 thread; xe and amdgpu build 64 KiB and 2 MiB device pages so.
 * Source: linux-mm, 20 Feb 2019.
 *
 * Protocol: the core holds the region's driver lock around update and invalidate. A 64 KiB page is 16
 * entries of order 4, each with its own frame (a contiguous hint), so cutting it only rewrites the rest
 * as order 0. Cutting a 2 MiB page would need a table: the notifier drops the whole leaf instead, and
 * with it what the caches hold of the block from before it was merged. A table leaves after it is
 * unlinked and fenced.
 *
 *   table pages == directory pages + blocks that are not one run of frames
 *
 *   REGION_STRATEGY         directory pages (core/abi/directory.ts)
 *   REGION_STRATEGY + 128   u32: the block maintain looked at last
 *
 * Parameter: mergeOrder, the largest device page made of smaller CPU pages (4: 64 KiB, 9: 2 MiB).
 */

import { blockStop } from '../core/abi/block-slot';
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
  param,
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
import {
  ENTRY_ORDER_SHIFT,
  ENTRY_READ,
  entryAdvance,
  entryFrame,
  entryOfWord,
  entryOrder,
  wordFrame,
  wordIsValid,
} from '../core/abi/entry';
import { BLOCK_ORDER, BLOCK_PAGES, REGION_LOCK, REGION_STRATEGY } from '../core/abi/layout';
import { expandLeaf, zapSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, COUNT_COLLATERAL, ENOMEM, OK } from '../core/abi/terms';

const SITE_DIRECTORY: u32 = 0;
const SITE_FAULT: u32 = 1;
const PARAM_MERGE_ORDER: u32 = 0;
const CURSOR: usize = REGION_STRATEGY + 128;
const MAINTAIN_BLOCKS: u32 = 64;
const RUN_ORDER: u32 = 4;
const RUN_PAGES: u32 = 16;
const ORDER_BITS: u64 = 0x01f0000000000000;

export function init(region: usize): i32 {
  return region == 0 ? OK : directoryInit(region, SITE_DIRECTORY);
}

/** Are the words one aligned run of consecutive frames with the same rights? */
function isRun(words: usize, count: u32): bool {
  const word = load<u64>(words);
  if (!wordIsValid(word) || (wordFrame(word) & (count - 1)) != 0) return false;
  const entry = entryOfWord(word, 0);
  for (let i: u32 = 1; i < count; i++) {
    const next = load<u64>(words + (i << 3));
    if (!wordIsValid(next) || entryOfWord(next, 0) != entryAdvance(entry, i)) return false;
  }
  return true;
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
  const old = load<u64>(slot);
  const merges = param(PARAM_MERGE_ORDER) >= i32(BLOCK_ORDER);
  if (wordsAreHuge(words, count) || (merges && count == BLOCK_PAGES && isRun(words, count))) {
    setLeaf(slot, old, entryOfWord(load<u64>(words), BLOCK_ORDER));
    return OK;
  }
  let table = slotIsTable(old) ? tableAddress(old) : 0;
  if (table == 0) {
    table = pageAlloc(CONTEXT_KERNEL, 0, SITE_FAULT);
    if (table == 0) return ENOMEM;
    if (slotIsLeaf(old)) expandLeaf(table, old);
  }
  deviceWrite(writeRuns(table, page & (BLOCK_PAGES - 1), count, words));
  if (!slotIsTable(old)) atomic.store<u64>(slot, tableSlot(table));
  if (merges && tableIsRun(table)) setLeaf(slot, tableSlot(table), wholeLeaf(table));
  return OK;
}

/** One store makes the block a 2 MiB page; its table goes with the next fence. */
function setLeaf(slot: usize, old: u64, leaf: u64): void {
  atomic.store<u64>(slot, leaf);
  if (slotIsTable(old)) pageFreeDeferred(tableAddress(old));
  deviceWrite(1);
}

/** Writes entries from `index` of the table on, whole 64 KiB runs as such; returns how many. */
function writeRuns(table: usize, index: u32, count: u32, words: usize): u32 {
  let written: u32 = 0;
  const end = index + count;
  while (index < end) {
    const stop = min(end, (index & ~(RUN_PAGES - 1)) + RUN_PAGES);
    const whole = stop - index == RUN_PAGES && isRun(words, RUN_PAGES);
    if (!whole) written += cutRun(table, index);
    for (; index < stop; index++) {
      const word = load<u64>(words);
      words += 8;
      if (!wordIsValid(word)) continue;
      store<u64>(table + (index << 3), entryOfWord(word, whole ? RUN_ORDER : 0));
      written++;
    }
  }
  return written;
}

/** Makes the run that holds entry `index` 16 entries of order 0; returns how many were rewritten. */
function cutRun(table: usize, index: u32): u32 {
  let rewritten: u32 = 0;
  let slot = table + ((index & ~(RUN_PAGES - 1)) << 3);
  for (let i: u32 = 0; i < RUN_PAGES; i++) {
    const entry = load<u64>(slot);
    if ((entry & ENTRY_READ) != 0 && entryOrder(entry) == RUN_ORDER) {
      store<u64>(slot, entry & ~ORDER_BITS);
      rewritten++;
    }
    slot += 8;
  }
  return rewritten;
}

/** Do the table's 32 runs of 64 KiB make one aligned run of 2 MiB? Looks at the runs' first entries. */
function tableIsRun(table: usize): bool {
  const entry = load<u64>(table);
  if ((entry & ENTRY_READ) == 0 || entryOrder(entry) != RUN_ORDER) return false;
  if ((entryFrame(entry) & (BLOCK_PAGES - 1)) != 0) return false;
  for (let i: u32 = RUN_PAGES; i < BLOCK_PAGES; i += RUN_PAGES) {
    if (load<u64>(table + (i << 3)) != entryAdvance(entry, i)) return false;
  }
  return true;
}

function wholeLeaf(table: usize): u64 {
  return (load<u64>(table) & ~ORDER_BITS) | (u64(BLOCK_ORDER) << ENTRY_ORDER_SHIFT);
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
    const stop = blockStop(page, end);
    zapped += invalidateBlock(region, page, stop - page);
    page = stop;
  }
  if (zapped == 0) return OK;
  deviceZap(zapped);
  deviceCacheInvalidate(region, from, to - from);
  return deviceFence();
}

/** Drops the block's part of the range, or its whole leaf; returns the entries that were present. */
function invalidateBlock(region: usize, page: u32, count: u32): u32 {
  const slot = blockSlot(region, page >> 9);
  const old = load<u64>(slot);
  if (slotIsLeaf(old)) {
    atomic.store<u64>(slot, 0);
    countUp(COUNT_COLLATERAL, BLOCK_PAGES - count);
    return 1;
  }
  if (!slotIsTable(old)) return 0;
  const table = tableAddress(old);
  const index = page & (BLOCK_PAGES - 1);
  const zapped = zapSlots(table + (index << 3), count);
  if (zapped == 0) return 0;
  // What is left of a run that the range cuts, at its first and at its last page.
  const rewritten = cutRun(table, index) + cutRun(table, index + count - 1);
  if (rewritten != 0) deviceWrite(rewritten);
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
