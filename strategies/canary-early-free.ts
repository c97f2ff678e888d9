/**
 * canary-early-free: huge-then-4k that gives a table back before the fence that covers it (breaks I10).
 * A walk that is under way reads freed, poisoned memory. The checker must catch it.
 */

import { blockStop } from '../core/abi/block-slot';
import { deviceCacheInvalidate, deviceFence, deviceZap, pageFree } from '../core/abi/core';
import { blockSlot, slotIsLeaf, slotIsTable, tableAddress } from '../core/abi/directory';
import { BLOCK_PAGES } from '../core/abi/layout';
import { zapSlots } from '../core/abi/slots';
import { OK } from '../core/abi/terms';

export { fini, init, maintain, translate, update } from './huge-then-4k';

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const end = first + count;
  let zapped: u32 = 0;
  for (let page = first; page < end; page = blockStop(page, end)) {
    const stop = blockStop(page, end);
    zapped += dropBlock(blockSlot(region, page >> 9), page & (BLOCK_PAGES - 1), stop - page);
  }
  if (zapped == 0) return OK;
  deviceZap(zapped);
  deviceCacheInvalidate(region, first, count);
  return deviceFence();
}

function dropBlock(slot: usize, offset: u32, count: u32): u32 {
  const old = load<u64>(slot);
  if (slotIsLeaf(old)) {
    atomic.store<u64>(slot, 0);
    return 1;
  }
  if (!slotIsTable(old)) return 0;
  if (count < BLOCK_PAGES) return zapSlots(tableAddress(old) + (offset << 3), count);
  atomic.store<u64>(slot, 0);
  pageFree(tableAddress(old), 0);
  return count;
}
