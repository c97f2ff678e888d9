/**
 * A slab of small nodes, seven to a page (mm/slub.c; a struct xa_node is 576 bytes). Compiled into each
 * module that imports it; no state but a u32 at `head`: the pages that have a free node. The caller holds
 * the lock of whatever `head` belongs to.
 *
 *   slab page   7 nodes x 576 bytes | free mask u32 | next u32 | previous u32 | 52 bytes unused
 *
 * Free nodes are zero. Nodes lie at the same places of every page, so a walk that comes too late and is
 * not used any more still reads a node, never the bytes between.
 */
import { pageAlloc, pageFree } from './core';

export const NODE_BYTES: u32 = 576;
const ALL_FREE: u32 = 127;
const MASK: usize = 4032;
const NEXT: usize = 4036;
const PREVIOUS: usize = 4040;

/** A zeroed node, or 0 when no page could be had for it. */
export function nodeAlloc(head: usize, context: u32, site: u32): usize {
  let page: usize = load<u32>(head);
  if (page == 0) {
    page = pageAlloc(context, 0, site);
    if (page == 0) return 0;
    store<u32>(page + MASK, ALL_FREE);
    link(head, page);
  }
  const mask = load<u32>(page + MASK);
  store<u32>(page + MASK, mask & (mask - 1));
  if ((mask & (mask - 1)) == 0) unlink(head, page);
  return page + ctz<u32>(mask) * NODE_BYTES;
}

/** Gives a node back that no walk can reach; its page goes with the last of its nodes. */
export function nodeFree(head: usize, node: usize): void {
  const page = node & ~4095;
  const mask = load<u32>(page + MASK);
  const now = mask | (1 << (u32(node & 4095) / NODE_BYTES));
  memory.fill(node, 0, NODE_BYTES);
  store<u32>(page + MASK, now);
  if (mask == 0) link(head, page);
  if (now != ALL_FREE) return;
  unlink(head, page);
  pageFree(page, 0);
}

function link(head: usize, page: usize): void {
  const first: usize = load<u32>(head);
  store<u32>(page + NEXT, u32(first));
  store<u32>(page + PREVIOUS, 0);
  if (first != 0) store<u32>(first + PREVIOUS, u32(page));
  store<u32>(head, u32(page));
}

function unlink(head: usize, page: usize): void {
  const next: usize = load<u32>(page + NEXT);
  const previous: usize = load<u32>(page + PREVIOUS);
  if (previous != 0) store<u32>(previous + NEXT, u32(next));
  else store<u32>(head, u32(next));
  if (next != 0) store<u32>(next + PREVIOUS, u32(previous));
}
