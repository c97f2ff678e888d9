import { ENTRY_READ, FRAME_WRITABLE, WORD_ORDER_SHIFT, WORD_VALID, WORD_WRITE } from '../abi/entry';
import {
  BLOCK_PAGES,
  PLAN_DRAW_BASE,
  PLAN_DRAW_COUNT,
  PLAN_LOCK,
  REGION_FIRST_PAGE,
  THREAD_WORDS,
} from '../abi/layout';
import { invalidate, translate, update } from '../abi/strategy';
import { LOCK_BLOCK, OK } from '../abi/terms';
import { notifierReadBegin } from '../notifier';
import { regionAt, regionOfPage } from '../region';
import { thread } from '../thread';
import { access } from './device-access';
import { invalidateRange } from './invalidation';
import { deviceWalk } from './walk';

/**
 * Batches of one operation for micro mode: the host reads the clock around a whole batch. The calls are
 * those the other loops make; there is no path in a strategy that only these take. Pages of a batch step
 * by `stride` from `first`. Every loop returns what it saw (present entries, or calls that failed), so
 * that the host can tell a batch that worked from one that did nothing.
 */

/** The page of the nth access: the planned draws, over and over. */
function drawn(draws: usize, mask: u32, nth: u32): u32 {
  return load<u32>(draws + ((nth & mask) << 2));
}

/** Reads the pages of one region as the hardware walker does; returns how many were present. */
export function microTranslate(index: u32, repeats: u32): u32 {
  const region = regionAt(index);
  const base = load<u32>(region, REGION_FIRST_PAGE);
  const draws: usize = load<u32>(PLAN_DRAW_BASE);
  const mask = load<u32>(PLAN_DRAW_COUNT) - 1;
  let present: u32 = 0;
  for (let i: u32 = 0; i < repeats; i++) {
    present += u32(translate(region, drawn(draws, mask, i) - base) & ENTRY_READ);
  }
  return present;
}

/** The same through the region look-up, the device's cache and the walk protocol. */
export function microWalk(repeats: u32): u32 {
  const draws: usize = load<u32>(PLAN_DRAW_BASE);
  const mask = load<u32>(PLAN_DRAW_COUNT) - 1;
  let present: u32 = 0;
  for (let i: u32 = 0; i < repeats; i++) {
    const page = drawn(draws, mask, i);
    present += u32(deviceWalk(regionOfPage(page), page) & ENTRY_READ);
  }
  return present;
}

/**
 * The same, but the page of a walk is known only when the walk before has its entry (an entry's top bit is
 * 0), so that no walk hides another's cache and TLB misses.
 */
export function microWalkChain(repeats: u32): u32 {
  const draws: usize = load<u32>(PLAN_DRAW_BASE);
  const mask = load<u32>(PLAN_DRAW_COUNT) - 1;
  let present: u32 = 0;
  let follow: u32 = 0;
  for (let i: u32 = 0; i < repeats; i++) {
    const page = drawn(draws, mask, i) + follow;
    const entry = deviceWalk(regionOfPage(page), page);
    present += u32(entry & ENTRY_READ);
    follow = u32(entry >> 63);
  }
  return present;
}

/** Whole device accesses (faults where a page is not present); returns how many succeeded. */
export function microAccess(repeats: u32): u32 {
  const draws: usize = load<u32>(PLAN_DRAW_BASE);
  const mask = load<u32>(PLAN_DRAW_COUNT) - 1;
  let served: u32 = 0;
  for (let i: u32 = 0; i < repeats; i++) {
    served += u32(access(drawn(draws, mask, i), false) == OK);
  }
  return served;
}

/**
 * Prepares the words the updates carry: a block of frames `step` apart (1 = contiguous) that the CPU maps
 * by leaves of `order`.
 */
export function microWords(order: u32, step: u32): void {
  const rights = WORD_VALID | WORD_WRITE | FRAME_WRITABLE | (u64(order) << WORD_ORDER_SHIFT);
  const words = thread() + THREAD_WORDS;
  for (let i: u32 = 0; i < BLOCK_PAGES; i++) {
    store<u64>(words + (i << 3), rights | u64(2 * BLOCK_PAGES + i * step));
  }
}

/** Updates of `pages` pages, a block at most each, as a device fault makes them; returns the failures. */
export function microUpdate(index: u32, first: u32, pages: u32, stride: u32, repeats: u32): u32 {
  const region = regionAt(index);
  const words = thread() + THREAD_WORDS;
  notifierReadBegin(region);
  let failures: u32 = 0;
  for (let i: u32 = 0; i < repeats; i++) {
    const end = first + pages;
    for (let page = first; page < end; page += BLOCK_PAGES) {
      failures += u32(update(region, page, min(end - page, BLOCK_PAGES), words) != OK);
    }
    first += stride;
  }
  return failures;
}

/** Invalidations of `pages` pages, cut into blocks where the strategy's lock is a block's. */
export function microInvalidate(
  index: u32,
  first: u32,
  pages: u32,
  stride: u32,
  repeats: u32,
  event: u32,
): u32 {
  const region = regionAt(index);
  const piece = load<u32>(PLAN_LOCK) == LOCK_BLOCK ? min(pages, BLOCK_PAGES) : pages;
  let failures: u32 = 0;
  for (let i: u32 = 0; i < repeats; i++) {
    const end = first + pages;
    for (let page = first; page < end; page += piece) {
      failures += u32(invalidate(region, page, min(end - page, piece), event, true) != OK);
    }
    first += stride;
  }
  return failures;
}

/** Whole notifier events: window, locks, strategy, address space, marks. Returns the failures. */
export function microNotify(first: u32, pages: u32, stride: u32, repeats: u32, event: u32): u32 {
  let failures: u32 = 0;
  for (let i: u32 = 0; i < repeats; i++) {
    failures += u32(invalidateRange(first, first + pages, event, true) != OK);
    first += stride;
  }
  return failures;
}
