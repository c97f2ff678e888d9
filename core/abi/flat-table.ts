import { REGION_PAGE_COUNT, REGION_STRATEGY } from './layout';
import { zapSlots } from './slots';

/**
 * A flat table: one entry a 4 KiB page, in one array a GiB.
 *
 *   REGION_STRATEGY   child 0 | child 1 | ... | child 31        u32 addresses, one a GiB
 *   child             262,144 entries (the last child of a region only as many as it needs)
 */
const CHILD_PAGES: u32 = 262144;
export const CHILD_CAPACITY: u32 = 32;

export function childSlot(region: usize, child: u32): usize {
  return region + REGION_STRATEGY + (child << 2);
}

/** Address of a page's entry. */
export function entryAddress(region: usize, page: u32): usize {
  return load<u32>(childSlot(region, page >> 18)) + ((page & (CHILD_PAGES - 1)) << 3);
}

/** Pages that child `child` covers. */
export function childPages(region: usize, child: u32): u32 {
  return min(load<u32>(region, REGION_PAGE_COUNT) - child * CHILD_PAGES, CHILD_PAGES);
}

export function childCount(region: usize): u32 {
  return (load<u32>(region, REGION_PAGE_COUNT) + CHILD_PAGES - 1) / CHILD_PAGES;
}

/** End of the part of page..end-1 that lies in the page's child. */
export function childStop(page: u32, end: u32): u32 {
  return min(end, (page & ~(CHILD_PAGES - 1)) + CHILD_PAGES);
}

/** Zaps every present entry of the range; returns how many there were. */
export function zap(region: usize, first: u32, count: u32): u32 {
  let zapped: u32 = 0;
  const end = first + count;
  let page = first;
  while (page < end) {
    const stop = childStop(page, end);
    zapped += zapSlots(entryAddress(region, page), stop - page);
    page = stop;
  }
  return zapped;
}
