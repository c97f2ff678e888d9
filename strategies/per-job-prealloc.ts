/**
 * per-job-prealloc: each update job brings its own memory. Before the lock is taken the job counts the
 * tables it could need at worst (one a block of 4 KiB mappings, whether or not the block has one) and
 * allocates them all; under the lock it only consumes them, and what is left over is freed at the end.
 * So nothing is allocated under the lock, and a job fails as a whole or not at all; the price is that most
 * jobs allocate and free for nothing.
 *
 * Users: drm/msm VM_BIND, other DRM drivers with fence-signalling jobs (catalogue S10). Source:
 * drivers/gpu/drm/msm/msm_iommu.c msm_iommu_pagetable_prealloc_*.
 *
 * Protocol: lock granularity is the strategy's own, because the ioctl half must run outside it:
 *
 *   job (fault path)                          invalidate
 *   count, allocate (may sleep)
 *   lock; collision check; publish; unlock    lock; zap, fence; unlock
 *   free what is left
 *
 * The core sets the region's sequence before it calls invalidate, so a job that takes the lock after an
 * invalidation sees the collision, and one that took it before is seen by the zap. Invalidation frees a
 * table that it covers whole, and takes a 2 MiB leaf whole.
 *
 *   table pages == directory pages + blocks with a table + blocks of the jobs under way
 *
 *   REGION_STRATEGY + 128   u32: pages of the job that holds the lock, linked through their first word
 */

import {
  blockStop,
  linkLeaf,
  linkTable,
  tableEntry,
  tablesAtWorst,
  zapBlocks,
} from '../core/abi/block-slot';
import {
  deviceWriteFenced,
  lockAcquire,
  lockRelease,
  lockTry,
  notifierReadRetry,
  pageAlloc,
  pageFree,
} from '../core/abi/core';
import {
  blockSlot,
  directoryClear,
  directoryFini,
  directoryInit,
  directoryTranslate,
  slotIsTable,
  tableAddress,
  wordsAreHuge,
} from '../core/abi/directory';
import { entryOfWord } from '../core/abi/entry';
import { BLOCK_ORDER, REGION_LOCK, REGION_STRATEGY } from '../core/abi/layout';
import { writeSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, EAGAIN, ENOMEM, OK } from '../core/abi/terms';

const SITE_DIRECTORY: u32 = 0;
const SITE_JOB: u32 = 1;
const JOB: usize = REGION_STRATEGY + 128;

export function init(region: usize): i32 {
  return region == 0 ? OK : directoryInit(region, SITE_DIRECTORY);
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  const needed = tablesAtWorst(first, count, words);
  const pages = preallocate(needed);
  if (pages == 0 && needed != 0) return ENOMEM;
  lockAcquire(region + REGION_LOCK);
  store<u32>(region + JOB, u32(pages));
  const result = notifierReadRetry(region) ? EAGAIN : run(region, first, count, words);
  const left: usize = load<u32>(region + JOB);
  lockRelease(region + REGION_LOCK);
  release(left);
  return result;
}

/** A list of `needed` pages, or 0 and nothing kept. */
function preallocate(needed: u32): usize {
  let list: usize = 0;
  for (let i: u32 = 0; i < needed; i++) {
    const page = pageAlloc(CONTEXT_KERNEL, 0, SITE_JOB);
    if (page == 0) {
      release(list);
      return 0;
    }
    store<u32>(page, u32(list));
    list = page;
  }
  return list;
}

function release(list: usize): void {
  while (list != 0) {
    const next: usize = load<u32>(list);
    pageFree(list, 0);
    list = next;
  }
}

/** Takes a page of the job; the count was the worst case, so there is one. */
function consume(region: usize): usize {
  const page: usize = load<u32>(region + JOB);
  store<u32>(region + JOB, load<u32>(page));
  store<u64>(page, 0);
  return page;
}

/** The no-allocation section. */
function run(region: usize, first: u32, count: u32, words: usize): i32 {
  let written: u32 = 0;
  const end = first + count;
  for (let page = first; page < end; page = blockStop(page, end)) {
    const slot = blockSlot(region, page >> 9);
    const pages = blockStop(page, end) - page;
    const from = words + ((page - first) << 3);
    if (wordsAreHuge(from, pages)) {
      linkLeaf(slot, entryOfWord(load<u64>(from), BLOCK_ORDER));
      written++;
      continue;
    }
    if (!slotIsTable(load<u64>(slot))) linkTable(slot, consume(region));
    written += writeSlots(tableEntry(tableAddress(load<u64>(slot)), page), pages, from);
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
  if (blockable) lockAcquire(region + REGION_LOCK);
  else if (!lockTry(region + REGION_LOCK)) return EAGAIN;
  const result = zapBlocks(region, first, count, true);
  lockRelease(region + REGION_LOCK);
  return result;
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
