/**
 * lazy-batch: the unsafe control. An invalidation only joins a queue; at 250 entries, or when maintain
 * comes, the ranges are zapped and flushed together, with one fence for all. That is several times
 * cheaper and wrong here: the OS reuses a page as soon as invalidate returns, and the device still
 * translates to it. The oracle must catch it.
 *
 * Users: the batching of IOMMU lazy mode, for DMA buffers whose pages outlive the flush (catalogue S18);
 * never for MMU notifiers. That mode empties the table at once and leaves only the caches stale; here
 * both wait, so that the window is seen whatever the device caches. Source: commit 5e0d2a6f (2008), 250
 * entries or 10 ms.
 *
 * Protocol: the table is flat-preallocated's. The queue is shared by all regions and has a lock of its
 * own, taken inside the region's driver lock. A flush may zap what an update has put there since: a
 * spurious fault. Breaks I1.
 *
 *   table bytes as in flat-preallocated; queue 3,064 bytes in STATE_STRATEGY
 *
 *   STATE_STRATEGY        lock u32
 *   STATE_STRATEGY + 4    queued u32
 *   STATE_STRATEGY + 64   250 of: region u32 | first u32 | count u32
 */

import {
  deviceCacheInvalidate,
  deviceFence,
  deviceZap,
  lockAcquire,
  lockRelease,
  lockTry,
} from '../core/abi/core';
import { zap } from '../core/abi/flat-table';
import { STATE_STRATEGY } from '../core/abi/layout';
import { EAGAIN, OK } from '../core/abi/terms';
import { fini as finiTable } from './flat-preallocated';

export { init, translate, update } from './flat-preallocated';

const LOCK: usize = STATE_STRATEGY;
const QUEUED: usize = STATE_STRATEGY + 4;
const QUEUE: usize = STATE_STRATEGY + 64;
const QUEUE_CAPACITY: u32 = 250;
const QUEUE_ENTRY_BYTES: u32 = 12;

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  if (blockable) lockAcquire(LOCK);
  else if (!lockTry(LOCK)) return EAGAIN;
  const queued = load<u32>(QUEUED);
  const entry = QUEUE + queued * QUEUE_ENTRY_BYTES;
  store<u32>(entry, u32(region));
  store<u32>(entry, first, 4);
  store<u32>(entry, count, 8);
  store<u32>(QUEUED, queued + 1);
  const result = queued + 1 == QUEUE_CAPACITY ? flush() : OK;
  lockRelease(LOCK);
  return result;
}

/** Zaps and flushes what is queued; the caller holds the queue's lock. */
function flush(): i32 {
  const queued = load<u32>(QUEUED);
  for (let i: u32 = 0; i < queued; i++) {
    const entry = QUEUE + i * QUEUE_ENTRY_BYTES;
    const region: usize = load<u32>(entry);
    const first = load<u32>(entry, 4);
    const pages = load<u32>(entry, 8);
    const zapped = zap(region, first, pages);
    if (zapped == 0) continue;
    deviceZap(zapped);
    deviceCacheInvalidate(region, first, pages);
  }
  store<u32>(QUEUED, 0);
  return deviceFence();
}

function flushAll(): void {
  lockAcquire(LOCK);
  if (load<u32>(QUEUED) != 0) flush();
  lockRelease(LOCK);
}

/** Stands for the 10 ms timer. */
export function maintain(region: usize): void {
  flushAll();
}

export function fini(region: usize): void {
  // The queue may name this region: a later one at the same address is not meant.
  flushAll();
  finiTable(region);
}
