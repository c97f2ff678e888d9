import {
  PLAN_WAIT_LIMIT_MS,
  REGION_DEFERRED_NEXT,
  REGION_SEQUENCE,
  REGION_STATE,
  STATE_NOTIFIER,
  THREAD_SEQUENCE,
} from './abi/layout';
import {
  COUNT_WINDOW_COLLISIONS,
  REGION_FREE,
  REGION_INSERTING,
  REGION_LIVE,
  REGION_REMOVING,
} from './abi/terms';
import { count } from './counters';
import { lockAcquire, lockRelease, STALL_NOTIFIER, STALL_REMOVE, stall, WAKE_ALL } from './lock';
import { treeInsert, treeNextOverlap, treeRemove } from './region';
import { thread } from './thread';

/**
 * The collision-retry protocol of mm/mmu_notifier.c: like a sequence lock with many writers. Writers are
 * invalidations, readers are device faults; readers retry.
 *
 * States, as predicates over (active, sequence):
 *   idle      active == 0, sequence even
 *   partial   active > 0,  sequence even: no region overlaps any window, the tree may change
 *   full      active > 0,  sequence odd:  some region overlaps a window, the tree is frozen
 *
 *   start     active++; if a region overlaps, sequence |= 1
 *   end       active--; if it was the last and sequence is odd: apply the deferred inserts and
 *             removals, sequence++ (even), wake everybody
 *
 * A region's own sequence is set to the (odd) current one by each invalidation that hits it, under the
 * driver lock. Initially it is sequence - 1, which equals no current value.
 *
 *   device fault                             invalidation
 *   s = read_begin                           start: sequence odd
 *   snapshot the CPU's words                 lock; region.sequence = sequence
 *                                            zap, fence; unlock
 *                                            CPU table changes
 *   lock; region.sequence != s: retry        end: sequence even
 *   else publish; unlock
 *
 * Whichever takes the driver lock second sees the other's work: the fault sees the sequence move and
 * retries, or the invalidation finds the published entries and zaps them. An old snapshot is never
 * published after its invalidation.
 */
const LOCK: usize = STATE_NOTIFIER;
const SEQUENCE: usize = STATE_NOTIFIER + 64;
const ACTIVE: usize = STATE_NOTIFIER + 72;
const DEFERRED: usize = STATE_NOTIFIER + 76;
const WAITERS: usize = STATE_NOTIFIER + 80;
const SPINS: i32 = 2000;

/** Before the first thread starts. The kernel starts at 2 so that sequence - 1 is never 0. */
export function notifierInit(): void {
  store<u32>(SEQUENCE, 2);
}

function isFull(): bool {
  return load<u32>(ACTIVE) != 0 && (load<u32>(SEQUENCE) & 1) != 0;
}

/** mn_itree_inv_start_range: opens a window; returns the first region that overlaps, or 0. */
export function notifierStart(first: u32, end: u32): usize {
  lockAcquire(LOCK);
  store<u32>(ACTIVE, load<u32>(ACTIVE) + 1);
  const region = treeNextOverlap(first, end, 0);
  if (region != 0) atomic.store<u32>(SEQUENCE, load<u32>(SEQUENCE) | 1);
  lockRelease(LOCK);
  return region;
}

/** The region that overlaps pages of a window of the caller's, or 0: it stays until the window closes. */
export function notifierRegion(first: u32, end: u32): usize {
  lockAcquire(LOCK);
  const region = treeNextOverlap(first, end, 0);
  lockRelease(LOCK);
  return region;
}

/** The sequence while a window of the caller's is open over a region: odd, and fixed until it closes. */
export function notifierSequence(): u32 {
  return atomic.load<u32>(SEQUENCE);
}

/** mn_itree_inv_end: closes a window. */
export function notifierEnd(): void {
  lockAcquire(LOCK);
  const active = load<u32>(ACTIVE) - 1;
  store<u32>(ACTIVE, active);
  const last = active == 0 && (load<u32>(SEQUENCE) & 1) != 0;
  if (last) {
    // In this order: a remover that spins on the sequence owns its region as soon as it moves.
    applyDeferred();
    atomic.store<u32>(SEQUENCE, load<u32>(SEQUENCE) + 1);
  }
  lockRelease(LOCK);
  // Waking costs 40 ns even when nobody sleeps. A sleeper has counted itself before it compares the
  // sequence, and the sequence was stored before this load: either it is seen here, or it sees the new
  // sequence and does not sleep.
  if (last && atomic.load<u32>(WAITERS) != 0) atomic.notify(SEQUENCE, WAKE_ALL);
}

/** mmu_interval_set_seq: called by each invalidation of the region, under the driver lock. */
export function notifierSetSequence(region: usize, sequence: u32): void {
  atomic.store<u32>(region, sequence, REGION_SEQUENCE);
}

/** mmu_interval_read_begin: waits while an invalidation that hit the region runs; keeps the snapshot. */
export function notifierReadBegin(region: usize): void {
  lockAcquire(LOCK);
  const sequence = atomic.load<u32>(region, REGION_SEQUENCE);
  const invalidating = sequence == load<u32>(SEQUENCE);
  lockRelease(LOCK);
  if (invalidating) {
    count(COUNT_WINDOW_COLLISIONS, 1);
    awaitSequence(sequence, STALL_NOTIFIER);
  }
  store<u32>(thread(), sequence, THREAD_SEQUENCE);
}

/**
 * mmu_interval_read_retry: true when an invalidation hit the region since read_begin. Called under the
 * driver lock (or the strategy's own) just before entries are published.
 */
export function notifierReadRetry(region: usize): bool {
  return atomic.load<u32>(region, REGION_SEQUENCE) != load<u32>(thread(), THREAD_SEQUENCE);
}

function awaitSequence(sequence: u32, what: u32): void {
  for (let i = 0; i < SPINS; i++) {
    if (atomic.load<u32>(SEQUENCE) != sequence) return;
  }
  const limitNs = i64(load<u32>(PLAN_WAIT_LIMIT_MS)) * 1000000;
  atomic.add<u32>(WAITERS, 1);
  while (atomic.load<u32>(SEQUENCE) == sequence) {
    if (atomic.wait<i32>(SEQUENCE, i32(sequence), limitNs) == 2) stall(SEQUENCE, what);
  }
  atomic.sub<u32>(WAITERS, 1);
}

/** mmu_interval_notifier_insert: live at once, or when the windows that freeze the tree are closed. */
export function notifierInsert(region: usize): void {
  lockAcquire(LOCK);
  const sequence = load<u32>(SEQUENCE);
  if (load<u32>(ACTIVE) == 0) {
    atomic.store<u32>(region, sequence - 1, REGION_SEQUENCE);
    enter(region);
  } else if (isFull()) {
    atomic.store<u32>(region, sequence, REGION_SEQUENCE);
    atomic.store<u32>(region, REGION_INSERTING, REGION_STATE);
    defer(region);
  } else {
    // Partial: the open windows did not look at this region, so it starts as being invalidated.
    atomic.store<u32>(SEQUENCE, sequence | 1);
    atomic.store<u32>(region, sequence | 1, REGION_SEQUENCE);
    enter(region);
  }
  lockRelease(LOCK);
}

/**
 * mmu_interval_notifier_remove, a strong fence: when it returns no invalidation of the region runs or
 * will run. Not from inside an invalidation, nor under a lock that one takes.
 */
export function notifierRemove(region: usize): void {
  let wait: u32 = 0;
  lockAcquire(LOCK);
  if (isFull()) {
    if (atomic.load<u32>(region, REGION_STATE) == REGION_INSERTING) {
      // Still on the deferred list: applyDeferred will find it free and drop it.
      atomic.store<u32>(region, REGION_FREE, REGION_STATE);
    } else {
      atomic.store<u32>(region, REGION_REMOVING, REGION_STATE);
      defer(region);
    }
    wait = load<u32>(SEQUENCE);
  } else {
    treeRemove(region);
    atomic.store<u32>(region, REGION_FREE, REGION_STATE);
  }
  lockRelease(LOCK);
  if (wait != 0) awaitSequence(wait, STALL_REMOVE);
}

function enter(region: usize): void {
  treeInsert(region);
  atomic.store<u32>(region, REGION_LIVE, REGION_STATE);
}

function defer(region: usize): void {
  store<u32>(region, load<u32>(DEFERRED), REGION_DEFERRED_NEXT);
  store<u32>(DEFERRED, u32(region));
}

/** Caller holds the lock; no window is open any more. */
function applyDeferred(): void {
  let region: usize = load<u32>(DEFERRED);
  store<u32>(DEFERRED, 0);
  while (region != 0) {
    const next: usize = load<u32>(region, REGION_DEFERRED_NEXT);
    const state = atomic.load<u32>(region, REGION_STATE);
    if (state == REGION_INSERTING) {
      enter(region);
    } else if (state == REGION_REMOVING) {
      treeRemove(region);
      atomic.store<u32>(region, REGION_FREE, REGION_STATE);
    }
    region = next;
  }
}
