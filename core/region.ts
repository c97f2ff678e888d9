import {
  BLOCK_BYTES,
  BLOCK_PAGES,
  BLOCK_REGION,
  PLAN_BLOCK_BASE,
  PLAN_REGION_BASE,
  REGION_BYTES,
  REGION_FIRST_PAGE,
  REGION_ID,
  REGION_LEFT,
  REGION_MAX_END,
  REGION_PAGE_COUNT,
  REGION_PRIORITY,
  REGION_RIGHT,
  STATE_REGIONS,
} from './abi/layout';

/**
 * Interval tree VA -> region (per_mm umem_tree; mm/interval_tree.c): a treap ordered by first page, then
 * id, each node carrying the largest end below it. Priorities are a hash of the id, so the shape does
 * not depend on the order of registration. Who may change it and when: notifier.ts.
 */
const ROOT: usize = STATE_REGIONS;

export function regionAt(index: u32): usize {
  return load<u32>(PLAN_REGION_BASE) + index * REGION_BYTES;
}

export function regionFirst(region: usize): u32 {
  return load<u32>(region, REGION_FIRST_PAGE);
}

/** One past the region's last page. */
export function regionEnd(region: usize): u32 {
  return load<u32>(region, REGION_FIRST_PAGE) + load<u32>(region, REGION_PAGE_COUNT);
}

/** The region that covers the page's block, or 0: what a device finds by the key it holds. */
export function regionOfPage(page: u32): usize {
  return atomic.load<u32>(
    load<u32>(PLAN_BLOCK_BASE) + (page / BLOCK_PAGES) * BLOCK_BYTES,
    BLOCK_REGION,
  );
}

/** Enters the region (or 0) in the records of the blocks it covers. */
export function regionCover(region: usize, owner: usize): void {
  const end = regionEnd(region) / BLOCK_PAGES;
  for (let block = regionFirst(region) / BLOCK_PAGES; block < end; block++) {
    atomic.store<u32>(load<u32>(PLAN_BLOCK_BASE) + block * BLOCK_BYTES, u32(owner), BLOCK_REGION);
  }
}

export function treeInsert(region: usize): void {
  store<u32>(region, 0, REGION_LEFT);
  store<u32>(region, 0, REGION_RIGHT);
  store<u32>(region, hash(load<u32>(region, REGION_ID)), REGION_PRIORITY);
  refresh(region);
  store<u32>(ROOT, u32(insertBelow(load<u32>(ROOT), region)));
}

export function treeRemove(region: usize): void {
  store<u32>(ROOT, u32(removeBelow(load<u32>(ROOT), region)));
}

/** First region after `after` (0 = from the start) in tree order that overlaps first..end-1, or 0. */
export function treeNextOverlap(first: u32, end: u32, after: usize): usize {
  return overlapBelow(load<u32>(ROOT), first, end, after);
}

function hash(x: u32): u32 {
  x = (x ^ (x >> 16)) * 0x7feb352d;
  x = (x ^ (x >> 15)) * 0x846ca68b;
  return x ^ (x >> 16);
}

function before(a: usize, b: usize): bool {
  const firstA = regionFirst(a);
  const firstB = regionFirst(b);
  if (firstA != firstB) return firstA < firstB;
  return load<u32>(a, REGION_ID) < load<u32>(b, REGION_ID);
}

function maxEnd(node: usize): u32 {
  return node == 0 ? 0 : load<u32>(node, REGION_MAX_END);
}

function refresh(node: usize): void {
  const below = max(maxEnd(load<u32>(node, REGION_LEFT)), maxEnd(load<u32>(node, REGION_RIGHT)));
  store<u32>(node, max(regionEnd(node), below), REGION_MAX_END);
}

function insertBelow(node: usize, region: usize): usize {
  if (node == 0) return region;
  if (before(region, node)) {
    const left = insertBelow(load<u32>(node, REGION_LEFT), region);
    store<u32>(node, u32(left), REGION_LEFT);
    if (load<u32>(left, REGION_PRIORITY) > load<u32>(node, REGION_PRIORITY)) return turnRight(node);
  } else {
    const right = insertBelow(load<u32>(node, REGION_RIGHT), region);
    store<u32>(node, u32(right), REGION_RIGHT);
    if (load<u32>(right, REGION_PRIORITY) > load<u32>(node, REGION_PRIORITY)) return turnLeft(node);
  }
  refresh(node);
  return node;
}

function turnRight(node: usize): usize {
  const left: usize = load<u32>(node, REGION_LEFT);
  store<u32>(node, load<u32>(left, REGION_RIGHT), REGION_LEFT);
  store<u32>(left, u32(node), REGION_RIGHT);
  refresh(node);
  refresh(left);
  return left;
}

function turnLeft(node: usize): usize {
  const right: usize = load<u32>(node, REGION_RIGHT);
  store<u32>(node, load<u32>(right, REGION_LEFT), REGION_RIGHT);
  store<u32>(right, u32(node), REGION_LEFT);
  refresh(node);
  refresh(right);
  return right;
}

function removeBelow(node: usize, region: usize): usize {
  if (node == 0) return 0;
  if (node == region) {
    return merge(load<u32>(node, REGION_LEFT), load<u32>(node, REGION_RIGHT));
  }
  if (before(region, node)) {
    store<u32>(node, u32(removeBelow(load<u32>(node, REGION_LEFT), region)), REGION_LEFT);
  } else {
    store<u32>(node, u32(removeBelow(load<u32>(node, REGION_RIGHT), region)), REGION_RIGHT);
  }
  refresh(node);
  return node;
}

function merge(left: usize, right: usize): usize {
  if (left == 0) return right;
  if (right == 0) return left;
  if (load<u32>(left, REGION_PRIORITY) > load<u32>(right, REGION_PRIORITY)) {
    store<u32>(left, u32(merge(load<u32>(left, REGION_RIGHT), right)), REGION_RIGHT);
    refresh(left);
    return left;
  }
  store<u32>(right, u32(merge(left, load<u32>(right, REGION_LEFT))), REGION_LEFT);
  refresh(right);
  return right;
}

function overlapBelow(node: usize, first: u32, end: u32, after: usize): usize {
  if (node == 0 || maxEnd(node) <= first) return 0;
  const nodeIsAfter = after == 0 || before(after, node);
  if (nodeIsAfter) {
    const left = overlapBelow(load<u32>(node, REGION_LEFT), first, end, after);
    if (left != 0) return left;
    if (regionFirst(node) >= end) return 0;
    if (regionEnd(node) > first) return node;
  } else if (regionFirst(node) >= end) {
    return 0;
  }
  return overlapBelow(load<u32>(node, REGION_RIGHT), first, end, after);
}
