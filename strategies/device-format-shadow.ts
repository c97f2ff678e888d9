/**
 * device-format-shadow: no staging at all. The driver keeps its list of DMA addresses anyway; kept in the
 * device's own format it can be the source of the transfer, so an update is a store into that list and
 * one command that tells the device which part to fetch. Nothing is allocated after registration, and a
 * zap leaves its neighbours alone, because the source holds their true entries.
 *
 * Users: proposed by Haggai Eran for mlx5 ODP (catalogue S5), linux-mm, 13 Feb 2019; UTLB and erdma read
 * tables of the host in this way. Source: that thread; umem_odp->dma_list.
 *
 * Protocol: the core holds the region's driver lock around update and invalidate. One aligned 64-bit
 * store changes an entry, so what the device fetches at any moment is right for each page. The model has
 * one array for source and table; the byte order of the device is not modelled.
 *
 *   table bytes == (8 * 512 + 8) * blocks of the region          staging == 0
 *
 *   REGION_STRATEGY   directory pages (core/abi/directory.ts), every slot a page of the list
 */

import { blockStop } from '../core/abi/block-slot';
import { deviceCacheInvalidate, deviceFence, deviceWrite, deviceZap } from '../core/abi/core';
import {
  directoryClear,
  directoryFill,
  directoryFini,
  directoryInit,
  directoryTranslate,
  entrySlot,
} from '../core/abi/directory';
import { ENTRY_READ } from '../core/abi/entry';
import { REGION_PAGE_COUNT } from '../core/abi/layout';
import { writeSlots } from '../core/abi/slots';
import { OK } from '../core/abi/terms';

const SITE_DIRECTORY: u32 = 0;
const SITE_LIST: u32 = 1;
/** Entries in the 64 bytes that a command carries at least. */
const GRANULE: u32 = 8;
/** MLX5_MAX_UMR_SHIFT: pages of one command. */
const COMMAND_PAGES: u32 = 65536;

export function init(region: usize): i32 {
  if (region == 0) return OK;
  let result = directoryInit(region, SITE_DIRECTORY);
  if (result != OK) return result;
  result = directoryFill(region, SITE_LIST);
  if (result != OK) {
    directoryFini(region);
    return result;
  }
  postZap(0, load<u32>(region, REGION_PAGE_COUNT));
  // A dead device does not refuse the registration; the first update will say EIO.
  deviceFence();
  return OK;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let page = first;
  const end = first + count;
  while (page < end) {
    const stop = blockStop(page, end);
    writeSlots(entrySlot(region, page), stop - page, words + ((page - first) << 3));
    page = stop;
  }
  deviceWrite(granules(first, end));
  return deviceFence();
}

/** Entries of the granules that first..end-1 touches: what a command carries. */
function granules(first: u32, end: u32): u32 {
  return ((end + GRANULE - 1) & ~(GRANULE - 1)) - (first & ~(GRANULE - 1));
}

/** Has the device fetch first..end-1, now empty. */
function postZap(first: u32, end: u32): void {
  for (let page = first; page < end; page += COMMAND_PAGES) {
    deviceZap(granules(page, min(end, page + COMMAND_PAGES)));
  }
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  if (!zapRuns(region, first, first + count)) return OK;
  deviceCacheInvalidate(region, first, count);
  return deviceFence();
}

/** Empties first..end-1, a command a run; runs end at holes that start a granule. False: all was empty. */
function zapRuns(region: usize, first: u32, end: u32): bool {
  let any = false;
  let runFirst: u32 = end;
  let page = first;
  while (page < end) {
    const stop = blockStop(page, end);
    let slot = entrySlot(region, page);
    for (; page < stop; page++) {
      if ((load<u64>(slot) & ENTRY_READ) != 0) {
        if (runFirst == end) runFirst = page;
        store<u64>(slot, 0);
        any = true;
      } else if (runFirst != end && (page & (GRANULE - 1)) == 0) {
        postZap(runFirst, page);
        runFirst = end;
      }
      slot += 8;
    }
  }
  postZap(runFirst, end);
  return any;
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
