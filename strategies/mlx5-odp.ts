/**
 * mlx5-odp: the system of the 2019 thread. A flat table of 4 KiB entries for the whole region, and
 * updates that reach it by commands: entries are staged in a buffer that the device copies from. The
 * buffer comes from a ladder of sizes that ends at one global page under a mutex, so an update never
 * fails for lack of memory; it takes more commands instead (3, 32 or 512 for 1 GiB).
 *
 * Users: mlx5 explicit on-demand paging (catalogue S2 carried by S4). Source:
 * drivers/infiniband/hw/mlx5/odp.c, mr.c (2019), umr.c (today); core/abi/mtt.ts, core/abi/staging.ts.
 *
 * Protocol: the core holds the region's driver lock (umem_mutex) around update and invalidate. Each
 * chunk is fenced before its staging buffer is used again or returned. A range that may not block is
 * refused at once: waiting for a command is sleeping. ATOMIC does not mean that sleeping is forbidden,
 * only reclaim, because the notifier takes the same lock inside reclaim.
 *
 *   table bytes == (8 * 512 + 8) * blocks of the region       staging: at most 1 MiB in flight a thread
 *   mapped == present entries                                  emergency page: 4 KiB for all regions
 *
 *   REGION_STRATEGY         directory pages (core/abi/directory.ts), every slot a table
 *   REGION_STRATEGY + 128   mapped u32
 *
 * Parameter: ladder, the year of the kernel; before 2021 there is no one-page step.
 */

import {
  directoryClear,
  directoryFill,
  directoryFini,
  directoryInit,
  directoryTranslate,
} from '../core/abi/directory';
import { REGION_PAGE_COUNT, REGION_STRATEGY } from '../core/abi/layout';
import { mttInvalidate, mttWrite, mttZap } from '../core/abi/mtt';
import { stagingFini, stagingInit } from '../core/abi/staging';
import { CONTEXT_KERNEL, EAGAIN, OK } from '../core/abi/terms';

const SITE_DIRECTORY: u32 = 2;
const SITE_TABLE: u32 = 3;
const MAPPED: usize = REGION_STRATEGY + 128;
/** Entries of one zap at registration: 1 GiB. */
const ZAP_PAGES: u32 = 262144;

export function init(region: usize): i32 {
  if (region == 0) return stagingInit();
  let result = directoryInit(region, SITE_DIRECTORY);
  if (result != OK) return result;
  result = directoryFill(region, SITE_TABLE);
  if (result != OK) {
    directoryFini(region);
    return result;
  }
  const pages = load<u32>(region, REGION_PAGE_COUNT);
  for (let page: u32 = 0; page < pages; page += ZAP_PAGES) {
    // A dead device does not refuse the registration; the first update will say EIO.
    mttZap(region, page, min(ZAP_PAGES, pages - page), CONTEXT_KERNEL, 0);
  }
  return OK;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  return mttWrite(region, first, count, words, region + MAPPED);
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  if (!blockable) return EAGAIN;
  if (load<u32>(region + MAPPED) == 0) return OK;
  return mttInvalidate(region, first, count, region + MAPPED);
}

export function translate(region: usize, page: u32): u64 {
  return directoryTranslate(region, page);
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {
  if (region == 0) {
    stagingFini();
    return;
  }
  directoryClear(region);
  directoryFini(region);
}
