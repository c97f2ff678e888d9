/**
 * eager-split: dirty logging as KVM does it. Blocks are mapped by 2 MiB leaves until the OS starts to
 * write-protect the region; then maintain splits leaves ahead of demand, a chunk of blocks at a time, and
 * faults map at 4 KiB, so that later events find tables and touch single entries. When no protection
 * event has come for a while the region maps huge again and empty tables go.
 *
 * Users: KVM live migration (catalogue S9). Source: arch/x86/kvm/mmu/tdp_mmu.c
 * kvm_tdp_mmu_try_split_huge_pages; arm64 KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE.
 *
 * trigger = 1 (default): splitting begins with a protection event; 0: everything is always split.
 * Protection events only remove the WRITE right, in place, as write-protecting for the dirty log does.
 *
 * Protocol: the core holds the region's driver lock around update and invalidate; maintain takes it for a
 * chunk. A table is filled from the leaf before one store links it: every page translates as before, so
 * no cache has to know. maintain asks with NOWAIT under the lock; refused, it drops the lock, asks with
 * KERNEL, takes the lock again and looks at the block again.
 *
 *   table pages == directory pages + blocks that are split
 *
 *   REGION_STRATEGY + 128   cursor u32 | rounds of maintain until logging ends u32
 */

import { blockStop, linkLeaf, linkTable, tableEntry, zapBlocks } from '../core/abi/block-slot';
import {
  count as countUp,
  deviceCacheInvalidate,
  deviceFence,
  deviceWrite,
  deviceWriteFenced,
  lockAcquire,
  lockRelease,
  pageAlloc,
  pageFree,
  param,
} from '../core/abi/core';
import {
  blockCount,
  blockSlot,
  directoryClear,
  directoryFini,
  directoryInit,
  directoryTranslate,
  directoryTrim,
  slotIsLeaf,
  slotIsTable,
  tableAddress,
  wordsAreHuge,
} from '../core/abi/directory';
import { ENTRY_READ, ENTRY_WRITE, entryOfWord } from '../core/abi/entry';
import { BLOCK_ORDER, BLOCK_PAGES, REGION_LOCK, REGION_STRATEGY } from '../core/abi/layout';
import { writeSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, CONTEXT_NOWAIT, COUNT_DEGRADED, ENOMEM, OK } from '../core/abi/terms';
import {
  EVENT_PROTECTION_PAGE,
  EVENT_PROTECTION_VMA,
  EVENT_SOFT_DIRTY,
} from '../core/abi/trace-event';

const SITE_DIRECTORY: u32 = 0;
const SITE_FAULT: u32 = 1;
const SITE_SPLIT: u32 = 2;
const PARAM_CHUNK: u32 = 0;
const PARAM_TRIGGER: u32 = 1;
const PARAM_QUIET_ROUNDS: u32 = 2;
const CURSOR: usize = REGION_STRATEGY + 128;
const ROUNDS_LEFT: usize = REGION_STRATEGY + 132;

export function init(region: usize): i32 {
  return region == 0 ? OK : directoryInit(region, SITE_DIRECTORY);
}

/** Is the region to be mapped at 4 KiB? */
function isLogging(region: usize): bool {
  return param(PARAM_TRIGGER) == 0 || load<u32>(region + ROUNDS_LEFT) != 0;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  const end = first + count;
  const mayBeHuge = !isLogging(region);
  // All tables first: they are linked translating what was there before, so a failure changes nothing.
  for (let page = first; page < end; page = blockStop(page, end)) {
    const pages = blockStop(page, end) - page;
    if (mayBeHuge && wordsAreHuge(words + ((page - first) << 3), pages)) continue;
    const slot = blockSlot(region, page >> 9);
    if (slotIsTable(load<u64>(slot))) continue;
    const table = pageAlloc(CONTEXT_KERNEL, 0, SITE_FAULT);
    if (table == 0) return ENOMEM;
    linkTable(slot, table);
  }
  let written: u32 = 0;
  for (let page = first; page < end; page = blockStop(page, end)) {
    const slot = blockSlot(region, page >> 9);
    const pages = blockStop(page, end) - page;
    const from = words + ((page - first) << 3);
    if (mayBeHuge && wordsAreHuge(from, pages)) {
      linkLeaf(slot, entryOfWord(load<u64>(from), BLOCK_ORDER));
      written++;
    } else {
      written += writeSlots(tableEntry(tableAddress(load<u64>(slot)), page), pages, from);
    }
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
  const protection =
    event == EVENT_PROTECTION_VMA || event == EVENT_PROTECTION_PAGE || event == EVENT_SOFT_DIRTY;
  if (!protection) return zapBlocks(region, first, count, false);
  store<u32>(region + ROUNDS_LEFT, u32(param(PARAM_QUIET_ROUNDS)));
  let narrowed: u32 = 0;
  const end = first + count;
  for (let page = first; page < end; page = blockStop(page, end)) {
    const slot = blockSlot(region, page >> 9);
    const old = load<u64>(slot);
    if (slotIsLeaf(old)) narrowed += protectSlots(slot, 1);
    else if (slotIsTable(old)) {
      narrowed += protectSlots(tableEntry(tableAddress(old), page), blockStop(page, end) - page);
    }
  }
  if (narrowed == 0) return OK;
  deviceWrite(narrowed);
  deviceCacheInvalidate(region, first, count);
  return deviceFence();
}

/** Removes the WRITE right of present slots; returns how many had it. */
function protectSlots(slot: usize, count: u32): u32 {
  let narrowed: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const entry = load<u64>(slot + (i << 3));
    if ((entry & (ENTRY_READ | ENTRY_WRITE)) != (ENTRY_READ | ENTRY_WRITE)) continue;
    atomic.store<u64>(slot + (i << 3), entry & ~ENTRY_WRITE);
    narrowed++;
  }
  return narrowed;
}

export function translate(region: usize, page: u32): u64 {
  return directoryTranslate(region, page);
}

export function maintain(region: usize): void {
  lockAcquire(region + REGION_LOCK);
  if (isLogging(region)) {
    const left = load<u32>(region + ROUNDS_LEFT);
    if (left != 0) store<u32>(region + ROUNDS_LEFT, left - 1);
    if (splitChunk(region) != 0) deviceFence();
  } else if (directoryTrim(region, region + CURSOR, u32(param(PARAM_CHUNK))) != 0) {
    deviceFence();
  }
  lockRelease(region + REGION_LOCK);
}

/** Splits up to one chunk of leaves, from the cursor on, in one round over the region; returns how many. */
function splitChunk(region: usize): u32 {
  const blocks = blockCount(region);
  const chunk = u32(param(PARAM_CHUNK));
  let split: u32 = 0;
  for (let seen: u32 = 0; seen < blocks && split < chunk; seen++) {
    const block = (load<u32>(region + CURSOR) + 1) % blocks;
    store<u32>(region + CURSOR, block);
    const slot = blockSlot(region, block);
    if (!slotIsLeaf(load<u64>(slot))) continue;
    const table = allocTable(region);
    if (table == 0) {
      countUp(COUNT_DEGRADED, 1);
      return split;
    }
    if (!slotIsLeaf(load<u64>(slot))) {
      // The lock was dropped meanwhile, and the leaf went.
      pageFree(table, 0);
      continue;
    }
    linkTable(slot, table);
    deviceWrite(BLOCK_PAGES);
    split++;
  }
  return split;
}

/** NOWAIT under the lock, then KERNEL with the lock dropped (tdp_mmu_alloc_sp_for_split). */
function allocTable(region: usize): usize {
  const table = pageAlloc(CONTEXT_NOWAIT, 0, SITE_SPLIT);
  if (table != 0) return table;
  lockRelease(region + REGION_LOCK);
  const waited = pageAlloc(CONTEXT_KERNEL, 0, SITE_SPLIT);
  lockAcquire(region + REGION_LOCK);
  return waited;
}

export function fini(region: usize): void {
  if (region == 0) return;
  directoryClear(region);
  directoryFini(region);
}
