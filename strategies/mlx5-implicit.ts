/**
 * mlx5-implicit: implicit on-demand paging. The region has a small parent table with one entry a GiB;
 * the first fault in a GiB makes a child, a flat 4 KiB table of all its pages, and the parent's entry
 * points to it. A child in which nothing is mapped any more is destroyed, later and outside the
 * notifier, because destroying sleeps.
 *
 * Users: mlx5 implicit ODP, KSM parent and MTT children (catalogue S3, updates carried by S4). Source:
 * drivers/infiniband/hw/mlx5/odp.c implicit_get_child_mr, destroy_unused_implicit_child_mr.
 *
 * Protocol: the core holds the region's driver lock around update and invalidate. A child is zapped and
 * written by command before the parent's entry shows it, unlinked and fenced before its pages go. The
 * kernel changes the list of children before it takes umem_mutex; here a child is allocated and listed
 * inside the driver lock, unlinked inside it by maintain, and freed when it is released.
 *
 *   table bytes == 16 * parent entries, rounded up to pages + (8 * 512 + 8) * 512 * children
 *                  (a child at the region's end has only the blocks the region has)
 *   mapped of a child == its present entries
 *
 *   REGION_STRATEGY         child 0 | child 1 | ...   u32 addresses of directory pages: the driver's list
 *   REGION_STRATEGY + 128   parent u32
 *   parent                  16 bytes a GiB as in a KSM: key u32 (child, 0 = null key) | reserved u32 | va u64
 *                           the reserved word holds the driver's count of mapped entries
 *
 * Parameters: ladder, the year of the staging ladder; parentGiB, the address space the parent covers at
 * least (the kernel's is 131,072 GiB and costs 2 MiB an MR; here a region is at most 32 GiB).
 */

import {
  deviceFence,
  deviceWrite,
  deviceZap,
  lockAcquire,
  lockRelease,
  pageAlloc,
  pageAllocExact,
  pageFree,
  pageFreeExact,
  param,
} from '../core/abi/core';
import { blockCount, slotIsTable, tableAddress, tableSlot } from '../core/abi/directory';
import {
  BLOCK_PAGES,
  PAGE_BYTES,
  REGION_LOCK,
  REGION_PAGE_COUNT,
  REGION_STRATEGY,
} from '../core/abi/layout';
import { mttInvalidate, mttWrite, mttZap } from '../core/abi/mtt';
import { copySlots } from '../core/abi/slots';
import {
  stagingBuffer,
  stagingEntries,
  stagingFini,
  stagingInit,
  stagingReturn,
  stagingTake,
} from '../core/abi/staging';
import { CONTEXT_ATOMIC, CONTEXT_KERNEL, EAGAIN, EINVAL, ENOMEM, OK } from '../core/abi/terms';

const SITE_PARENT: u32 = 2;
const SITE_CHILD: u32 = 3;
const PARAM_PARENT_GIB: u32 = 1;
const PARENT: usize = REGION_STRATEGY + 128;
const CHILD_PAGES: u32 = 262144;
const CHILD_BLOCKS: u32 = 512;
const CHILD_CAPACITY: u32 = 32;
const KSM_BYTES: u32 = 16;
const KSM_MAPPED: usize = 4;
const KSM_ADDRESS: usize = 8;
/** A UMR carries 64 bytes at least: four KSMs. */
const KSM_GRANULE: u32 = 4;

function childCount(region: usize): u32 {
  return (load<u32>(region, REGION_PAGE_COUNT) + CHILD_PAGES - 1) / CHILD_PAGES;
}

function childBlocks(region: usize, child: u32): u32 {
  return min(blockCount(region) - child * CHILD_BLOCKS, CHILD_BLOCKS);
}

/** The driver's list of children: address of the word that names the child, 0 when there is none. */
function listed(region: usize, child: u32): usize {
  return region + REGION_STRATEGY + (child << 2);
}

function parentEntry(region: usize, child: u32): usize {
  return load<u32>(region + PARENT) + child * KSM_BYTES;
}

function mappedOf(region: usize, child: u32): usize {
  return parentEntry(region, child) + KSM_MAPPED;
}

function parentBytes(region: usize): u32 {
  return max<u32>(childCount(region), param(PARAM_PARENT_GIB)) * KSM_BYTES;
}

export function init(region: usize): i32 {
  if (region == 0) return stagingInit();
  if (childCount(region) > CHILD_CAPACITY) return EINVAL;
  const parent = pageAllocExact(CONTEXT_KERNEL, parentBytes(region), SITE_PARENT);
  if (parent == 0) return ENOMEM;
  store<u32>(region + PARENT, u32(parent));
  zapParent(region);
  return OK;
}

/**
 * Gives the fresh (zeroed) parent null keys throughout, chunk by chunk. A dead device does not refuse the
 * registration; the first update will say EIO.
 */
function zapParent(region: usize): void {
  let left = parentBytes(region) >> 3;
  const staging = stagingTake(CONTEXT_KERNEL, left);
  while (left != 0) {
    const entries = min(left, stagingEntries(staging));
    deviceZap(entries);
    deviceFence();
    left -= entries;
  }
  stagingReturn(staging);
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let page = first;
  const end = first + count;
  let result: i32 = OK;
  while (page < end && result == OK) {
    const stop = min(end, (page & ~(CHILD_PAGES - 1)) + CHILD_PAGES);
    result = updateChild(region, page, stop - page, words + ((page - first) << 3));
    page = stop;
  }
  return result;
}

function updateChild(region: usize, first: u32, count: u32, words: usize): i32 {
  const child = first / CHILD_PAGES;
  if (load<u32>(listed(region, child)) == 0 && !createChild(region, child)) return ENOMEM;
  const fresh = load<u32>(parentEntry(region, child)) == 0;
  let result: i32 = OK;
  if (fresh) {
    const pages = childBlocks(region, child) * BLOCK_PAGES;
    result = mttZap(region, child * CHILD_PAGES, pages, CONTEXT_ATOMIC, 0);
  }
  if (result == OK) result = mttWrite(region, first, count, words, mappedOf(region, child));
  if (result == OK && fresh) result = setKey(region, child, load<u32>(listed(region, child)));
  return result;
}

/** Allocates the table of a child, whole or not at all, and lists it. */
function createChild(region: usize, child: u32): bool {
  const directory = pageAlloc(CONTEXT_KERNEL, 0, SITE_CHILD);
  if (directory == 0) return false;
  for (let block: u32 = 0; block < childBlocks(region, child); block++) {
    const table = pageAlloc(CONTEXT_KERNEL, 0, SITE_CHILD);
    if (table == 0) {
      freeChild(directory);
      return false;
    }
    store<u64>(directory + (block << 3), tableSlot(table));
  }
  store<u32>(listed(region, child), u32(directory));
  return true;
}

/** Frees a child that no walker can reach. */
function freeChild(directory: usize): void {
  for (let block: u32 = 0; block < CHILD_BLOCKS; block++) {
    const slot = load<u64>(directory + (block << 3));
    if (slotIsTable(slot)) pageFree(tableAddress(slot), 0);
  }
  pageFree(directory, 0);
}

/** Points the parent's entry to a child, or to the null key (0): one command with the entry's granule. */
function setKey(region: usize, child: u32, key: u32): i32 {
  const entry = parentEntry(region, child);
  const granule = parentEntry(region, child & ~(KSM_GRANULE - 1));
  const words = KSM_GRANULE * 2;
  const staging = stagingTake(CONTEXT_ATOMIC, words);
  const buffer = stagingBuffer(staging);
  memory.copy(buffer, granule, words << 3);
  store<u32>(buffer + (entry - granule), key);
  store<u64>(buffer + (entry - granule), u64(child) << 30, KSM_ADDRESS);
  copySlots(granule, buffer, words);
  deviceWrite(words);
  const result = deviceFence();
  stagingReturn(staging);
  return result;
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  if (!blockable) return EAGAIN;
  let page = first;
  const end = first + count;
  let result: i32 = OK;
  while (page < end) {
    const stop = min(end, (page & ~(CHILD_PAGES - 1)) + CHILD_PAGES);
    const mapped = mappedOf(region, page / CHILD_PAGES);
    if (load<u32>(mapped) != 0) {
      const zapped = mttInvalidate(region, page, stop - page, mapped);
      if (result == OK) result = zapped;
    }
    page = stop;
  }
  return result;
}

export function translate(region: usize, page: u32): u64 {
  const directory: usize = atomic.load<u32>(parentEntry(region, page / CHILD_PAGES));
  // A walk that fini overtook may read the freed parent: what it finds is no key, and is not used.
  if (directory == 0 || (directory & (PAGE_BYTES - 1)) != 0) return 0;
  const block = (page / BLOCK_PAGES) & (CHILD_BLOCKS - 1);
  const slot = atomic.load<u64>(directory + (block << 3));
  if (!slotIsTable(slot)) return 0;
  return atomic.load<u64>(tableAddress(slot) + ((page & (BLOCK_PAGES - 1)) << 3));
}

/** Destroys children in which nothing is mapped; the pages go when the lock is free again. */
export function maintain(region: usize): void {
  for (let child: u32 = 0; child < childCount(region); child++) {
    lockAcquire(region + REGION_LOCK);
    const directory: usize = load<u32>(listed(region, child));
    const unused = directory != 0 && load<u32>(mappedOf(region, child)) == 0;
    if (unused) {
      setKey(region, child, 0);
      store<u32>(listed(region, child), 0);
    }
    lockRelease(region + REGION_LOCK);
    if (unused) freeChild(directory);
  }
}

export function fini(region: usize): void {
  if (region == 0) {
    stagingFini();
    return;
  }
  for (let child: u32 = 0; child < childCount(region); child++) {
    const directory: usize = load<u32>(listed(region, child));
    if (directory != 0) freeChild(directory);
    store<u32>(listed(region, child), 0);
  }
  const parent: usize = load<u32>(region + PARENT);
  if (parent != 0) pageFreeExact(parent, parentBytes(region));
  store<u32>(region + PARENT, 0);
}
