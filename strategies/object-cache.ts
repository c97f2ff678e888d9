/**
 * object-cache: tables are made before they are needed and revoked as a whole. A cache of ready objects
 * (a key with its 512-entry table) is filled in the background; a fault takes one and points the block's
 * parent slot to it, and an invalidation of any page revokes the block's object with one command and
 * puts it back. So the notifier sends one command a block however many of its pages go, at the price of
 * their neighbours (it counts the entries of the range all the same).
 *
 * Users: mlx5 mkey / MR cache (catalogue S13). Source: drivers/infiniband/hw/mlx5/mr.c: entries by
 * order, filled to 2 x limit when they fall below limit, a few creations pending at a time.
 *
 * Two orders exist in this model: order 0 is a key for one 2 MiB page and fits the parent's slot, order 9
 * has a table and is the one worth caching.
 *
 * Protocol: the core holds the region's driver lock around update and invalidate; the cache is shared by
 * all regions and has a lock of its own, taken last. A revoked object stays untouched in its slot,
 * unlinked but not forgotten, until the fence; only then is it linked into the cache.
 *
 *   table pages == directory pages + blocks with an object of order 9;  reserve pages <= 2 * limit
 *
 *   REGION_STRATEGY   directory pages (core/abi/directory.ts)
 *   slot of a block   63..42 free | 41..32 present entries | 31..12 address | 3 TABLE; revoked: TABLE clear
 *   STATE_STRATEGY    lock u32 | head u32 of the cached objects | cached u32 | filling u32
 *
 * Parameter: limit.
 */

import { blockStop, tableEntry } from '../core/abi/block-slot';
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
  slotIsLeaf,
  slotIsTable,
  tableAddress,
  tableSlot,
  wordsAreHuge,
} from '../core/abi/directory';
import { entryOfWord } from '../core/abi/entry';
import { BLOCK_ORDER, BLOCK_PAGES, PAGE_BYTES, STATE_STRATEGY } from '../core/abi/layout';
import { expandLeaf, presentSlots, writeSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, COUNT_COLLATERAL, ENOMEM, OK } from '../core/abi/terms';

const SITE_DIRECTORY: u32 = 0;
const SITE_OBJECT: u32 = 1;
const SITE_CACHE: u32 = 2;
const PARAM_LIMIT: u32 = 0;
const LOCK: usize = STATE_STRATEGY;
const HEAD: usize = STATE_STRATEGY + 4;
const CACHED: usize = STATE_STRATEGY + 8;
const FILLING: usize = STATE_STRATEGY + 12;
const PRESENT_SHIFT: u64 = 32;
/** MAX_PENDING_REG_MR: objects made in one round. */
const PENDING: u32 = 8;

export function init(region: usize): i32 {
  if (region != 0) return directoryInit(region, SITE_DIRECTORY);
  // As in the kernel, the first fill is work for the background too.
  store<u32>(FILLING, 1);
  return OK;
}

function capacity(): u32 {
  return u32(param(PARAM_LIMIT)) * 2;
}

/** Makes up to `count` objects while the cache is filling; it starts below limit, ends at 2 * limit. */
function fill(count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    lockAcquire(LOCK);
    const cached = load<u32>(CACHED);
    if (cached < u32(param(PARAM_LIMIT))) store<u32>(FILLING, 1);
    if (cached >= capacity()) store<u32>(FILLING, 0);
    const filling = load<u32>(FILLING) != 0;
    lockRelease(LOCK);
    if (!filling) return;
    const object = pageAlloc(CONTEXT_KERNEL, 0, SITE_CACHE);
    if (object == 0) return;
    give(object, true);
  }
}

/** Caches an object no walker can reach; frees it when the cache is full or (not blockable) locked. */
function give(object: usize, blockable: bool): void {
  if (blockable) lockAcquire(LOCK);
  else if (!lockTry(LOCK)) {
    pageFree(object, 0);
    return;
  }
  const cached = load<u32>(CACHED);
  const room = cached < capacity();
  if (room) {
    pageReassign(object, SITE_CACHE);
    store<u32>(object, load<u32>(HEAD));
    store<u32>(HEAD, u32(object));
    store<u32>(CACHED, cached + 1);
  }
  lockRelease(LOCK);
  if (!room) pageFree(object, 0);
}

/** A cached object as it is; 0 when there is none. */
function take(): usize {
  lockAcquire(LOCK);
  const object: usize = load<u32>(HEAD);
  if (object != 0) {
    store<u32>(HEAD, load<u32>(object));
    store<u32>(CACHED, load<u32>(CACHED) - 1);
  }
  lockRelease(LOCK);
  return object;
}

/** An empty object: from the cache, else made now; 0 when neither works. */
function newObject(): usize {
  const object = take();
  if (object == 0) return pageAlloc(CONTEXT_KERNEL, 0, SITE_OBJECT);
  pageReassign(object, SITE_OBJECT);
  memory.fill(object, 0, PAGE_BYTES);
  return object;
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
  const huge = wordsAreHuge(words, count);
  const hadObject = slotIsTable(old);
  if (huge) {
    atomic.store<u64>(slot, entryOfWord(load<u64>(words), BLOCK_ORDER));
    deviceWrite(1);
    if (!hadObject) return OK;
    const result = deviceFence();
    give(tableAddress(old), true);
    return result;
  }
  const object = hadObject ? tableAddress(old) : newObject();
  if (object == 0) return ENOMEM;
  if (slotIsLeaf(old)) expandLeaf(object, old);
  const entries = tableEntry(object, page);
  let present: u64 = hadObject ? old >> PRESENT_SHIFT : slotIsLeaf(old) ? BLOCK_PAGES : 0;
  present -= presentSlots(entries, count);
  deviceWrite(writeSlots(entries, count, words));
  present += presentSlots(entries, count);
  // A new object becomes visible by a command of its own: the parent's slot is re-pointed.
  if (!hadObject) deviceWrite(1);
  atomic.store<u64>(slot, tableSlot(object) | (present << PRESENT_SHIFT));
  return OK;
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  let revoked: u32 = 0;
  let page = first;
  const end = first + count;
  while (page < end) {
    const stop = blockStop(page, end);
    revoked += revoke(region, page, stop - page);
    page = stop;
  }
  if (revoked == 0) return OK;
  const from = first & ~(BLOCK_PAGES - 1);
  const to = (end + BLOCK_PAGES - 1) & ~(BLOCK_PAGES - 1);
  deviceCacheInvalidate(region, from, to - from);
  const result = deviceFence();
  for (let at = from; at < to; at += BLOCK_PAGES) putBack(blockSlot(region, at >> 9), blockable);
  return result;
}

/** Unlinks the object of the page's block if it translates any of the pages: 1, otherwise 0. */
function revoke(region: usize, page: u32, count: u32): u32 {
  const slot = blockSlot(region, page >> 9);
  const old = load<u64>(slot);
  if (slotIsLeaf(old)) {
    atomic.store<u64>(slot, 0);
    countUp(COUNT_COLLATERAL, BLOCK_PAGES - count);
  } else {
    if (!slotIsTable(old)) return 0;
    const object = tableAddress(old);
    const asked = presentSlots(tableEntry(object, page), count);
    if (asked == 0) return 0;
    countUp(COUNT_COLLATERAL, (old >> PRESENT_SHIFT) - u64(asked));
    atomic.store<u64>(slot, u64(object));
  }
  deviceZap(1);
  return 1;
}

/** After the fence: a revoked object goes back to the cache. */
function putBack(slot: usize, blockable: bool): void {
  const old = load<u64>(slot);
  if (old == 0 || slotIsTable(old) || slotIsLeaf(old)) return;
  atomic.store<u64>(slot, 0);
  give(tableAddress(old), blockable);
}

export function translate(region: usize, page: u32): u64 {
  return directoryTranslate(region, page);
}

/** Fills the cache in the background, a few objects a round. */
export function maintain(region: usize): void {
  fill(PENDING);
}

export function fini(region: usize): void {
  if (region != 0) {
    directoryClear(region);
    directoryFini(region);
    return;
  }
  for (let object = take(); object != 0; object = take()) pageFree(object, 0);
}
