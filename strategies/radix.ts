/**
 * radix: a four-level page table of 512 slots a node, as IOMMUs and CPUs walk it. Updates walk once a
 * GiB and keep a cursor on the last directory, so neighbouring updates skip the upper levels; tables are
 * allocated when a mapping first needs them and go when an invalidation covers them. Unmapping never
 * allocates: part of a 2 MiB leaf takes the whole leaf (collateral), part of a contiguous leaf rewrites
 * its remaining slots in place.
 *
 * Users: generic_pt and the IOMMU drivers on it (catalogue S14, S6), Arm contpte. Source:
 * drivers/iommu/generic_pt/iommu_pt.h; arch/arm64/mm/contpte.c.
 *
 * contiguous = 0: 4 KiB and 2 MiB leaves (x86_64); 1: also runs of 16 pages (Arm contiguous bit); 2: any
 * power of two from 8 KiB to 1 MiB (AMDv1). A contiguous leaf is N equal slots with its order in them.
 *
 * Protocol: the core holds the region's driver lock around update and invalidate. A node is zeroed before
 * one 64-bit store links it; a table leaves after it is unlinked and fenced; levels 2 to 4 stay until
 * fini, so the cursor never dangles. Each slot of a contiguous leaf says by itself what its page
 * translates to, so a walker may see any mix of old and new slots.
 *
 *   bytes == 4096 * (1 root + 1 level 3 per 512 GiB + 1 level 2 per GiB + 1 table per block of 4 KiB leaves)
 *
 *   REGION_STRATEGY   root u32 | cursor: GiB + 1 u32 | its level 2 node u32 | contiguous u32
 *   level 4           page >> 27   ->  level 3   page >> 18  ->  level 2   page >> 9   ->  table
 */

import { blockStop, linkLeaf, linkTable, tableEntry, zapBlock } from '../core/abi/block-slot';
import { deviceWriteFenced, deviceZapFenced, pageAlloc, pageFree, param } from '../core/abi/core';
import {
  slotIsLeaf,
  slotIsTable,
  tableAddress,
  tableSlot,
  wordsAreHuge,
} from '../core/abi/directory';
import {
  ENTRY_ORDER_SHIFT,
  ENTRY_READ,
  entryAdvance,
  entryOfWord,
  entryOrder,
  wordFrame,
  wordIsValid,
} from '../core/abi/entry';
import { BLOCK_ORDER, BLOCK_PAGES, REGION_STRATEGY } from '../core/abi/layout';
import { writeSlots } from '../core/abi/slots';
import { CONTEXT_KERNEL, ENOMEM, OK } from '../core/abi/terms';

const SITE_NODE: u32 = 0;
const SITE_TABLE: u32 = 1;
const PARAM_CONTIGUOUS: u32 = 0;
const ARM: u32 = 1;
const ARM_ORDER: u32 = 4;
const LARGEST_CONTIGUOUS: u32 = 8;
const NODE_SLOTS: u32 = 512;
const ROOT: usize = REGION_STRATEGY;
const CURSOR_GIB: usize = REGION_STRATEGY + 4;
const CURSOR_NODE: usize = REGION_STRATEGY + 8;
/** The parameter, beside the cursor: a call for each block would cost as much as writing it. */
const CONTIGUOUS: usize = REGION_STRATEGY + 12;

export function init(region: usize): i32 {
  if (region == 0) return OK;
  const root = pageAlloc(CONTEXT_KERNEL, 0, SITE_NODE);
  if (root == 0) return ENOMEM;
  store<u32>(region + ROOT, u32(root));
  store<u32>(region + CONTIGUOUS, u32(param(PARAM_CONTIGUOUS)));
  return OK;
}

/** The node below a slot, allocated if `create`; 0 when there is none or no memory for it. */
function child(slot: usize, create: bool): usize {
  const old = load<u64>(slot);
  if (old != 0) return tableAddress(old);
  const node = create ? pageAlloc(CONTEXT_KERNEL, 0, SITE_NODE) : 0;
  if (node != 0) atomic.store<u64>(slot, tableSlot(node));
  return node;
}

/** Address of a block's slot in level 2, by the cursor if it stands on that GiB; 0 when there is none. */
function findSlot(region: usize, page: u32, create: bool): usize {
  const gib = page >> 18;
  let node: usize = load<u32>(region + CURSOR_NODE);
  if (load<u32>(region + CURSOR_GIB) != gib + 1) {
    const root: usize = load<u32>(region + ROOT);
    const upper = child(root + ((page >> 27) << 3), create);
    if (upper == 0) return 0;
    node = child(upper + ((gib & 511) << 3), create);
    if (node == 0) return 0;
    store<u32>(region + CURSOR_GIB, gib + 1);
    store<u32>(region + CURSOR_NODE, u32(node));
  }
  return node + (((page >> 9) & 511) << 3);
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  const end = first + count;
  // All tables first: they are linked translating what was there before, so a failure changes nothing.
  for (let page = first; page < end; page = blockStop(page, end)) {
    if (!reserveTable(region, page, blockStop(page, end) - page, words + ((page - first) << 3)))
      return ENOMEM;
  }
  let written: u32 = 0;
  for (let page = first; page < end; page = blockStop(page, end)) {
    written += writeBlock(region, page, blockStop(page, end) - page, words + ((page - first) << 3));
  }
  return deviceWriteFenced(written);
}

function reserveTable(region: usize, page: u32, count: u32, words: usize): bool {
  const slot = findSlot(region, page, true);
  if (slot == 0) return false;
  if (wordsAreHuge(words, count) || slotIsTable(load<u64>(slot))) return true;
  const table = pageAlloc(CONTEXT_KERNEL, 0, SITE_TABLE);
  if (table != 0) linkTable(slot, table);
  return table != 0;
}

function writeBlock(region: usize, page: u32, count: u32, words: usize): u32 {
  const slot = findSlot(region, page, false);
  if (wordsAreHuge(words, count)) {
    linkLeaf(slot, entryOfWord(load<u64>(words), BLOCK_ORDER));
    return 1;
  }
  const table = tableAddress(load<u64>(slot));
  const contiguous = load<u32>(region + CONTIGUOUS);
  if (contiguous == 0) return writeSlots(tableEntry(table, page), count, words);
  unfoldEdges(table, page, count);
  return writeRuns(table, page, count, words, contiguous == ARM);
}

/** Writes runs of consecutive frames as the largest aligned leaves the variant has. */
function writeRuns(table: usize, page: u32, count: u32, words: usize, arm: bool): u32 {
  let written: u32 = 0;
  let i: u32 = 0;
  while (i < count) {
    const word = load<u64>(words + (i << 3));
    if (!wordIsValid(word)) {
      i++;
      continue;
    }
    let run: u32 = 1;
    while (i + run < count && load<u64>(words + ((i + run) << 3)) == word + u64(run)) run++;
    const order = leafOrder(page + i, word, run, arm);
    const leaf = entryOfWord(word, order);
    const stop = i + (u32(1) << order);
    for (; i < stop; i++) store<u64>(tableEntry(table, page + i), leaf);
    written += u32(1) << order;
  }
  return written;
}

/** Largest leaf that page and frame are aligned to and the run fills. */
function leafOrder(page: u32, word: u64, run: u32, arm: bool): u32 {
  const aligned = min(ctz<u32>(page | BLOCK_PAGES), u32(ctz<u64>(wordFrame(word) | BLOCK_PAGES)));
  const order = min(min(aligned, 31 - clz<u32>(run)), LARGEST_CONTIGUOUS);
  if (!arm) return order;
  return order >= ARM_ORDER ? ARM_ORDER : 0;
}

function unfoldTable(slot: u64, page: u32, count: u32): void {
  if (slotIsTable(slot)) unfoldEdges(tableAddress(slot), page, count);
}

/** Contiguous leaves that the range cuts become single pages: the same translations (contpte unfold). */
function unfoldEdges(table: usize, page: u32, count: u32): void {
  unfold(table, page & (BLOCK_PAGES - 1));
  const end = (page & (BLOCK_PAGES - 1)) + count;
  if (end < BLOCK_PAGES) unfold(table, end);
}

/** Unfolds the leaf of slot `index` if it began before it. */
function unfold(table: usize, index: u32): void {
  const leaf = load<u64>(table + (index << 3));
  const pages = u32(1) << entryOrder(leaf);
  const first = index & ~(pages - 1);
  if (first == index) return;
  const single = leaf & ~(u64(31) << ENTRY_ORDER_SHIFT);
  for (let i: u32 = 0; i < pages; i++) {
    store<u64>(table + ((first + i) << 3), entryAdvance(single, i));
  }
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const contiguous = load<u32>(region + CONTIGUOUS);
  let zapped: u32 = 0;
  const end = first + count;
  for (let page = first; page < end; page = blockStop(page, end)) {
    const slot = findSlot(region, page, false);
    if (slot == 0) continue;
    const pages = blockStop(page, end) - page;
    if (contiguous != 0) unfoldTable(load<u64>(slot), page, pages);
    zapped += zapBlock(slot, page, pages, true);
  }
  if (zapped == 0) return OK;
  return deviceZapFenced(region, first, count, zapped);
}

export function translate(region: usize, page: u32): u64 {
  const root: usize = load<u32>(region + ROOT);
  let slot = atomic.load<u64>(root + ((page >> 27) << 3));
  if (!slotIsTable(slot)) return 0;
  slot = atomic.load<u64>(tableAddress(slot) + (((page >> 18) & 511) << 3));
  if (!slotIsTable(slot)) return 0;
  slot = atomic.load<u64>(tableAddress(slot) + (((page >> 9) & 511) << 3));
  if (slotIsLeaf(slot)) return entryAdvance(slot, page & (BLOCK_PAGES - 1));
  if (!slotIsTable(slot)) return 0;
  const entry = atomic.load<u64>(tableEntry(tableAddress(slot), page));
  const order = entryOrder(entry);
  if (order == 0 || (entry & ENTRY_READ) == 0 || order > LARGEST_CONTIGUOUS) return entry;
  return entryAdvance(entry, page & ((1 << order) - 1));
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {
  if (region == 0) return;
  const root: usize = load<u32>(region + ROOT);
  if (root != 0) freeNode(root, 4);
  store<u32>(region + ROOT, 0);
}

/** Frees a node and what hangs below it; level 1 is a table. */
function freeNode(node: usize, level: u32): void {
  for (let i: u32 = 0; level > 1 && i < NODE_SLOTS; i++) {
    const slot = load<u64>(node + (i << 3));
    if (slotIsTable(slot)) freeNode(tableAddress(slot), level - 1);
  }
  pageFree(node, 0);
}
