/**
 * elastic-cuckoo: a hashed page table. Entries lie in 64-byte lines of eight neighbours, in a three-way
 * cuckoo table for 4 KiB pages and another for 2 MiB ones, so a walk is independent of the size of the
 * space: three probes side by side a table, no tree. A table doubles while it is in use and moves its
 * lines bit by bit; refused the memory, it fills up further, and only when no place can be made does an
 * update drop its range and return ENOMEM.
 *
 * Users: research page tables (ECPT, ME-HPT); hashed tables of PowerPC and Itanium before. Source:
 * Skarlatos, Kokolis, Xu, Torrellas, "Elastic Cuckoo Page Tables", ASPLOS 2020 (upsizing at 60 %,
 * downsizing at 20 % occupancy, three ways, eight entries a line).
 *
 * Protocol: the core holds the region's driver lock, maintain takes it. Walkers take none; each entry
 * carries its key's tag, a way word says which array counts, a miss while lines move is looked up again
 * (core/abi/cuckoo-table.ts). Arrays are freed after the fence that follows their last use.
 *
 *   bytes == 4096 head + 64 * 3 * (2^k + 2^m), k, m >= 6: the smallest table with lines <= 60 % of 3 * 2^k
 *
 *   REGION_STRATEGY   u32 address of the head
 *   head              table of 4 KiB pages | table of 2 MiB pages | ... | 1024: queue of an insertion
 */

import { blockStop } from '../core/abi/block-slot';
import {
  count as countUp,
  deviceCacheInvalidate,
  deviceFence,
  deviceWrite,
  deviceWriteFenced,
  deviceZap,
  deviceZapFenced,
  lockAcquire,
  lockRelease,
  pageAlloc,
  pageFree,
  param,
} from '../core/abi/core';
import {
  CUCKOO_BYTES,
  cuckooFind,
  cuckooFini,
  cuckooInit,
  cuckooInsert,
  cuckooInUse,
  cuckooLookup,
  cuckooMigrate,
  cuckooShrink,
  cuckooStore,
  cuckooUntold,
  cuckooZap,
} from '../core/abi/cuckoo-table';
import { wordsAreHuge } from '../core/abi/directory';
import { entryAdvance, entryIsPresent, entryOfWord, wordIsValid } from '../core/abi/entry';
import {
  BLOCK_ORDER,
  BLOCK_PAGES,
  REGION_LOCK,
  REGION_PAGE_COUNT,
  REGION_STRATEGY,
} from '../core/abi/layout';
import {
  CONTEXT_KERNEL,
  CONTEXT_NOWAIT,
  COUNT_COLLATERAL,
  EINVAL,
  ENOMEM,
  OK,
} from '../core/abi/terms';

const SITE_HEAD: u32 = 0;
const SITE_WAYS: u32 = 1;
const PARAM_FULL_PERCENT: u32 = 0;
const PARAM_EMPTY_PERCENT: u32 = 1;
const QUEUE: usize = 1024;
/** Keys are 20 bits: pages / 8. */
const MOST_PAGES: u32 = 8388608;
const LINE_PAGES: u32 = 8;
const MAINTAIN_LINES: u32 = 512;

function head(region: usize): usize {
  return load<u32>(region + REGION_STRATEGY);
}

/** The table of 2 MiB pages. */
function hugeTable(region: usize): usize {
  return head(region) + CUCKOO_BYTES;
}

/** A table that has just halved must not be full, or it would double again: EINVAL for such percentages. */
export function init(region: usize): i32 {
  if (param(PARAM_FULL_PERCENT) <= 2 * param(PARAM_EMPTY_PERCENT)) return EINVAL;
  if (region == 0) return OK;
  if (load<u32>(region, REGION_PAGE_COUNT) > MOST_PAGES) return EINVAL;
  const page = pageAlloc(CONTEXT_KERNEL, 0, SITE_HEAD);
  if (page == 0) return ENOMEM;
  store<u32>(region + REGION_STRATEGY, u32(page));
  const made =
    cuckooInit(page, CONTEXT_KERNEL, SITE_WAYS) &&
    cuckooInit(hugeTable(region), CONTEXT_KERNEL, SITE_WAYS);
  if (made) return OK;
  fini(region);
  return ENOMEM;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let written: u32 = 0;
  const end = first + count;
  for (let page = first; page < end; page = blockStop(page, end)) {
    const pages = blockStop(page, end) - page;
    const from = words + ((page - first) << 3);
    const huge = wordsAreHuge(from, pages);
    dropOther(region, page, huge);
    const stored = huge ? storeHuge(region, page, from) : storePages(region, page, pages, from);
    if (stored < 0) {
      deviceWrite(untold(region));
      deviceZap(erase(region, first, end));
      deviceCacheInvalidate(region, first, count);
      deviceFence();
      return ENOMEM;
    }
    written += stored;
  }
  return deviceWriteFenced(written + untold(region));
}

/** Entries of lines that moved in either table. */
function untold(region: usize): u32 {
  return cuckooUntold(head(region)) + cuckooUntold(hugeTable(region));
}

/** A block is in one of the tables only: drops what the other one still has. */
function dropOther(region: usize, page: u32, huge: bool): void {
  const block = page & ~(BLOCK_PAGES - 1);
  const zapped = huge
    ? zapPages(region, block, block + BLOCK_PAGES)
    : zapHuge(region, block, block + BLOCK_PAGES);
  if (zapped == 0) return;
  deviceZap(zapped);
  deviceCacheInvalidate(region, block, BLOCK_PAGES);
}

/** The key's line as found, or a new one; 0 when there is no place. */
function lineFor(table: usize, queue: usize, key: u32): u64 {
  const found = cuckooFind(table, key);
  if (found != 0) return found;
  const full = u32(param(PARAM_FULL_PERCENT));
  return cuckooInsert(table, queue, key, full, CONTEXT_KERNEL, SITE_WAYS);
}

/** Number of entries stored, or -1 when there is no place for a line. */
function storePages(region: usize, page: u32, count: u32, words: usize): i32 {
  const table = head(region);
  let stored: i32 = 0;
  let line: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const word = load<u64>(words + (i << 3));
    const index = (page + i) & (LINE_PAGES - 1);
    if (index == 0) line = 0;
    if (!wordIsValid(word)) continue;
    const key = (page + i) / LINE_PAGES;
    if (line == 0) line = lineFor(table, table + QUEUE, key);
    if (line == 0) return -1;
    cuckooStore(line, key, index, entryOfWord(word, 0));
    stored++;
  }
  return stored;
}

function storeHuge(region: usize, page: u32, words: usize): i32 {
  const block = page >> 9;
  const line = lineFor(hugeTable(region), head(region) + QUEUE, block / LINE_PAGES);
  if (line == 0) return -1;
  const entry = entryOfWord(load<u64>(words), BLOCK_ORDER);
  cuckooStore(line, block / LINE_PAGES, block & (LINE_PAGES - 1), entry);
  return 1;
}

/** Zaps 4 KiB entries of pages page..end-1. */
function zapPages(region: usize, page: u32, end: u32): u32 {
  const table = head(region);
  let zapped: u32 = 0;
  while (page < end && cuckooInUse(table) != 0) {
    const key = page / LINE_PAGES;
    const stop = min(end, (key + 1) * LINE_PAGES);
    zapped += cuckooZap(table, key, page & (LINE_PAGES - 1), stop - key * LINE_PAGES);
    page = stop;
  }
  return zapped;
}

/** Zaps 2 MiB entries that overlap pages page..end-1; what lies outside is counted as collateral. */
function zapHuge(region: usize, page: u32, end: u32): u32 {
  const table = hugeTable(region);
  let zapped: u32 = 0;
  for (; page < end && cuckooInUse(table) != 0; page = blockStop(page, end)) {
    const block = page >> 9;
    const index = block & (LINE_PAGES - 1);
    if (cuckooZap(table, block / LINE_PAGES, index, index + 1) == 0) continue;
    zapped++;
    countUp(COUNT_COLLATERAL, BLOCK_PAGES - (blockStop(page, end) - page));
  }
  return zapped;
}

function erase(region: usize, first: u32, end: u32): u32 {
  return zapPages(region, first, end) + zapHuge(region, first, end);
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const zapped = erase(region, first, first + count);
  if (zapped == 0) return OK;
  return deviceZapFenced(region, first, count, zapped);
}

export function translate(region: usize, page: u32): u64 {
  const entry = cuckooLookup(head(region), page / LINE_PAGES, page & (LINE_PAGES - 1));
  if (entryIsPresent(entry)) return entry;
  const block = page >> 9;
  const leaf = cuckooLookup(hugeTable(region), block / LINE_PAGES, block & (LINE_PAGES - 1));
  return entryIsPresent(leaf) ? entryAdvance(leaf, page & (BLOCK_PAGES - 1)) : 0;
}

/** Moves lines of tables that change their size; halves tables that have become empty. */
export function maintain(region: usize): void {
  lockAcquire(region + REGION_LOCK);
  const queue = head(region) + QUEUE;
  const empty = u32(param(PARAM_EMPTY_PERCENT));
  cuckooShrink(head(region), empty, CONTEXT_NOWAIT, SITE_WAYS);
  cuckooShrink(hugeTable(region), empty, CONTEXT_NOWAIT, SITE_WAYS);
  const steps =
    cuckooMigrate(head(region), queue, MAINTAIN_LINES) +
    cuckooMigrate(hugeTable(region), queue, MAINTAIN_LINES);
  if (steps != 0) {
    deviceWrite(untold(region));
    deviceFence();
  }
  lockRelease(region + REGION_LOCK);
}

export function fini(region: usize): void {
  if (region == 0 || head(region) == 0) return;
  cuckooFini(head(region));
  cuckooFini(hugeTable(region));
  pageFree(head(region), 0);
  store<u32>(region + REGION_STRATEGY, 0);
}
