/**
 * flat-preallocated: one 4 KiB-grained array of entries a region, allocated whole at registration.
 * Updates and invalidations rewrite entries in place, so neither ever allocates. The price is paid up
 * front: 2 MiB a registered GiB, whatever the OS does.
 *
 * Users: mlx5 explicit ODP and pinned MRs (catalogue S2, S1). Source: drivers/infiniband/hw/mlx5/odp.c,
 * mr.c (2019).
 *
 * Protocol: one aligned 64-bit store publishes or zaps one page; entries do not depend on each other, so
 * plain stores do. The command and the fence that follow are full barriers, and the core holds the
 * region's driver lock around update and invalidate.
 *
 *   table bytes == 8 * pages of the region, rounded up to pages in each GiB
 *
 *   REGION_STRATEGY   child 0 | child 1 | ... | child 31        u32 addresses, one a GiB
 *   child             262,144 entries (the last child of a region only as many as it needs)
 */

import {
  deviceWriteFenced,
  deviceZapFenced,
  pageAllocExact,
  pageFreeExact,
} from '../core/abi/core';
import {
  CHILD_CAPACITY,
  childCount,
  childPages,
  childSlot,
  childStop,
  entryAddress,
  zap,
} from '../core/abi/flat-table';
import { writeSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, EINVAL, ENOMEM, OK } from '../core/abi/terms';

const SITE_TABLE: u32 = 0;

export function init(region: usize): i32 {
  if (region == 0) return OK;
  const children = childCount(region);
  if (children > CHILD_CAPACITY) return EINVAL;
  for (let i: u32 = 0; i < children; i++) {
    const table = pageAllocExact(CONTEXT_KERNEL, childPages(region, i) << 3, SITE_TABLE);
    if (table == 0) {
      fini(region);
      return ENOMEM;
    }
    store<u32>(childSlot(region, i), u32(table));
  }
  return OK;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let written: u32 = 0;
  const end = first + count;
  let page = first;
  while (page < end) {
    const stop = childStop(page, end);
    written += writeSlots(entryAddress(region, page), stop - page, words + ((page - first) << 3));
    page = stop;
  }
  return deviceWriteFenced(written);
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const zapped = zap(region, first, count);
  // Under the driver lock: what is not in the table is in no cache either.
  if (zapped == 0) return OK;
  return deviceZapFenced(region, first, count, zapped);
}

export function translate(region: usize, page: u32): u64 {
  return atomic.load<u64>(entryAddress(region, page));
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {
  if (region == 0) return;
  for (let i: u32 = 0; i < childCount(region); i++) {
    const table: usize = load<u32>(childSlot(region, i));
    if (table != 0) pageFreeExact(table, childPages(region, i) << 3);
    store<u32>(childSlot(region, i), 0);
  }
}
