/**
 * bounded-reserve: buy certainty for R breaks. A 2 MiB mapping is one leaf; when the OS breaks it, the
 * notifier takes a spare page from a reserve of R and makes the 4 KiB table at once, without asking the
 * allocator; maintain refills the reserve. With the reserve empty the notifier drops the whole leaf, or
 * first waits a little for the refill: a parameter.
 *
 * Users: mempool_t, KVM's split caches (catalogue S8 with a bound). Source: mm/mempool.c;
 * virt/kvm/kvm_main.c kvm_mmu_topup_memory_cache.
 *
 * Protocol: the core holds the region's driver lock around update and invalidate. The reserve has a lock
 * of its own, so that maintain refills it while the notifier waits under the driver lock. A new table is
 * filled before it is linked; a table leaves after it is unlinked and fenced. The fault path does not
 * take from the reserve: it may sleep and fail.
 *
 *   table pages == directory pages + blocks whose slot is a table;  reserve pages <= R a region
 *
 *   REGION_STRATEGY         directory pages (core/abi/directory.ts)
 *   REGION_STRATEGY + 128   u32: the block maintain looked at last
 *   REGION_STRATEGY + 132   lock u32 | head u32 of the spare pages, linked through their first word
 *   REGION_STRATEGY + 140   u32: spare pages
 *
 * Parameters: spare, R; whenEmpty, 0 coarse zap, 1 wait up to 2 ms and then coarse zap (a range that may
 * not block never waits).
 */

import { blockStop, linkLeaf, linkTable, tableEntry, zapBlock } from '../core/abi/block-slot';
import {
  count as countUp,
  deviceCacheInvalidate,
  deviceFence,
  deviceWrite,
  deviceZap,
  lockAcquire,
  lockRelease,
  lockTry,
  pageAlloc,
  pageFree,
  pageReassign,
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
import { entryOfWord } from '../core/abi/entry';
import { BLOCK_ORDER, BLOCK_PAGES, REGION_LOCK, REGION_STRATEGY } from '../core/abi/layout';
import { expandLeaf, writeSlots, zapSlots } from '../core/abi/slots';
import {
  CONTEXT_KERNEL,
  COUNT_COLLATERAL,
  COUNT_DEGRADED,
  COUNT_RETRIED,
  ENOMEM,
  OK,
} from '../core/abi/terms';
import { EVENT_CLEAR, EVENT_RELEASE, EVENT_UNMAP } from '../core/abi/trace-event';

const SITE_DIRECTORY: u32 = 0;
const SITE_TABLE: u32 = 1;
const SITE_RESERVE: u32 = 2;
const PARAM_SPARE: u32 = 0;
const PARAM_WHEN_EMPTY: u32 = 1;
const CURSOR: usize = REGION_STRATEGY + 128;
const LOCK: usize = REGION_STRATEGY + 132;
const HEAD: usize = REGION_STRATEGY + 136;
const SPARE: usize = REGION_STRATEGY + 140;
const MAINTAIN_BLOCKS: u32 = 64;
const WAIT_NS: i64 = 500000;
const WAIT_ROUNDS: i32 = 4;

export function init(region: usize): i32 {
  if (region == 0) return OK;
  const result = directoryInit(region, SITE_DIRECTORY);
  if (result == OK) refill(region);
  return result;
}

/** Fills the reserve up to R as far as the allocator goes along. */
function refill(region: usize): void {
  while (atomic.load<u32>(region + SPARE) < u32(param(PARAM_SPARE))) {
    const page = pageAlloc(CONTEXT_KERNEL, 0, SITE_RESERVE);
    if (page == 0 || !give(region, page)) return;
  }
}

/** Adds a zeroed page to the reserve; false (and the page freed) when it is full. */
function give(region: usize, page: usize): bool {
  lockAcquire(region + LOCK);
  const spare = load<u32>(region + SPARE);
  const room = spare < u32(param(PARAM_SPARE));
  if (room) {
    store<u32>(page, load<u32>(region + HEAD));
    store<u32>(region + HEAD, u32(page));
    atomic.store<u32>(region + SPARE, spare + 1);
  }
  lockRelease(region + LOCK);
  if (room) atomic.notify(region + SPARE, 1);
  else pageFree(page, 0);
  return room;
}

/** A zeroed page from the reserve for a table; 0 when it is empty, or locked and this may not block. */
function take(region: usize, blockable: bool): usize {
  if (blockable) lockAcquire(region + LOCK);
  else if (!lockTry(region + LOCK)) return 0;
  const page: usize = load<u32>(region + HEAD);
  if (page != 0) {
    store<u32>(region + HEAD, load<u32>(page));
    atomic.store<u32>(region + SPARE, load<u32>(region + SPARE) - 1);
  }
  lockRelease(region + LOCK);
  if (page == 0) return 0;
  store<u32>(page, 0);
  pageReassign(page, SITE_TABLE);
  return page;
}

/** take, and with whenEmpty = 1 a bounded wait for the refill. */
function takeOrWait(region: usize, blockable: bool): usize {
  let page = take(region, blockable);
  if (page != 0 || !blockable || param(PARAM_WHEN_EMPTY) == 0) return page;
  countUp(COUNT_RETRIED, 1);
  for (let i = 0; i < WAIT_ROUNDS && page == 0; i++) {
    atomic.wait<i32>(region + SPARE, 0, WAIT_NS);
    page = take(region, true);
  }
  return page;
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
    const table = pageAlloc(CONTEXT_KERNEL, 0, SITE_TABLE);
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
    const slot = blockSlot(region, page >> 9);
    const pages = blockStop(page, end) - page;
    zapped += slotIsLeaf(load<u64>(slot))
      ? breakLeaf(slot, region, page, pages, event, blockable)
      : zapBlock(slot, page, pages, vanishes);
  }
  if (zapped == 0) return OK;
  deviceZap(zapped);
  deviceCacheInvalidate(region, from, to - from);
  return deviceFence();
}

/** A table with the rest of the leaf (empty if all of it goes) takes its place, if there is a spare one. */
function breakLeaf(
  slot: usize,
  region: usize,
  page: u32,
  count: u32,
  event: u32,
  blockable: bool,
): u32 {
  const leaf = load<u64>(slot);
  const whole = count == BLOCK_PAGES;
  const wanted = !whole || event == EVENT_CLEAR;
  const table = wanted ? takeOrWait(region, blockable) : 0;
  if (table == 0) {
    if (wanted) countUp(COUNT_DEGRADED, 1);
    countUp(COUNT_COLLATERAL, BLOCK_PAGES - count);
    atomic.store<u64>(slot, 0);
    return 1;
  }
  if (!whole) {
    expandLeaf(table, leaf);
    zapSlots(tableEntry(table, page), count);
    deviceWrite(BLOCK_PAGES - count);
  }
  atomic.store<u64>(slot, tableSlot(table));
  return 1;
}

export function translate(region: usize, page: u32): u64 {
  return directoryTranslate(region, page);
}

/** Refills the reserve without the driver lock, then frees empty tables, a few blocks a call. */
export function maintain(region: usize): void {
  refill(region);
  lockAcquire(region + REGION_LOCK);
  if (directoryTrim(region, region + CURSOR, MAINTAIN_BLOCKS) != 0) deviceFence();
  lockRelease(region + REGION_LOCK);
}

export function fini(region: usize): void {
  if (region == 0) return;
  for (let page = take(region, true); page != 0; page = take(region, true)) pageFree(page, 0);
  directoryClear(region);
  directoryFini(region);
}
