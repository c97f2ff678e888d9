import {
  HISTOGRAM_TEARDOWN,
  PLAN_MODELLED,
  PLAN_REGION_SCRATCH,
  PLAN_TEARDOWN,
  PLAN_WAIT_LIMIT_MS,
  REGION_DYING,
  REGION_FIRST_PAGE,
  REGION_ID,
  REGION_PAGE_COUNT,
  REGION_REFERENCES,
  REGION_STATE,
  REGION_STRATEGY,
  REGION_STRATEGY_BYTES,
} from '../abi/layout';
import { fini, init } from '../abi/strategy';
import {
  COUNT_TEARDOWNS,
  OK,
  REGION_FREE,
  REGION_LIVE,
  TEARDOWN_DEFERRED,
  TEARDOWN_NAIVE,
  TEARDOWN_REFCOUNT,
} from '../abi/terms';
import { addressSpaceInit } from '../address-space';
import { nowNs } from '../clock';
import { count } from '../counters';
import { deviceCacheInvalidate, deviceFence } from '../device';
import { histogramRecord } from '../histogram';
import { STALL_REMOVE, stall } from '../lock';
import { notifierInit, notifierInsert, notifierRemove } from '../notifier';
import { allocatorInit } from '../page-allocator';
import { regionAt, regionCover } from '../region';

/**
 * Registration and teardown of regions while invalidations and faults are in flight.
 *
 * A fault (and maintain) holds a reference while it works on the region. REGION_DYING: 0 alive, 1 being
 * torn down, 2 dead and waiting for its memory to be freed (deferred and refcount policies), 3 being freed
 * by the last holder (refcount). Only a region at 0 is registered again: until then fini works on its record.
 *
 *   fault                                teardown
 *   references++                         dying = 1
 *   dying != 0: references--, give up    the device loses its key (block records)
 *   update ...                           drop cached translations, fence
 *                                        notifierRemove: no callback runs or will run
 *   references--                         references == 0 (spin, bounded)
 *                                        fini
 *
 * Both first steps are seq-cst and in opposite order: either the fault sees `dying` or the teardown
 * sees the reference. A walk without a fault holds nothing; it re-reads the key after it has loaded the
 * device epoch (walk.ts), so it either finds no key or is overtaken by the fence and not used. The caches
 * go before the callbacks do: from then on nobody would tell the device that a page is gone.
 *
 * Policies (PLAN_TEARDOWN): strong waits for all of it and frees (hmm_mirror_unregister as the 2019
 * thread wants it); deferred returns after notifierRemove and frees when nobody holds a reference, in
 * the registration thread (SRCU-like, mmu_notifier_put); refcount lets the last holder free; naive frees at once and
 * exists to be caught: walks go on through dangling pointers into poison.
 */
const FREE_LATER: u32 = 2;
const FREEING: u32 = 3;

/** Takes a reference; false when the region is going away. */
export function regionAcquire(region: usize): bool {
  atomic.add<u32>(region, 1, REGION_REFERENCES);
  const live = atomic.load<u32>(region, REGION_STATE) == REGION_LIVE;
  if (live && atomic.load<u32>(region, REGION_DYING) == 0) return true;
  regionRelease(region);
  return false;
}

/** Drops a reference; under the refcount policy the last one frees. */
export function regionRelease(region: usize): void {
  const left = atomic.sub<u32>(region, 1, REGION_REFERENCES) - 1;
  if (left != 0 || load<u32>(PLAN_TEARDOWN) != TEARDOWN_REFCOUNT) return;
  // Taken once, by whoever drops the last reference after the teardown is done.
  if (atomic.cmpxchg<u32>(region, FREE_LATER, FREEING, REGION_DYING) != FREE_LATER) return;
  fini(region);
  atomic.store<u32>(region, 0, REGION_DYING);
}

/** Prepares the shared state and the strategy's own. One thread, before all others. */
export function attach(): i32 {
  addressSpaceInit();
  notifierInit();
  allocatorInit();
  return init(0);
}

/** Registers region `index` over the pages; OK, or the strategy's refusal (nothing stays behind). */
export function register(index: u32, first: u32, pages: u32): i32 {
  const region = regionAt(index);
  memory.fill(region + REGION_STRATEGY, 0, REGION_STRATEGY_BYTES);
  store<u32>(region, index, REGION_ID);
  store<u32>(region, first, REGION_FIRST_PAGE);
  store<u32>(region, pages, REGION_PAGE_COUNT);
  const result = init(region);
  if (result != OK) return result;
  notifierInsert(region);
  regionCover(region, region);
  return OK;
}

/** Unregisters region `index` by the planned policy; measured as HISTOGRAM_TEARDOWN. */
export function unregister(index: u32): void {
  const region = regionAt(index);
  if (atomic.load<u32>(region, REGION_STATE) != REGION_LIVE) return;
  const modelled = load<u32>(PLAN_MODELLED) != 0;
  const startNs = modelled ? 0 : nowNs();
  tearDown(region, load<u32>(PLAN_TEARDOWN));
  if (!modelled) histogramRecord(HISTOGRAM_TEARDOWN, nowNs() - startNs);
  count(COUNT_TEARDOWNS, 1);
}

function tearDown(region: usize, policy: u32): void {
  if (policy == TEARDOWN_NAIVE) {
    freeAtOnce(region);
    return;
  }
  atomic.store<u32>(region, 1, REGION_DYING);
  regionCover(region, 0);
  fenceDevice(region);
  notifierRemove(region);
  if (policy == TEARDOWN_DEFERRED) {
    atomic.store<u32>(region, FREE_LATER, REGION_DYING);
    return;
  }
  if (policy == TEARDOWN_REFCOUNT) {
    // A reference of our own, so that there is a last one to drop.
    atomic.add<u32>(region, 1, REGION_REFERENCES);
    atomic.store<u32>(region, FREE_LATER, REGION_DYING);
    regionRelease(region);
    return;
  }
  awaitReferences(region);
  fini(region);
  atomic.store<u32>(region, 0, REGION_DYING);
}

function awaitReferences(region: usize): void {
  const endNs = nowNs() + u64(load<u32>(PLAN_WAIT_LIMIT_MS)) * 1000000;
  while (atomic.load<u32>(region, REGION_REFERENCES) != 0) {
    if (nowNs() > endNs) stall(region + REGION_REFERENCES, STALL_REMOVE);
  }
}

/** The device has no key any more: drop what it cached, and no walk that began before is used. */
function fenceDevice(region: usize): void {
  deviceCacheInvalidate(region, 0, load<u32>(region, REGION_PAGE_COUNT));
  deviceFence();
}

/**
 * The mistake the strong fence prevents: free first, tell everybody later. The strategy's pointers are
 * put back as a plain kfree would leave them: dangling.
 */
function freeAtOnce(region: usize): void {
  const scratch: usize = load<u32>(PLAN_REGION_SCRATCH);
  memory.copy(scratch, region + REGION_STRATEGY, REGION_STRATEGY_BYTES);
  fini(region);
  memory.copy(region + REGION_STRATEGY, scratch, REGION_STRATEGY_BYTES);
  const endNs = nowNs() + NAIVE_GAP_NS;
  while (nowNs() < endNs) {}
  notifierRemove(region);
  regionCover(region, 0);
  fenceDevice(region);
}

/** How long the naive policy leaves the key valid after the free: a scheduling delay. */
const NAIVE_GAP_NS: u64 = 50000;

/** Frees regions whose teardown was deferred and that nobody holds any more. */
export function reapDeferred(region: usize): void {
  if (load<u32>(PLAN_TEARDOWN) != TEARDOWN_DEFERRED) return;
  if (atomic.load<u32>(region, REGION_DYING) != FREE_LATER) return;
  if (atomic.load<u32>(region, REGION_REFERENCES) != 0) return;
  fini(region);
  atomic.store<u32>(region, 0, REGION_DYING);
}

/** May the region be registered again? */
export function regionIsGone(region: usize): bool {
  return (
    atomic.load<u32>(region, REGION_STATE) == REGION_FREE &&
    atomic.load<u32>(region, REGION_DYING) == 0
  );
}

/** Frees the strategy's shared state and fences, so that deferred pages are back as well. */
export function detach(): void {
  fini(0);
  deviceFence();
}
