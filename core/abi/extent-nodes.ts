/**
 * A copy-on-write B+tree of extents: runs of pages whose frames run on as well. Compiled into each module
 * that imports it; no state but TREE_BYTES at `tree`. The caller holds the lock of whatever the tree
 * belongs to for all but treeLookup.
 *
 *   tree + 0     root u32 | draft root u32 | change number u32 | upper bound of the last prepared leaf u32
 *   tree + 16    nodes of the draft u32 | spare pages u32 | their number u32 | take from the spares u32
 *   tree + 32    path of the last seek: levels of node u32, index u32
 *   node (page)  items u32 | level u32 (0 = leaf) | live items u32 | change number u32
 *                next of the draft u32 | node it replaces u32 | 8 bytes unused | 254 items by first page
 *   leaf item    first page u32, pages u32 (0: dead) | bias u64: entry of page p is bias + (p << 12)
 *   inner item   lowest page below u32, child u32 (0: none) | 8 bytes unused     (item 0 takes all lower pages)
 *
 * What adds items copies the path to them into a draft (nodes of the current change number), which
 * treeCommit publishes by one store of the root; treeAbort forgets it. The nodes it replaces are freed by
 * the caller's next fence. What only takes pages away changes a published node by one store: the bias does
 * not depend on where an extent begins, so its first word alone trims either end or kills it, and a child
 * leaves by a zero in its parent. An extent's place in a published node is never used again.
 *
 * So a walker, which takes no lock, sees each extent as it was or as it is, and a draft whole or not at
 * all; one that read the old root before the fence is walked again by the device.
 *
 * Nodes are freed when they are empty and not merged before (Johnson and Shasha, "B-trees with inserts
 * and deletes: why free-at-empty is better than merge-at-half", 1993).
 */
import { inArena } from './arena';
import { pageAlloc, pageFree, pageFreeDeferred, pageReassign } from './core';
import { ENTRY_FRAME_SHIFT } from './entry';
import { CONTEXT_KERNEL } from './terms';

export const TREE_BYTES: u32 = 72;
/** The end of the last leaf, and of a leaf whose right neighbour is none. */
export const NO_BOUND: u32 = 0xffffffff;
const DRAFT: usize = 4;
const CHANGE: usize = 8;
const BOUND: usize = 12;
const DRAFT_NODES: usize = 16;
const SPARE: usize = 20;
const SPARES: usize = 24;
const FROM_SPARES: usize = 28;
const PATH: usize = 32;
const LEVEL: usize = 4;
const LIVE: usize = 8;
const NODE_CHANGE: usize = 12;
const NEXT: usize = 16;
const REPLACED: usize = 20;
const ITEMS: usize = 32;
const CAPACITY: u32 = 254;
/** A replaced piece adds two items: itself and the rest behind it. */
const FULL: u32 = CAPACITY - 1;
const MOST_LEVELS: u32 = 5;
/** Sites of the strategy's manifest: nodes (table), spares (reserve). */
const SITE_NODE: u32 = 0;
const SITE_SPARE: u32 = 1;

export function item(node: usize, index: u32): usize {
  return node + ITEMS + (index << 4);
}

export function items(node: usize): u32 {
  return min(load<u32>(node), CAPACITY);
}

function setItems(node: usize, count: u32): void {
  store<u32>(node, count);
  store<u32>(node, count, LIVE);
}

export function firstOf(item: usize): u32 {
  return load<u32>(item);
}

export function endOf(item: usize): u32 {
  return load<u32>(item) + load<u32>(item, 4);
}

function childOf(node: usize, index: u32): usize {
  return atomic.load<u32>(item(node, index), 4);
}

/** Trims an extent at either end; one store, whoever walks. */
export function setExtent(item: usize, first: u32, end: u32): void {
  atomic.store<u64>(item, u64(first) | (u64(end - first) << 32));
}

/** Kills an extent of a published leaf. */
export function killExtent(leaf: usize, item: usize): void {
  setExtent(item, firstOf(item), firstOf(item));
  store<u32>(leaf, load<u32>(leaf, LIVE) - 1, LIVE);
}

/** What an extent adds to a page's place to give its entry. */
export function biasOf(page: u32, entry: u64): u64 {
  return entry - (u64(page) << ENTRY_FRAME_SHIFT);
}

/** Items of the node that begin at or before the page. */
export function rank(node: usize, page: u32): u32 {
  let low: u32 = 0;
  let high = items(node);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(item(node, middle)) <= page) low = middle + 1;
    else high = middle;
  }
  return low;
}

function childIndex(node: usize, page: u32): u32 {
  return max(rank(node, page), 1) - 1;
}

/** Takes spare pages until there are `wanted`; false when one was refused. */
export function treeTopUp(tree: usize, wanted: u32, context: u32): bool {
  while (load<u32>(tree + SPARES) < wanted) {
    const page = pageAlloc(context, 0, SITE_SPARE);
    if (page == 0) return false;
    giveSpare(tree, page);
  }
  return true;
}

function giveSpare(tree: usize, page: usize): void {
  store<u32>(page, load<u32>(tree + SPARE));
  store<u32>(tree + SPARE, u32(page));
  store<u32>(tree + SPARES, load<u32>(tree + SPARES) + 1);
}

function takeSpare(tree: usize): usize {
  const page: usize = load<u32>(tree + SPARE);
  if (page == 0) return 0;
  store<u32>(tree + SPARE, load<u32>(page));
  store<u32>(tree + SPARES, load<u32>(tree + SPARES) - 1);
  pageReassign(page, SITE_NODE);
  return page;
}

/** Begins a draft. Its nodes come from the spares (the notifier) or from the allocator. */
export function treeOpen(tree: usize, fromSpares: bool): void {
  store<u32>(tree + DRAFT, load<u32>(tree));
  store<u32>(tree + CHANGE, load<u32>(tree + CHANGE) + 1);
  store<u32>(tree + DRAFT_NODES, 0);
  store<u32>(tree + FROM_SPARES, u32(fromSpares));
}

/**
 * Publishes the draft by one store; what it replaces goes with the caller's next fence. Returns the items
 * of the draft's nodes, copied ones as well: all of them are new to the device.
 */
export function treeCommit(tree: usize): u32 {
  let written: u32 = 0;
  atomic.store<u32>(tree, load<u32>(tree + DRAFT));
  for (let node: usize = load<u32>(tree + DRAFT_NODES); node != 0; node = load<u32>(node, NEXT)) {
    const replaced: usize = load<u32>(node, REPLACED);
    if (replaced != 0) pageFreeDeferred(replaced);
    written += items(node);
  }
  return written;
}

/** Forgets the draft: nobody has seen its nodes. */
export function treeAbort(tree: usize): void {
  let node: usize = load<u32>(tree + DRAFT_NODES);
  while (node != 0) {
    const next: usize = load<u32>(node, NEXT);
    if (load<u32>(tree + FROM_SPARES) != 0) {
      pageReassign(node, SITE_SPARE);
      giveSpare(tree, node);
    } else {
      pageFree(node, 0);
    }
    node = next;
  }
}

/** An empty node of the draft, or 0. */
function draftNode(tree: usize, level: u32, replaced: usize): usize {
  const node =
    load<u32>(tree + FROM_SPARES) != 0 ? takeSpare(tree) : pageAlloc(CONTEXT_KERNEL, 0, SITE_NODE);
  if (node == 0) return 0;
  setItems(node, 0);
  store<u32>(node, level, LEVEL);
  store<u32>(node, load<u32>(tree + CHANGE), NODE_CHANGE);
  store<u32>(node, load<u32>(tree + DRAFT_NODES), NEXT);
  store<u32>(node, u32(replaced), REPLACED);
  store<u32>(tree + DRAFT_NODES, u32(node));
  return node;
}

/** The node itself if it is the draft's, else a copy of its live items; 0: no memory. */
function own(tree: usize, node: usize): usize {
  if (load<u32>(node, NODE_CHANGE) == load<u32>(tree + CHANGE)) return node;
  const copy = draftNode(tree, load<u32>(node, LEVEL), node);
  if (copy == 0) return 0;
  let count: u32 = 0;
  for (let i: u32 = 0; i < items(node); i++) {
    // Pages of an extent and child of an inner item stand at the same place; 0 is dead.
    if (load<u32>(item(node, i), 4) == 0) continue;
    memory.copy(item(copy, count++), item(node, i), 16);
  }
  setItems(copy, count);
  return copy;
}

/** Moves the upper half of a child to a new right neighbour; both are the draft's. */
function splitChild(tree: usize, parent: usize, index: u32): bool {
  const left = childOf(parent, index);
  const right = draftNode(tree, load<u32>(left, LEVEL), 0);
  if (right == 0) return false;
  const count = items(left);
  const half = count >> 1;
  memory.copy(item(right, 0), item(left, half), (count - half) << 4);
  setItems(left, half);
  setItems(right, count - half);
  insertItem(parent, index + 1, firstOf(item(right, 0)), u32(right), 0);
  return true;
}

/** Enters an item of a draft node that has room. */
export function insertItem(node: usize, index: u32, low: u32, high: u32, bias: u64): void {
  const count = items(node);
  memory.copy(item(node, index + 1), item(node, index), (count - index) << 4);
  store<u32>(item(node, index), low);
  store<u32>(item(node, index), high, 4);
  store<u64>(item(node, index), bias, 8);
  setItems(node, count + 1);
}

/** Takes items from..to-1 out of a draft node. */
export function removeItems(node: usize, from: u32, to: u32): void {
  const count = items(node);
  memory.copy(item(node, from), item(node, to), (count - to) << 4);
  setItems(node, count - (to - from));
}

/** The draft's root, with room for a split below it; 0: no memory. */
function draftRoot(tree: usize): usize {
  const old: usize = load<u32>(tree + DRAFT);
  let root = old == 0 ? draftNode(tree, 0, 0) : own(tree, old);
  if (root == 0) return 0;
  store<u32>(tree + DRAFT, u32(root));
  if (items(root) < FULL) return root;
  const below = root;
  root = draftNode(tree, load<u32>(below, LEVEL) + 1, 0);
  if (root == 0) return 0;
  insertItem(root, 0, 0, u32(below), 0);
  if (!splitChild(tree, root, 0)) return 0;
  store<u32>(tree + DRAFT, u32(root));
  return root;
}

/**
 * The draft's leaf for the page, with room for two more items and no dead ones; treeBound says where the
 * next leaf begins. 0: no memory, the draft must be aborted.
 */
export function treePrepare(tree: usize, page: u32): usize {
  let node = draftRoot(tree);
  store<u32>(tree + BOUND, NO_BOUND);
  while (node != 0 && load<u32>(node, LEVEL) != 0) {
    let index = childIndex(node, page);
    let child = own(tree, childOf(node, index));
    if (child == 0) return 0;
    store<u32>(item(node, index), u32(child), 4);
    if (items(child) >= FULL) {
      if (!splitChild(tree, node, index)) return 0;
      index = childIndex(node, page);
      child = childOf(node, index);
    }
    if (index + 1 < items(node)) store<u32>(tree + BOUND, firstOf(item(node, index + 1)));
    node = child;
  }
  return node;
}

/** The published leaf for the page or 0; treeBound says where the next one begins. Keeps the path. */
export function treeSeek(tree: usize, page: u32): usize {
  let node: usize = load<u32>(tree);
  store<u32>(tree + BOUND, NO_BOUND);
  for (let depth: u32 = 0; node != 0 && load<u32>(node, LEVEL) != 0; depth++) {
    const index = childIndex(node, page);
    store<u32>(tree + PATH + (depth << 3), u32(node));
    store<u32>(tree + PATH + (depth << 3), index, 4);
    if (index + 1 < items(node)) store<u32>(tree + BOUND, firstOf(item(node, index + 1)));
    node = childOf(node, index);
  }
  return node;
}

export function treeBound(tree: usize): u32 {
  return load<u32>(tree + BOUND);
}

/** Unlinks the leaf of the last seek if nothing in it lives, and the nodes that are empty then. */
export function treeTrim(tree: usize, leaf: usize): void {
  let node = leaf;
  for (let depth = load<u32>(load<u32>(tree), LEVEL); load<u32>(node, LIVE) == 0; depth--) {
    if (depth == 0) atomic.store<u32>(tree, 0);
    const step = tree + PATH + ((depth - 1) << 3);
    const parent: usize = depth == 0 ? 0 : load<u32>(step);
    if (parent != 0) {
      atomic.store<u32>(item(parent, load<u32>(step, 4)), 0, 4);
      store<u32>(parent, load<u32>(parent, LIVE) - 1, LIVE);
    }
    pageFreeDeferred(node);
    if (parent == 0) return;
    node = parent;
  }
}

/** The page's entry or 0. No lock; may be overtaken, and reads a freed page then, but ends. */
export function treeLookup(tree: usize, page: u32): u64 {
  let node: usize = atomic.load<u32>(tree);
  for (let depth: u32 = 0; depth < MOST_LEVELS && inArena(node); depth++) {
    const at = rank(node, page);
    if (load<u32>(node, LEVEL) != 0) {
      // Of a freed page this may be any number: an odd one must not be loaded from.
      node = childOf(node, max(at, 1) - 1) & ~4095;
      continue;
    }
    if (at == 0) return 0;
    const extent = atomic.load<u64>(item(node, at - 1));
    if (page - u32(extent) >= u32(extent >> 32)) return 0;
    return load<u64>(item(node, at - 1), 8) + (u64(page) << ENTRY_FRAME_SHIFT);
  }
  return 0;
}

/** Frees nodes and spares; no walk can reach the tree any more. */
export function treeFini(tree: usize): void {
  const root: usize = load<u32>(tree);
  store<u32>(tree, 0);
  if (root != 0) freeBelow(root);
  for (let page = takeSpare(tree); page != 0; page = takeSpare(tree)) pageFree(page, 0);
}

function freeBelow(node: usize): void {
  for (let i: u32 = 0; load<u32>(node, LEVEL) != 0 && i < items(node); i++) {
    if (childOf(node, i) != 0) freeBelow(childOf(node, i));
  }
  pageFree(node, 0);
}
