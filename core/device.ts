import {
  CACHE_ENTRY_BYTES,
  CACHE_LINE_BYTES,
  PLAN_CACHE_ENTRIES,
  PLAN_COST_COMMAND,
  PLAN_COST_FENCE,
  PLAN_COST_GRANULE_PS,
  PLAN_COST_INVALIDATE,
  PLAN_COST_RESET,
  PLAN_COST_STORE_PS,
  PLAN_DEVICE_DEAD_NTH,
  PLAN_DEVICE_ERROR_INTERVAL,
  PLAN_DEVICE_ERROR_NTH,
  PLAN_DEVICE_FAULTS,
  PLAN_MODELLED,
  PLAN_THREAD_COUNT,
  REGION_FIRST_PAGE,
  STATE_DEVICE_BUSY,
  STATE_DEVICE_COMMANDS,
  STATE_DEVICE_DEAD,
  STATE_DEVICE_EPOCHS,
  THREAD_BASE,
  THREAD_BYTES,
  THREAD_CACHE,
  THREAD_COMMAND_ERROR,
  THREAD_DEFERRED,
  THREAD_MODELLED_NS,
  THREAD_PENDING_NS,
  THREAD_POSTED_NS,
  THREAD_ROLE,
} from './abi/layout';
import {
  COUNT_CACHE_INVALIDATIONS,
  COUNT_COMMANDS,
  COUNT_DEVICE_ERRORS,
  COUNT_ENTRIES_WRITTEN,
  COUNT_ENTRIES_ZAPPED,
  COUNT_FENCES,
  COUNT_REPOSTS,
  EIO,
  ROLE_DEVICE,
} from './abi/terms';
import { nowNs } from './clock';
import { count } from './counters';
import { pageFree, pageLink, pageOrder } from './page-allocator';
import { thread, threadAt } from './thread';

/**
 * The device: commands that carry entries (UMR-like, counted in 64-byte granules), invalidations of the
 * translation caches, and fences that wait for both.
 *
 * Caches and walks. Each device thread has a direct-mapped cache of leaves. The race is a walk that read
 * the old entry, was overtaken by an invalidation, and then fills its cache:
 *
 *   device thread                        invalidating thread
 *   e0 = epoch
 *   walk the table, read OLD
 *                                        zap the table
 *                                        epoch++                 (seq-cst add)
 *                                        read every tag, clear those in range
 *   store tag (seq-cst)
 *   e1 = epoch; e1 != e0: clear tag, walk again
 *
 * The tag store and the epoch load of the filler, and the epoch add and the tag loads of the
 * invalidator, are sequentially consistent and in opposite order (Dekker): either the invalidator sees
 * the tag or the filler sees the epoch. A walk that saw the epoch move is not used, which is how
 * hardware that waits for walks in flight looks from outside; so a page freed after the fence is read by
 * no walk whose result counts.
 *
 * Each thread steps a word of its own, or threads that work on different regions would pass one line to
 * and fro, and the epoch is their sum. The words only grow and each is read once before the walk and once
 * after it, so any step made in between makes the second sum larger. (The sum is no snapshot of one moment,
 * and need not be.)
 */
export function deviceEpoch(): u32 {
  const end: usize = STATE_DEVICE_EPOCHS + load<u32>(PLAN_THREAD_COUNT) * CACHE_LINE_BYTES;
  let sum: u32 = 0;
  for (let word: usize = STATE_DEVICE_EPOCHS; word < end; word += CACHE_LINE_BYTES) {
    sum += atomic.load<u32>(word);
  }
  return sum;
}

/** Makes every walk under way useless. A full barrier: the caller's stores are seen by later walks. */
function stepEpoch(): void {
  const index = (u32(thread()) - THREAD_BASE) / THREAD_BYTES;
  atomic.add<u32>(STATE_DEVICE_EPOCHS + index * CACHE_LINE_BYTES, 1);
}

/** Posts a command; models its cost and its failure. Returns false when the device is dead. */
function post(costNs: u64): bool {
  count(COUNT_COMMANDS, 1);
  const t = thread();
  if (costNs != 0) addCost(t, costNs);
  return load<u32>(PLAN_DEVICE_FAULTS) == 0 || survives(t);
}

function addCost(t: usize, costNs: u64): void {
  const pending = load<u64>(t, THREAD_PENDING_NS);
  if (pending == 0 && load<u32>(PLAN_MODELLED) == 0) store<u64>(t, nowNs(), THREAD_POSTED_NS);
  store<u64>(t, pending + costNs, THREAD_PENDING_NS);
}

/**
 * Numbers the command among those of all threads and lets it fail if it is the planned one. Only in cells
 * that inject device errors: the shared number would be a line that every command of every thread takes.
 */
function survives(t: usize): bool {
  const nth = atomic.add<u32>(STATE_DEVICE_COMMANDS, 1) + 1;
  const interval = load<u32>(PLAN_DEVICE_ERROR_INTERVAL);
  if (nth == load<u32>(PLAN_DEVICE_DEAD_NTH)) atomic.store<u32>(STATE_DEVICE_DEAD, 1);
  if (atomic.load<u32>(STATE_DEVICE_DEAD) != 0) {
    store<i32>(t, EIO, THREAD_COMMAND_ERROR);
    return false;
  }
  if (nth == load<u32>(PLAN_DEVICE_ERROR_NTH) || (interval != 0 && nth % interval == 0)) repost(t);
  return true;
}

/** A command completed with an error: flush, reset the queue, post again (mlx5 UMR recovery). */
function repost(t: usize): void {
  count(COUNT_DEVICE_ERRORS, 1);
  count(COUNT_REPOSTS, 1);
  addCost(t, u64(load<u32>(PLAN_COST_RESET)) + u64(load<u32>(PLAN_COST_COMMAND)));
}

function commandCost(entries: u32): u64 {
  const granulePs = u64(load<u32>(PLAN_COST_GRANULE_PS));
  const fixed = u64(load<u32>(PLAN_COST_COMMAND));
  // No division for an ideal device: it costs as much as the rest of a one-page update.
  return granulePs == 0 ? fixed : fixed + (u64((entries + 7) >> 3) * granulePs) / 1000;
}

/** One command that carries `entries` new entries to the device. */
export function deviceWrite(entries: u32): void {
  count(COUNT_ENTRIES_WRITTEN, entries);
  modelStores(entries);
  post(commandCost(entries));
}

/** One command that makes `entries` entries non-present. */
export function deviceZap(entries: u32): void {
  count(COUNT_ENTRIES_ZAPPED, entries);
  modelStores(entries);
  post(commandCost(entries));
}

/**
 * Counts entries the CPU stored into a table the device reads from host memory: no command is needed
 * for those, only their count and modelled store cost.
 */
export function deviceStored(written: u32, zapped: u32): void {
  count(COUNT_ENTRIES_WRITTEN, written);
  count(COUNT_ENTRIES_ZAPPED, zapped);
  modelStores(written + zapped);
}

function modelStores(entries: u32): void {
  if (load<u32>(PLAN_MODELLED) == 0) return;
  const t = thread();
  const ns = (u64(entries) * u64(load<u32>(PLAN_COST_STORE_PS))) / 1000;
  store<u64>(t, load<u64>(t, THREAD_MODELLED_NS) + ns, THREAD_MODELLED_NS);
}

/**
 * One DMA command: the device copies `entries` entries from a staging buffer into its table. A dead
 * device copies nothing.
 */
export function deviceCopy(destination: usize, source: usize, entries: u32): void {
  count(COUNT_ENTRIES_WRITTEN, entries);
  modelStores(entries);
  if (post(commandCost(entries))) memory.copy(destination, source, entries << 3);
}

/** One DMA command that zaps `entries` entries of the device's table. */
export function deviceClear(destination: usize, entries: u32): void {
  count(COUNT_ENTRIES_ZAPPED, entries);
  modelStores(entries);
  if (post(commandCost(entries))) memory.fill(destination, 0, entries << 3);
}

/**
 * One command that drops every cached translation of pages first..first+count-1 of the region from all
 * device threads' caches. Cached leaves that only overlap the range go as well.
 */
export function deviceCacheInvalidate(region: usize, first: u32, count_: u32): void {
  count(COUNT_CACHE_INVALIDATIONS, 1);
  post(u64(load<u32>(PLAN_COST_INVALIDATE)));
  stepEpoch();
  const entries = load<u32>(PLAN_CACHE_ENTRIES);
  if (entries == 0) return;
  const start = load<u32>(region, REGION_FIRST_PAGE) + first;
  const threads = load<u32>(PLAN_THREAD_COUNT);
  for (let i: u32 = 0; i < threads; i++) {
    const t = threadAt(i);
    if (load<u32>(t, THREAD_ROLE) == ROLE_DEVICE) purge(t + THREAD_CACHE, entries, start, count_);
  }
}

/**
 * A tag is (first page of the leaf << 8) | order << 1 | 1. Leaves below 2 MiB are cached page by page
 * in the slot of their page; a 2 MiB leaf in the slot of its block.
 */
export function cacheTag(firstPage: u32, order: u32): u64 {
  return (u64(firstPage) << 8) | (u64(order) << 1) | 1;
}

/** Slot of a 4 KiB page; the hash keeps pages that are equal modulo the size apart. */
export function cacheSlot(cache: usize, entries: u32, page: u32): usize {
  return cache + ((page ^ (page >> 10)) & (entries - 1)) * CACHE_ENTRY_BYTES;
}

/** Slot of a 2 MiB block. */
export function cacheBlockSlot(cache: usize, entries: u32, page: u32): usize {
  return cacheSlot(cache, entries, (page >> 9) * 0x9e3779b1);
}

function purge(cache: usize, entries: u32, start: u32, pages: u32): void {
  const end = start + pages;
  if (pages >= entries) {
    for (let i: u32 = 0; i < entries; i++) {
      const slot = cache + i * CACHE_ENTRY_BYTES;
      const tag = atomic.load<u64>(slot);
      if (tag == 0) continue;
      const leaf = u32(tag >> 8);
      const leafEnd = leaf + (u32(1) << (u32(tag >> 1) & 31));
      if (leaf < end && leafEnd > start) atomic.store<u64>(slot, 0);
    }
    return;
  }
  for (let page = start; page < end; page++) {
    const slot = cacheSlot(cache, entries, page);
    if (atomic.load<u64>(slot) == cacheTag(page, 0)) atomic.store<u64>(slot, 0);
  }
  for (let block = start & ~511; block < end; block += 512) {
    const slot = cacheBlockSlot(cache, entries, block);
    if (atomic.load<u64>(slot) == cacheTag(block, 9)) atomic.store<u64>(slot, 0);
  }
}

/**
 * Waits until every command this thread has posted is complete and no walk that began before is used;
 * then pages given to pageFreeDeferred go back to the allocator.
 * Returns OK, or EIO when one of these commands was posted to a dead device (which translates nothing any
 * more).
 */
export function deviceFence(): i32 {
  count(COUNT_FENCES, 1);
  awaitCommands();
  stepEpoch();
  return settle();
}

/** Waits for (or models) the cost of this thread's commands and of the fence itself. */
function awaitCommands(): void {
  const t = thread();
  const pending = load<u64>(t, THREAD_PENDING_NS) + u64(load<u32>(PLAN_COST_FENCE));
  if (pending == 0) return;
  store<u64>(t, load<u64>(t, THREAD_MODELLED_NS) + pending, THREAD_MODELLED_NS);
  if (load<u32>(PLAN_MODELLED) == 0) waitForQueue(t, pending);
  store<u64>(t, 0, THREAD_PENDING_NS);
}

/** Ends a fence: no walk can reach the deferred pages any more; the commands' error, once. */
function settle(): i32 {
  const t = thread();
  if (load<u32>(t, THREAD_DEFERRED) != 0) releaseDeferred(t);
  const error = load<i32>(t, THREAD_COMMAND_ERROR);
  if (error != 0) store<i32>(t, 0, THREAD_COMMAND_ERROR);
  return error;
}

/**
 * deviceWrite, then a fence: how an update ends. New entries withdraw nothing, so walks under way may be
 * used, and the epoch steps only when pages wait for it; the stores are seen by whoever takes the driver
 * lock next, and by the walk that follows the fault.
 */
export function deviceWriteFenced(entries: u32): i32 {
  deviceWrite(entries);
  count(COUNT_FENCES, 1);
  awaitCommands();
  if (load<u32>(thread(), THREAD_DEFERRED) != 0) stepEpoch();
  return settle();
}

/**
 * deviceZap, deviceCacheInvalidate, then deviceFence: how an invalidation ends. The fence needs no step of
 * the epoch of its own: this thread has stored nothing since the invalidation's step, so a walk that began
 * after that step has seen the zaps, and one that began before it is not used.
 */
export function deviceZapFenced(region: usize, first: u32, count_: u32, entries: u32): i32 {
  deviceZap(entries);
  deviceCacheInvalidate(region, first, count_);
  count(COUNT_FENCES, 1);
  awaitCommands();
  return settle();
}

/** One queue for all threads: this thread's commands start when those before them are done. */
function waitForQueue(t: usize, pending: u64): void {
  const posted = load<u64>(t, THREAD_PENDING_NS) == 0 ? nowNs() : load<u64>(t, THREAD_POSTED_NS);
  let end: u64 = 0;
  for (;;) {
    const busy = atomic.load<u64>(STATE_DEVICE_BUSY);
    end = max<u64>(busy, posted) + pending;
    if (atomic.cmpxchg<u64>(STATE_DEVICE_BUSY, busy, end) == busy) break;
  }
  while (nowNs() < end) {}
}

/** Frees a page after this thread's next fence (generic_pt's free list, kernel rule I10). */
export function pageFreeDeferred(address: usize): void {
  const t = thread();
  store<u32>(pageLink(address), load<u32>(t, THREAD_DEFERRED));
  store<u32>(t, u32(address), THREAD_DEFERRED);
}

function releaseDeferred(t: usize): void {
  let page = load<u32>(t, THREAD_DEFERRED);
  store<u32>(t, 0, THREAD_DEFERRED);
  while (page != 0) {
    const next = load<u32>(pageLink(page));
    pageFree(page, pageOrder(page));
    page = next;
  }
}
