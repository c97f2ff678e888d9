/**
 * poison-page: no entry is ever non-present. An invalidation re-points its pages to one shared dummy
 * page, so that the device never takes a fault in hardware; what it then reads carries a signature, the
 * software notices it, has the page mapped and tries again. Nothing is allocated after registration.
 *
 * Users: NP-RDMA (signature page), mlx5 null key, IOMMU sink pages (catalogue S17). Source: arXiv
 * 2310.11062; the device profile np-rdma has its costs.
 *
 * How it is modelled: an entry that points to the dummy is present to the device (READ, WRITE, address of
 * the dummy page) and carries the strategy's own bit DUMMY. translate stands for the device together with
 * the check of the signature: a dummy comes back without READ, and the access becomes a fault.
 *
 *   63      52 51                     12 11      5   4     3   2      1     0
 *   | order   | frame, or dummy address | free  | DUMMY | 0 | DEVICE WRITE READ
 *
 * Protocol: the core holds the region's driver lock around update and invalidate; one aligned 64-bit
 * store changes a page. Dummies are present, so the device caches them as well, and an update has to
 * drop them from the caches (as an IOMMU in caching mode has to).
 *
 *   table bytes == (8 * 512 + 8) * blocks of the region + 4096 for the dummy page, once
 *
 *   REGION_STRATEGY   directory pages (core/abi/directory.ts), every slot a table
 *   STATE_STRATEGY    address of the dummy page u32
 */

import { blockStop } from '../core/abi/block-slot';
import {
  deviceCacheInvalidate,
  deviceFence,
  deviceStored,
  deviceWrite,
  deviceZap,
  pageAlloc,
  pageFree,
} from '../core/abi/core';
import {
  directoryClear,
  directoryFill,
  directoryFini,
  directoryInit,
  directoryTranslate,
  entrySlot,
} from '../core/abi/directory';
import { ENTRY_READ, ENTRY_WRITE } from '../core/abi/entry';
import { REGION_PAGE_COUNT, STATE_STRATEGY } from '../core/abi/layout';
import { writeSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, ENOMEM, OK } from '../core/abi/terms';

const SITE_DUMMY: u32 = 0;
const SITE_DIRECTORY: u32 = 1;
const SITE_TABLE: u32 = 2;
const DUMMY: u64 = 16;

/** The entry of a page that has none. */
function dummyEntry(): u64 {
  return u64(load<u32>(STATE_STRATEGY)) | DUMMY | ENTRY_READ | ENTRY_WRITE;
}

export function init(region: usize): i32 {
  if (region == 0) {
    const dummy = pageAlloc(CONTEXT_KERNEL, 0, SITE_DUMMY);
    store<u32>(STATE_STRATEGY, u32(dummy));
    return dummy == 0 ? ENOMEM : OK;
  }
  let result = directoryInit(region, SITE_DIRECTORY);
  if (result != OK) return result;
  result = directoryFill(region, SITE_TABLE);
  if (result != OK) {
    directoryFini(region);
    return result;
  }
  const pages = load<u32>(region, REGION_PAGE_COUNT);
  deviceStored(poison(region, 0, pages), 0);
  return OK;
}

/** Points the pages to the dummy; returns how many did not point there. */
function poison(region: usize, first: u32, count: u32): u32 {
  const dummy = dummyEntry();
  let poisoned: u32 = 0;
  let page = first;
  const end = first + count;
  while (page < end) {
    const stop = blockStop(page, end);
    let slot = entrySlot(region, page);
    for (; page < stop; page++) {
      poisoned += u32(load<u64>(slot) != dummy);
      store<u64>(slot, dummy);
      slot += 8;
    }
  }
  return poisoned;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let written: u32 = 0;
  let page = first;
  const end = first + count;
  while (page < end) {
    const stop = blockStop(page, end);
    written += writeSlots(entrySlot(region, page), stop - page, words + ((page - first) << 3));
    page = stop;
  }
  deviceWrite(written);
  deviceCacheInvalidate(region, first, count);
  return deviceFence();
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const poisoned = poison(region, first, count);
  if (poisoned == 0) return OK;
  deviceZap(poisoned);
  deviceCacheInvalidate(region, first, count);
  return deviceFence();
}

export function translate(region: usize, page: u32): u64 {
  const entry = directoryTranslate(region, page);
  return (entry & DUMMY) != 0 ? entry & ~(ENTRY_READ | ENTRY_WRITE) : entry;
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {
  if (region != 0) {
    directoryClear(region);
    directoryFini(region);
    return;
  }
  const dummy: usize = load<u32>(STATE_STRATEGY);
  if (dummy != 0) pageFree(dummy, 0);
  store<u32>(STATE_STRATEGY, 0);
}
