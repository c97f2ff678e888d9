/**
 * mlx5's update_xlt over a memory translation table: entries travel through staging in chunks, one
 * command in flight, each rounded to the 64 bytes a UMR carries at least (8 entries). Source:
 * drivers/infiniband/hw/mlx5/umr.c mlx5r_umr_update_xlt, odp.c mlx5_ib_invalidate_range.
 *
 * The table is the directory of directory.ts with a page of entries for every block in use: the
 * adapter's table memory (ICM) is made of single pages too, and needs no contiguous memory.
 *
 * Rounding: a chunk that writes carries its neighbours' current entries along; a chunk that zaps is
 * zero throughout, so neighbours are dropped as well (collateral) and come back by a fault.
 *
 * `mapped` is the address of the owner's u32 count of present entries.
 *
 * A write stops at the first chunk that fails. A zap goes on, unlike the kernel's: the pages are about to
 * be given away, so nothing of the range may stay in the table, even of a device that answers no more.
 */

import { blockStop } from './block-slot';
import {
  count as countUp,
  deviceCacheInvalidate,
  deviceFence,
  deviceWrite,
  deviceZap,
} from './core';
import { entrySlot } from './directory';
import { ENTRY_READ, entryOfWord, wordIsValid } from './entry';
import { copySlots, presentSlots, zapSlots } from './slots';
import { stagingBuffer, stagingEntries, stagingReturn, stagingTake } from './staging';
import { CONTEXT_ATOMIC, COUNT_COLLATERAL, OK } from './terms';

/** MTTs in the 64 bytes of a UMR's alignment. */
const GRANULE: u32 = 8;

/** Entries of page..end-1 as they shall be: from the words, and where those say nothing as they are. */
function populate(
  region: usize,
  page: u32,
  end: u32,
  first: u32,
  count: u32,
  words: usize,
  buffer: usize,
): void {
  while (page < end) {
    const stop = blockStop(page, end);
    let slot = entrySlot(region, page);
    for (; page < stop; page++) {
      // Pages before `first` wrap around and are outside, too.
      const word = page - first < count ? load<u64>(words + ((page - first) << 3)) : 0;
      store<u64>(buffer, wordIsValid(word) ? entryOfWord(word, 0) : load<u64>(slot));
      slot += 8;
      buffer += 8;
    }
  }
}

/** What the device does with a chunk: its entries arrive in the table. Returns how many more are present. */
function arrive(region: usize, page: u32, end: u32, buffer: usize): i32 {
  let more: i32 = 0;
  while (page < end) {
    const stop = blockStop(page, end);
    more += copySlots(entrySlot(region, page), buffer, stop - page);
    buffer += (stop - page) << 3;
    page = stop;
  }
  return more;
}

/** Writes the words' entries; OK, or EIO at the first chunk the device did not take. */
export function mttWrite(region: usize, first: u32, count: u32, words: usize, mapped: usize): i32 {
  let page = first & ~(GRANULE - 1);
  const end = (first + count + GRANULE - 1) & ~(GRANULE - 1);
  const staging = stagingTake(CONTEXT_ATOMIC, end - page);
  const buffer = stagingBuffer(staging);
  let result: i32 = OK;
  while (page < end && result == OK) {
    const stop = min(end, page + stagingEntries(staging));
    populate(region, page, stop, first, count, words, buffer);
    store<u32>(mapped, load<u32>(mapped) + arrive(region, page, stop, buffer));
    deviceWrite(stop - page);
    result = deviceFence();
    page = stop;
  }
  stagingReturn(staging);
  return result;
}

/**
 * Zaps one run, rounded to granules, and drops it from the device's caches; OK or EIO. With `mapped` 0
 * for a table that nothing can reach yet: nothing is counted and no cache is asked.
 */
export function mttZap(region: usize, first: u32, count: u32, context: u32, mapped: usize): i32 {
  const start = first & ~(GRANULE - 1);
  const end = (first + count + GRANULE - 1) & ~(GRANULE - 1);
  if (mapped != 0) countUp(COUNT_COLLATERAL, neighbours(region, start, end, first, first + count));
  const staging = stagingTake(context, end - start);
  let result: i32 = OK;
  let page = start;
  while (page < end) {
    const stop = min(end, page + stagingEntries(staging));
    let zapped: u32 = 0;
    for (let at = page; at < stop; at = blockStop(at, stop)) {
      zapped += zapSlots(entrySlot(region, at), blockStop(at, stop) - at);
    }
    deviceZap(stop - page);
    if (mapped != 0) {
      store<u32>(mapped, load<u32>(mapped) - zapped);
      if (stop == end) deviceCacheInvalidate(region, start, end - start);
    }
    const fenced = deviceFence();
    if (result == OK) result = fenced;
    page = stop;
  }
  stagingReturn(staging);
  return result;
}

/** Present entries of the outer granules that nobody asked to zap. */
function neighbours(region: usize, start: u32, end: u32, first: u32, stop: u32): u32 {
  return (
    presentSlots(entrySlot(region, start), first - start) +
    presentSlots(entrySlot(region, end - GRANULE) + ((stop - (end - GRANULE)) << 3), end - stop)
  );
}

/**
 * mlx5_ib_invalidate_range: runs of present pages, each zapped by its own command. A run ends only at a
 * hole that starts a granule, so holes inside a granule cost nothing.
 */
export function mttInvalidate(region: usize, first: u32, count: u32, mapped: usize): i32 {
  const end = first + count;
  let runFirst: u32 = end;
  let page = first;
  let result: i32 = OK;
  while (page < end) {
    const stop = blockStop(page, end);
    let slot = entrySlot(region, page);
    for (; page < stop; page++) {
      if ((load<u64>(slot) & ENTRY_READ) != 0) {
        if (runFirst == end) runFirst = page;
      } else if (runFirst != end && (page & (GRANULE - 1)) == 0) {
        const zapped = mttZap(region, runFirst, page - runFirst, CONTEXT_ATOMIC, mapped);
        if (result == OK) result = zapped;
        runFirst = end;
      }
      slot += 8;
    }
  }
  if (runFirst == end) return result;
  const zapped = mttZap(region, runFirst, end - runFirst, CONTEXT_ATOMIC, mapped);
  return result == OK ? zapped : result;
}
