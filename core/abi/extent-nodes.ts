/**
 * A B+tree of extents: runs of pages whose frames run on as well. Compiled into each module that imports
 * it; no state but TREE_BYTES at `tree`. The caller holds the lock of whatever the tree belongs to, and
 * has opened the tree (treeOpen) for the functions that change it.
 *
 *   tree + 0     root u32 | version u32 (odd: being changed) | spare pages u32 | their number u32
 *   tree + 16    path of the last seek: five levels of node u32, index u32
 *   node (page)  items u32 | level u32 (0 = leaf) | 8 bytes unused | 255 items of 16 bytes, by first page
 *   leaf item    first page u32 | pages u32 | entry of the first page u64
 *   inner item   lowest page below u32 | child u32 | 8 bytes unused       (item 0 also takes all lower pages)
 *
 * Nodes are freed when they are empty and not merged before (Johnson and Shasha, "B-trees with inserts
 * and deletes: why free-at-empty is better than merge-at-half", 1993).
 *
 * Readers take no lock: they read the version, walk, and start again when it has moved (a sequence lock).
 * The version is checked again before each pointer is followed. After treeFini it stays odd; whoever comes
 * from before may read a freed page, but follows no pointer out of the arena.
 */
import { inArena } from './arena';
import { pageAlloc, pageFree, pageFreeDeferred, pageReassign } from './core';
import { entryAdvance } from './entry';

export const TREE_BYTES: u32 = 64;
export const ITEM_PAGES: usize = 4;
export const ITEM_ENTRY: usize = 8;
const VERSION: usize = 4;
const SPARE: usize = 8;
const SPARES: usize = 12;
const PATH: usize = 16;
const LEVEL: usize = 4;
const ITEMS: usize = 16;
const CAPACITY: u32 = 255;
/** Sites of the strategy's manifest: nodes (table), spares (reserve). */
const SITE_NODE: u32 = 0;
const SITE_SPARE: u32 = 1;
/** Tries before a reader gives up with "not present", which is a fault and then waits for the lock. */
const READ_TRIES: i32 = 1000;
/** What the path has room for: 255^5 extents. */
const MOST_LEVELS: i32 = 5;

function item(node: usize, index: u32): usize {
  return node + ITEMS + (index << 4);
}

function count(node: usize): u32 {
  return min(load<u32>(node), CAPACITY);
}

/** Items of the node that begin at or before the page. */
function rank(node: usize, page: u32): u32 {
  let low: u32 = 0;
  let high = count(node);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(item(node, middle)) <= page) low = middle + 1;
    else high = middle;
  }
  return low;
}

function pathNode(tree: usize, level: u32): usize {
  return load<u32>(tree + PATH + (level << 3));
}

function pathIndex(tree: usize, level: u32): u32 {
  return load<u32>(tree + PATH + (level << 3), 4);
}

function setPath(tree: usize, level: u32, node: usize, index: u32): void {
  store<u32>(tree + PATH + (level << 3), u32(node));
  store<u32>(tree + PATH + (level << 3), index, 4);
}

export function treeOpen(tree: usize): void {
  atomic.add<u32>(tree + VERSION, 1);
}

export function treeClose(tree: usize): void {
  atomic.add<u32>(tree + VERSION, 1);
}

/** Takes spare pages until there are `wanted`; false when one was refused. */
export function treeTopUp(tree: usize, wanted: u32, context: u32): bool {
  while (load<u32>(tree + SPARES) < wanted) {
    const page = pageAlloc(context, 0, SITE_SPARE);
    if (page == 0) return false;
    store<u32>(page, load<u32>(tree + SPARE));
    store<u32>(tree + SPARE, u32(page));
    store<u32>(tree + SPARES, load<u32>(tree + SPARES) + 1);
  }
  return true;
}

function takeSpare(tree: usize, level: u32): usize {
  const page: usize = load<u32>(tree + SPARE);
  store<u32>(tree + SPARE, load<u32>(page));
  store<u32>(tree + SPARES, load<u32>(tree + SPARES) - 1);
  store<u32>(page, 0);
  store<u32>(page, level, LEVEL);
  pageReassign(page, SITE_NODE);
  return page;
}

/** Makes the root; a spare page must be there. */
export function treeInit(tree: usize): void {
  store<u32>(tree, u32(takeSpare(tree, 0)));
}

/** Frees nodes and spares; no walk can reach the tree any more. */
export function treeFini(tree: usize): void {
  treeOpen(tree);
  if (load<u32>(tree) != 0) freeBelow(load<u32>(tree));
  store<u32>(tree, 0);
  let page: usize = load<u32>(tree + SPARE);
  while (page != 0) {
    const next: usize = load<u32>(page);
    pageFree(page, 0);
    page = next;
  }
  store<u32>(tree + SPARE, 0);
  store<u32>(tree + SPARES, 0);
}

function freeBelow(node: usize): void {
  for (let i: u32 = 0; load<u32>(node, LEVEL) != 0 && i < count(node); i++) {
    freeBelow(load<u32>(item(node, i), ITEM_PAGES));
  }
  pageFree(node, 0);
}

/** Are there spares for one insertion at the last seek's place, whatever it splits? */
export function treeCanInsert(tree: usize): bool {
  let needed: u32 = 0;
  const top = load<u32>(load<u32>(tree), LEVEL);
  let level: u32 = 0;
  while (level <= top && count(pathNode(tree, level)) == CAPACITY) {
    needed++;
    level++;
  }
  return load<u32>(tree + SPARES) >= (level > top ? needed + 1 : needed);
}

/** Puts the path on the leaf for the page; returns how many of its extents begin at or before it. */
export function treeDescend(tree: usize, page: u32): u32 {
  let node: usize = load<u32>(tree);
  for (let level = load<u32>(node, LEVEL); level > 0; level--) {
    const at = max<u32>(rank(node, page), 1) - 1;
    setPath(tree, level, node, at);
    node = load<u32>(item(node, at), ITEM_PAGES);
  }
  const before = rank(node, page);
  setPath(tree, 0, node, before);
  return before;
}

/** The extent at `index` of the last seek's leaf, or 0 behind its end. */
export function treeExtent(tree: usize, index: u32): usize {
  const leaf = pathNode(tree, 0);
  return index < count(leaf) ? item(leaf, index) : 0;
}

/** The first extent that ends behind the page, with the path on it; 0 when there is none. */
export function treeSeek(tree: usize, page: u32): usize {
  const before = treeDescend(tree, page);
  if (before != 0) {
    const extent = treeExtent(tree, before - 1);
    if (load<u32>(extent) + load<u32>(extent, ITEM_PAGES) > page) {
      setPath(tree, 0, pathNode(tree, 0), before - 1);
      return extent;
    }
  }
  return before < count(pathNode(tree, 0)) ? treeExtent(tree, before) : nextLeaf(tree);
}

/** First extent of the leaf after the path's, with the path on it. */
function nextLeaf(tree: usize): usize {
  const top = load<u32>(load<u32>(tree), LEVEL);
  let level: u32 = 1;
  while (level <= top && pathIndex(tree, level) + 1 >= count(pathNode(tree, level))) level++;
  if (level > top) return 0;
  let node = pathNode(tree, level);
  let index = pathIndex(tree, level) + 1;
  for (;;) {
    setPath(tree, level, node, index);
    if (level == 0) break;
    node = load<u32>(item(node, index), ITEM_PAGES);
    index = 0;
    level--;
  }
  return item(node, 0);
}

/** Inserts an extent before place `index` of the last seek's leaf. Spares must be there. */
export function treeInsert(tree: usize, index: u32, first: u32, pages: u32, entry: u64): void {
  insertAt(tree, 0, index, first, pages, entry);
}

function insertAt(tree: usize, level: u32, index: u32, key: u32, value: u32, entry: u64): void {
  let node = pathNode(tree, level);
  if (count(node) == CAPACITY) {
    const right = takeSpare(tree, level);
    // Behind the last item nothing is moved: a tree that grows upwards has full nodes.
    const keep = index == CAPACITY ? CAPACITY : CAPACITY / 2;
    memory.copy(item(right, 0), item(node, keep), (CAPACITY - keep) << 4);
    store<u32>(right, CAPACITY - keep);
    store<u32>(node, keep);
    linkRight(tree, level, node, right, keep == CAPACITY ? key : load<u32>(item(right, 0)));
    if (index > keep || keep == CAPACITY) {
      index -= keep;
      node = right;
    }
  }
  const items = count(node);
  memory.copy(item(node, index + 1), item(node, index), (items - index) << 4);
  store<u32>(item(node, index), key);
  store<u32>(item(node, index), value, ITEM_PAGES);
  store<u64>(item(node, index), entry, ITEM_ENTRY);
  store<u32>(node, items + 1);
}

/** Enters a new right neighbour into the level above, which the root may still lack. */
function linkRight(tree: usize, level: u32, node: usize, right: usize, key: u32): void {
  if (load<u32>(tree) == u32(node)) {
    const root = takeSpare(tree, level + 1);
    store<u32>(item(root, 0), u32(node), ITEM_PAGES);
    store<u32>(root, 1);
    store<u32>(tree, u32(root));
    setPath(tree, level + 1, root, 0);
  }
  insertAt(tree, level + 1, pathIndex(tree, level + 1) + 1, key, u32(right), 0);
}

/** Removes item `index` of the path's leaf; nodes that become empty are freed after the next fence. */
export function treeRemove(tree: usize, index: u32): void {
  removeAt(tree, 0, index);
}

function removeAt(tree: usize, level: u32, index: u32): void {
  const node = pathNode(tree, level);
  const items = count(node) - 1;
  memory.copy(item(node, index), item(node, index + 1), (items - index) << 4);
  store<u32>(node, items);
  const isRoot = load<u32>(tree) == u32(node);
  if (items == 0 && !isRoot) {
    pageFreeDeferred(node);
    removeAt(tree, level + 1, pathIndex(tree, level + 1));
  } else if (items == 0) {
    store<u32>(node, 0, LEVEL);
  } else if (items == 1 && isRoot && level > 0) {
    store<u32>(tree, load<u32>(item(node, 0), ITEM_PAGES));
    pageFreeDeferred(node);
  }
}

/**
 * What a walker finds for the page, copied to nothing but its return value: the page's entry, and in
 * bits 52..56 order 9 if its whole block lies in the extent with aligned frames; 0 when there is none.
 */
export function treeLookup(tree: usize, page: u32): u64 {
  for (let tries = 0; tries < READ_TRIES; tries++) {
    const version = atomic.load<u32>(tree + VERSION);
    if ((version & 1) != 0) continue;
    let node: usize = atomic.load<u32>(tree);
    for (let depth = 0; depth < MOST_LEVELS && inArena(node); depth++) {
      if (atomic.load<u32>(tree + VERSION) != version) break;
      const before = rank(node, page);
      if (atomic.load<u32>(node, LEVEL) != 0) {
        node = atomic.load<u32>(item(node, max<u32>(before, 1) - 1), ITEM_PAGES);
        continue;
      }
      const entry = before == 0 ? 0 : entryIn(item(node, before - 1), page);
      if (atomic.load<u32>(tree + VERSION) == version) return entry;
    }
  }
  return 0;
}

function entryIn(extent: usize, page: u32): u64 {
  const first = atomic.load<u32>(extent);
  const pages = atomic.load<u32>(extent, ITEM_PAGES);
  const entry = entryAdvance(atomic.load<u64>(extent, ITEM_ENTRY), page - first);
  if (page - first >= pages) return 0;
  const block = page & ~511;
  const whole = block >= first && block + 512 <= first + pages;
  const aligned = ((u32(entry >> 12) ^ page) & 511) == 0;
  return whole && aligned ? entry | (u64(9) << 52) : entry;
}
