/**
 * topped-up-cache: KVM's memory cache. A fault first tops up a cache of zeroed pages, where it may sleep
 * and fail, then takes the lock and takes its tables from the cache, which cannot fail. It tops up only
 * when fewer pages are left than this fault could need, and then to the full capacity; it goes on if it
 * got at least what it needs.
 *
 * Users: KVM on x86, arm64 and riscv (catalogue S8). Source: virt/kvm/kvm_main.c
 * kvm_mmu_topup_memory_cache, arch/x86/kvm/mmu/mmu.c mmu_topup_memory_caches; capacity 40 is
 * KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE.
 *
 * Protocol: lock granularity is the strategy's own, because the top-up must lie outside the lock that
 * invalidations take. KVM's cache belongs to a vCPU, whose mutex serialises its faults; here it belongs
 * to the region, and CACHE_LOCK is that mutex. REGION_LOCK is mmu_lock. Always taken in this order:
 *
 *   fault                                            invalidate
 *   lock cache; top up (may sleep, may fail)
 *     lock region; collision check; publish; unlock    lock region; zap, fence; unlock
 *   unlock cache
 *
 * So an invalidation never waits for an allocation. As in tdp_mmu_zap_leafs an invalidation leaves
 * emptied tables in place; a table goes when a 2 MiB mapping replaces it, or with the region.
 *
 *   table pages == directory pages + blocks with a table        cached pages <= capacity a region
 *
 *   REGION_STRATEGY + 128   CACHE_LOCK u32 | head of the cached pages u32 | their number u32
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
  pageReassign,
  param,
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
const SITE_CACHE: u32 = 1;
const SITE_TABLE: u32 = 2;
const PARAM_CAPACITY: u32 = 0;
const CACHE_LOCK: usize = REGION_STRATEGY + 128;
const HEAD: usize = REGION_STRATEGY + 132;
const CACHED: usize = REGION_STRATEGY + 136;

export function init(region: usize): i32 {
  return region == 0 ? OK : directoryInit(region, SITE_DIRECTORY);
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let result: i32 = ENOMEM;
  lockAcquire(region + CACHE_LOCK);
  if (topUp(region, tablesAtWorst(first, count, words))) {
    lockAcquire(region + REGION_LOCK);
    result = notifierReadRetry(region) ? EAGAIN : publish(region, first, count, words);
    lockRelease(region + REGION_LOCK);
  }
  lockRelease(region + CACHE_LOCK);
  return result;
}

/** Makes sure of `least` cached pages, filling to capacity if any are missing. */
function topUp(region: usize, least: u32): bool {
  let cached = load<u32>(region + CACHED);
  if (cached >= least) return true;
  const capacity = max<u32>(least, u32(param(PARAM_CAPACITY)));
  while (cached < capacity) {
    const page = pageAlloc(CONTEXT_KERNEL, 0, SITE_CACHE);
    if (page == 0) break;
    store<u32>(page, load<u32>(region + HEAD));
    store<u32>(region + HEAD, u32(page));
    cached++;
  }
  store<u32>(region + CACHED, cached);
  return cached >= least;
}

/** Takes a page from the cache; it was topped up, so there is one. */
function take(region: usize): usize {
  const page: usize = load<u32>(region + HEAD);
  store<u32>(region + HEAD, load<u32>(page));
  store<u32>(region + CACHED, load<u32>(region + CACHED) - 1);
  store<u64>(page, 0);
  pageReassign(page, SITE_TABLE);
  return page;
}

function publish(region: usize, first: u32, count: u32, words: usize): i32 {
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
    if (!slotIsTable(load<u64>(slot))) linkTable(slot, take(region));
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
  const result = zapBlocks(region, first, count, false);
  lockRelease(region + REGION_LOCK);
  return result;
}

export function translate(region: usize, page: u32): u64 {
  return directoryTranslate(region, page);
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {
  if (region == 0) return;
  let page: usize = load<u32>(region + HEAD);
  while (page != 0) {
    const next: usize = load<u32>(page);
    pageFree(page, 0);
    page = next;
  }
  store<u32>(region + HEAD, 0);
  store<u32>(region + CACHED, 0);
  directoryClear(region);
  directoryFini(region);
}
