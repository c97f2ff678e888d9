/**
 * mlx5's staging ladder: the buffer that carries entries to the device, and never fails to exist
 * (drivers/infiniband/hw/mlx5/umr.c mlx5r_umr_alloc_xlt; 2019: mr.c mlx5_ib_update_xlt).
 *
 *   1 MiB - 64 B  ->  64 KiB  ->  one page  ->  the emergency page, one in the world, under a mutex
 *                                 (not in 2019)
 *
 * A smaller buffer means more commands, never a failure: 3, 32 or 512 for the 262,144 entries of 1 GiB.
 * A buffer is named by its address with its order in the low bits; EMERGENCY marks the emergency page.
 * Every stagingTake is followed by one stagingReturn, whatever happened in between.
 *
 *   STATE_STRATEGY   mutex u32 | ... | + 64: address of the emergency page u32
 *
 * A strategy that uses it has the sites 0 (staging) and 1 (emergency), and as parameter 0 the year of
 * the ladder.
 */

import { count, lockAcquire, lockRelease, pageAlloc, pageFree, param } from './core';
import { PAGE_BYTES, STATE_STRATEGY } from './layout';
import { CONTEXT_KERNEL, COUNT_DEGRADED, COUNT_EMERGENCY, ENOMEM, OK } from './terms';

const SITE_STAGING: u32 = 0;
const SITE_EMERGENCY: u32 = 1;
const PARAM_LADDER: u32 = 0;
/** The year the one-page step came in (Oracle's patch of March 2021). */
const ONE_PAGE_STEP: i32 = 2021;

/** MLX5_MAX_UMR_CHUNK and MLX5_SPARE_UMR_CHUNK. */
const LARGEST_BYTES: u32 = 1048512;
const SPARE_BYTES: u32 = 65536;
const SPARE_ORDER: u32 = 4;

const EMERGENCY: usize = 2048;
const ORDER_MASK: usize = 15;
const MUTEX: usize = STATE_STRATEGY;
const EMERGENCY_PAGE: usize = STATE_STRATEGY + 64;

/** Allocates the emergency page: OK or ENOMEM. Once, in init(0). */
export function stagingInit(): i32 {
  const page = pageAlloc(CONTEXT_KERNEL, 0, SITE_EMERGENCY);
  store<u32>(EMERGENCY_PAGE, u32(page));
  return page == 0 ? ENOMEM : OK;
}

/** Frees the emergency page. Once, in fini(0). */
export function stagingFini(): void {
  const page: usize = load<u32>(EMERGENCY_PAGE);
  if (page != 0) pageFree(page, 0);
  store<u32>(EMERGENCY_PAGE, 0);
}

/** get_order of the first buffer tried for `entries` entries. */
function firstOrder(entries: u32): u32 {
  const pages = (min(entries << 3, LARGEST_BYTES) + PAGE_BYTES - 1) / PAGE_BYTES;
  let order: u32 = 0;
  while (u32(1) << order < pages) order++;
  return order;
}

/** One step of the ladder: the buffer, or 0. */
function tryOrder(context: u32, order: u32): usize {
  const page = pageAlloc(context, order, SITE_STAGING);
  if (page != 0) return page | order;
  count(COUNT_DEGRADED, 1);
  return 0;
}

/** A zeroed staging buffer for `entries` entries or, if that cannot be had, for fewer. Never fails. */
export function stagingTake(context: u32, entries: u32): usize {
  const order = firstOrder(entries);
  let staging = tryOrder(context, order);
  if (staging == 0 && order > SPARE_ORDER) staging = tryOrder(context, SPARE_ORDER);
  if (staging == 0 && param(PARAM_LADDER) >= ONE_PAGE_STEP) staging = tryOrder(context, 0);
  if (staging != 0) return staging;
  count(COUNT_EMERGENCY, 1);
  lockAcquire(MUTEX);
  const page: usize = load<u32>(EMERGENCY_PAGE);
  memory.fill(page, 0, PAGE_BYTES);
  return page | EMERGENCY;
}

/** Frees the buffer, or lets the next user have the emergency page. */
export function stagingReturn(staging: usize): void {
  if ((staging & EMERGENCY) != 0) lockRelease(MUTEX);
  else pageFree(stagingBuffer(staging), u32(staging & ORDER_MASK));
}

/** Address of the buffer. */
export function stagingBuffer(staging: usize): usize {
  return staging & ~usize(PAGE_BYTES - 1);
}

/** Entries of 8 bytes that the buffer carries in one command. */
export function stagingEntries(staging: usize): u32 {
  return min(PAGE_BYTES << u32(staging & ORDER_MASK), LARGEST_BYTES) >> 3;
}
