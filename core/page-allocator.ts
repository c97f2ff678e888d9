import {
  DESCRIPTOR_BYTES,
  DESCRIPTOR_DEFERRED,
  DESCRIPTOR_NEXT,
  DESCRIPTOR_ORDER,
  DESCRIPTOR_PREVIOUS,
  DESCRIPTOR_SITE,
  DESCRIPTOR_STATE,
  ORDER_COUNT,
  PAGE_BYTES,
  PAGE_SHIFT,
  PLAN_ARENA_BASE,
  PLAN_ARENA_PAGES,
  PLAN_BUDGET_PAGES,
  PLAN_DESCRIPTOR_BASE,
  PLAN_FORCE_ATOMIC,
  PLAN_MAX_ORDER,
  PLAN_MODELLED,
  PLAN_RECLAIM_NS,
  PLAN_RESERVE_PAGES,
  PLAN_SITE_KINDS,
  STATE_ALLOCATOR,
  THREAD_MODELLED_NS,
} from './abi/layout';
import {
  CONTEXT_ATOMIC,
  CONTEXT_KERNEL,
  COUNT_BAD_FREES,
  COUNT_RECLAIM_NS,
  COUNT_RECLAIMS,
  MEMORY_KINDS,
} from './abi/terms';
import { nowNs } from './clock';
import { allocationRow, count } from './counters';
import { shouldFail } from './fault-injection';
import { lockAcquire, lockRelease } from './lock';
import { random, thread } from './thread';

/**
 * Budgeted buddy allocator over the table arena, after mm/page_alloc.c: power-of-two blocks, one free
 * list an order, buddies coalesce, a watermark that only ATOMIC may dip below, KERNEL may stall for
 * (modelled) reclaim. Every call is counted by context, order and site; every freed page is poisoned.
 *
 *   free pages + used pages == arena pages        used == table + staging + reserve
 *
 * State at STATE_ALLOCATOR: lock | used | kind counts [3] | kind peaks [3] | free heads [11].
 * A free block's first descriptor is on the list of its order (FREE); the first descriptor of an
 * allocated block is HELD and remembers order and site; all others are TAIL.
 */
const LOCK: usize = STATE_ALLOCATOR;
const USED: usize = STATE_ALLOCATOR + 64;
const KIND_PAGES: usize = STATE_ALLOCATOR + 128;
const KIND_PEAKS: usize = STATE_ALLOCATOR + 144;
const PEAK: usize = STATE_ALLOCATOR + 160;
const FAILURES: usize = STATE_ALLOCATOR + 164;
const FREE_HEADS: usize = STATE_ALLOCATOR + 192;

const TAIL: u8 = 0;
const FREE: u8 = 1;
const HELD: u8 = 2;
/** kernel's POISON_FREE (include/linux/poison.h) */
const POISON_FREE: u8 = 0x6b;

function descriptor(page: u32): usize {
  return load<u32>(PLAN_DESCRIPTOR_BASE) + page * DESCRIPTOR_BYTES;
}

function pageOf(address: usize): u32 {
  return u32((address - load<u32>(PLAN_ARENA_BASE)) >> PAGE_SHIFT);
}

function addressOf(page: u32): usize {
  return load<u32>(PLAN_ARENA_BASE) + (page << PAGE_SHIFT);
}

/** Puts the whole arena on the free lists, in blocks of at most PLAN_MAX_ORDER. One thread, once. */
export function allocatorInit(): void {
  const pages = load<u32>(PLAN_ARENA_PAGES);
  let page: u32 = 0;
  while (page < pages) {
    let order = load<u32>(PLAN_MAX_ORDER);
    while ((page & ((1 << order) - 1)) != 0 || page + (1 << order) > pages) order--;
    push(page, order);
    page += 1 << order;
  }
}

function push(page: u32, order: u32): void {
  const head = FREE_HEADS + (order << 2);
  const first = load<u32>(head);
  const d = descriptor(page);
  store<u8>(d, u8(order), DESCRIPTOR_ORDER);
  store<u8>(d, FREE, DESCRIPTOR_STATE);
  store<u32>(d, first, DESCRIPTOR_NEXT);
  store<u32>(d, 0, DESCRIPTOR_PREVIOUS);
  if (first != 0) store<u32>(descriptor(first - 1), page + 1, DESCRIPTOR_PREVIOUS);
  store<u32>(head, page + 1);
}

function unlink(page: u32, order: u32): void {
  const d = descriptor(page);
  const next = load<u32>(d, DESCRIPTOR_NEXT);
  const previous = load<u32>(d, DESCRIPTOR_PREVIOUS);
  if (previous != 0) store<u32>(descriptor(previous - 1), next, DESCRIPTOR_NEXT);
  else store<u32>(FREE_HEADS + (order << 2), next);
  if (next != 0) store<u32>(descriptor(next - 1), previous, DESCRIPTOR_PREVIOUS);
  store<u8>(d, TAIL, DESCRIPTOR_STATE);
}

/** First page of a free block of `order`, split off a larger one if need be; -1 when there is none. */
function takeBlock(order: u32): i32 {
  const largest = load<u32>(PLAN_MAX_ORDER);
  for (let o = order; o <= largest; o++) {
    const first = load<u32>(FREE_HEADS + (o << 2));
    if (first == 0) continue;
    const page = first - 1;
    unlink(page, o);
    while (o > order) {
      o--;
      push(page + (1 << o), o);
    }
    return i32(page);
  }
  return -1;
}

/** Returns a block and joins it with its buddy as long as that is free. Caller holds the lock. */
function giveBlock(page: u32, order: u32): void {
  const pages = load<u32>(PLAN_ARENA_PAGES);
  const largest = load<u32>(PLAN_MAX_ORDER);
  store<u8>(descriptor(page), TAIL, DESCRIPTOR_STATE);
  while (order < largest) {
    const buddy = page ^ (1 << order);
    if (buddy + (1 << order) > pages) break;
    const d = descriptor(buddy);
    if (load<u8>(d, DESCRIPTOR_STATE) != FREE || load<u8>(d, DESCRIPTOR_ORDER) != order) break;
    unlink(buddy, order);
    if (buddy < page) page = buddy;
    order++;
  }
  push(page, order);
}

/** Changes the page counts of a site's kind. Caller holds the lock. */
function charge(site: u32, pages: i32): void {
  const kind = u32(load<u8>(PLAN_SITE_KINDS + site)) % MEMORY_KINDS;
  const used = load<u32>(USED) + pages;
  store<u32>(USED, used);
  if (used > load<u32>(PEAK)) store<u32>(PEAK, used);
  const now = load<u32>(KIND_PAGES + (kind << 2)) + pages;
  store<u32>(KIND_PAGES + (kind << 2), now);
  if (now > load<u32>(KIND_PEAKS + (kind << 2))) store<u32>(KIND_PEAKS + (kind << 2), now);
}

/**
 * Zeroed block of 2^order pages for `site`, or 0. Counted as an attempt, and as a failure if it fails;
 * what the failure causes is counted by the caller (COUNT_DEGRADED, COUNT_RETRIED) or the driver.
 */
export function pageAlloc(context: u32, order: u32, site: u32): usize {
  const address = allocBlock(context, order, site, 1 << order);
  if (address != 0) memory.fill(address, 0, PAGE_BYTES << order);
  return address;
}

/** A block of which `pages` are charged: the caller gives the others back. */
function allocBlock(context: u32, order: u32, site: u32, pages: u32): usize {
  if (load<u32>(PLAN_FORCE_ATOMIC) != 0) context = CONTEXT_ATOMIC;
  const row = allocationRow(context, min(order, ORDER_COUNT - 1), site);
  store<u32>(row, load<u32>(row) + 1);
  if (shouldFail(context, order, site)) {
    store<u32>(row, load<u32>(row, 8) + 1, 8);
    return refuse(row);
  }
  if (order > load<u32>(PLAN_MAX_ORDER)) return refuse(row);
  let page = tryBlock(context, order, site, pages);
  if (page < 0 && context == CONTEXT_KERNEL && load<u32>(PLAN_RECLAIM_NS) != 0) {
    // Reclaim finds pages outside the tables: what it freed is what the watermark had held back.
    reclaim();
    page = tryBlock(CONTEXT_ATOMIC, order, site, pages);
  }
  if (page < 0) return refuse(row);
  return addressOf(u32(page));
}

function refuse(row: usize): usize {
  store<u32>(row, load<u32>(row, 4) + 1, 4);
  atomic.add<u32>(FAILURES, 1);
  return 0;
}

function tryBlock(context: u32, order: u32, site: u32, pages: u32): i32 {
  let limit = load<u32>(PLAN_BUDGET_PAGES);
  const reserve = load<u32>(PLAN_RESERVE_PAGES);
  if (context != CONTEXT_ATOMIC) limit = limit > reserve ? limit - reserve : 0;
  lockAcquire(LOCK);
  let page: i32 = -1;
  if (load<u32>(USED) + (1 << order) <= limit) page = takeBlock(order);
  if (page >= 0) {
    const d = descriptor(u32(page));
    store<u8>(d, HELD, DESCRIPTOR_STATE);
    store<u8>(d, u8(order), DESCRIPTOR_ORDER);
    store<u8>(d, u8(site), DESCRIPTOR_SITE);
    charge(site, i32(pages));
  }
  lockRelease(LOCK);
  return page;
}

/**
 * Direct reclaim, modelled: the caller stalls for a time drawn from an exponential-like distribution
 * (half of PLAN_RECLAIM_NS, doubled up to five times with probability one half each).
 */
function reclaim(): void {
  const mean = u64(load<u32>(PLAN_RECLAIM_NS));
  let stallNs = mean >> 1;
  let bits = random();
  for (let i = 0; i < 5 && (bits & 1) != 0; i++) {
    stallNs <<= 1;
    bits >>= 1;
  }
  count(COUNT_RECLAIMS, 1);
  count(COUNT_RECLAIM_NS, stallNs);
  const t = thread();
  store<u64>(t, load<u64>(t, THREAD_MODELLED_NS) + stallNs, THREAD_MODELLED_NS);
  if (load<u32>(PLAN_MODELLED) != 0) return;
  const end = nowNs() + stallNs;
  while (nowNs() < end) {}
}

/**
 * Zeroed contiguous memory of `bytes` rounded up to whole pages (alloc_pages_exact): the tail of the
 * power-of-two block goes back at once. 0 when no block is large enough or the budget is spent.
 */
export function pageAllocExact(context: u32, bytes: u32, site: u32): usize {
  const pages = (bytes + PAGE_BYTES - 1) >> PAGE_SHIFT;
  let order: u32 = 0;
  while (u32(1) << order < pages) order++;
  const address = allocBlock(context, order, site, pages);
  if (address == 0) return 0;
  lockAcquire(LOCK);
  let page = pageOf(address);
  let wanted = pages;
  // Keep lower halves as held blocks of their own, give upper halves back while they are not wanted.
  while (wanted != u32(1) << order) {
    order--;
    const half = u32(1) << order;
    const upper = page + half;
    hold(page, order, site);
    if (wanted > half) {
      wanted -= half;
      page = upper;
      hold(page, order, site);
    } else {
      giveBlock(upper, order);
    }
  }
  lockRelease(LOCK);
  memory.fill(address, 0, pages << PAGE_SHIFT);
  return address;
}

function hold(page: u32, order: u32, site: u32): void {
  const d = descriptor(page);
  store<u8>(d, HELD, DESCRIPTOR_STATE);
  store<u8>(d, u8(order), DESCRIPTOR_ORDER);
  store<u8>(d, u8(site), DESCRIPTOR_SITE);
}

/** Frees what pageAllocExact returned. */
export function pageFreeExact(address: usize, bytes: u32): void {
  let left = (bytes + PAGE_BYTES - 1) >> PAGE_SHIFT;
  while (left != 0) {
    const order = u32(load<u8>(descriptor(pageOf(address)), DESCRIPTOR_ORDER));
    const pages = u32(1) << order;
    pageFree(address, order);
    if (pages > left) return;
    left -= pages;
    address += usize(pages) << PAGE_SHIFT;
  }
}

/** Poisons and frees a block. A block that is not held at that order is counted as a bad free. */
export function pageFree(address: usize, order: u32): void {
  const page = pageOf(address);
  const d = descriptor(page);
  if (
    page >= load<u32>(PLAN_ARENA_PAGES) ||
    load<u8>(d, DESCRIPTOR_STATE) != HELD ||
    load<u8>(d, DESCRIPTOR_ORDER) != order
  ) {
    count(COUNT_BAD_FREES, 1);
    return;
  }
  memory.fill(address, POISON_FREE, PAGE_BYTES << order);
  lockAcquire(LOCK);
  charge(u32(load<u8>(d, DESCRIPTOR_SITE)), -(i32(1) << order));
  giveBlock(page, order);
  lockRelease(LOCK);
}

/** Moves a held block to another site's account (a spare page becomes a table). */
export function pageReassign(address: usize, site: u32): void {
  const d = descriptor(pageOf(address));
  const pages = i32(1) << load<u8>(d, DESCRIPTOR_ORDER);
  lockAcquire(LOCK);
  charge(u32(load<u8>(d, DESCRIPTOR_SITE)), -pages);
  store<u8>(d, u8(site), DESCRIPTOR_SITE);
  charge(site, pages);
  lockRelease(LOCK);
}

/** Link word of a held page for lists that wait for a fence; outside the page, so it stays intact. */
export function pageLink(address: usize): usize {
  return descriptor(pageOf(address)) + DESCRIPTOR_DEFERRED;
}

/** Order of a held block. */
export function pageOrder(address: usize): u32 {
  return u32(load<u8>(descriptor(pageOf(address)), DESCRIPTOR_ORDER));
}

/** Pages of a kind (MEMORY_*) in use now. */
export function pagesOfKind(kind: u32): u32 {
  return load<u32>(KIND_PAGES + (kind << 2));
}

export function pagesOfKindPeak(kind: u32): u32 {
  return load<u32>(KIND_PEAKS + (kind << 2));
}

/** Allocations that failed so far, all threads. */
export function allocationFailures(): u32 {
  return atomic.load<u32>(FAILURES);
}

/**
 * Whole-structure check, for quiet moments: walks the free lists and all descriptors and returns the
 * number of contradictions (0 = sound). `used` must equal the held pages, free + held the arena.
 */
export function allocatorCheck(): u32 {
  const pages = load<u32>(PLAN_ARENA_PAGES);
  let wrong: u32 = 0;
  let free: u32 = 0;
  for (let order: u32 = 0; order < 11; order++) {
    let next = load<u32>(FREE_HEADS + (order << 2));
    let steps: u32 = 0;
    while (next != 0 && steps <= pages) {
      const d = descriptor(next - 1);
      if (load<u8>(d, DESCRIPTOR_STATE) != FREE || load<u8>(d, DESCRIPTOR_ORDER) != order) wrong++;
      free += 1 << order;
      next = load<u32>(d, DESCRIPTOR_NEXT);
      steps++;
    }
    if (steps > pages) wrong++;
  }
  let held: u32 = 0;
  for (let page: u32 = 0; page < pages; page++) {
    const d = descriptor(page);
    if (load<u8>(d, DESCRIPTOR_STATE) == HELD) held += 1 << load<u8>(d, DESCRIPTOR_ORDER);
  }
  if (held != load<u32>(USED)) wrong++;
  if (held + free != pages) wrong++;
  return wrong;
}
