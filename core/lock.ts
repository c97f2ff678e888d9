import { PLAN_WAIT_LIMIT_MS, STATE_STALL } from './abi/layout';

/**
 * Futex mutex after Drepper, "Futexes are tricky" (2011), mutex 3: 0 free, 1 held, 2 held and somebody
 * sleeps. It spins first: on the target machine a futex hand-off costs a thousand times a spin one.
 *
 *   0 -> 1      acquire, uncontended (cmpxchg)
 *   0,1,2 -> 2  acquire, contended (xchg); 0 read back means the lock is ours
 *   1 -> 0      release, nobody sleeps;  2 -> 0 release, wake one
 *
 * A sleeper has always written 2 before it sleeps, so the releaser's xchg sees it: no lost wake-up.
 * The partner of each xchg in acquire is the xchg in release: what was stored under the lock before the
 * release is seen after the next acquire.
 */
const SPINS: i32 = 400;

export function lockAcquire(lock: usize): void {
  if (atomic.cmpxchg<i32>(lock, 0, 1) == 0) return;
  for (let i = 0; i < SPINS; i++) {
    if (atomic.load<i32>(lock) == 0 && atomic.cmpxchg<i32>(lock, 0, 1) == 0) return;
  }
  const limitNs = i64(load<u32>(PLAN_WAIT_LIMIT_MS)) * 1000000;
  while (atomic.xchg<i32>(lock, 2) != 0) {
    if (atomic.wait<i32>(lock, 2, limitNs) == 2) stall(lock, STALL_LOCK);
  }
}

export function lockTry(lock: usize): bool {
  return atomic.cmpxchg<i32>(lock, 0, 1) == 0;
}

export function lockRelease(lock: usize): void {
  if (atomic.xchg<i32>(lock, 0) == 2) atomic.notify(lock, 1);
}

/** Waiters to wake: all. Not -1: V8 boxes a count that is no small integer, and garbage is forbidden. */
export const WAKE_ALL: i32 = 0x3fffffff;

/** What a stalled thread was waiting for; the host prints it with the word's address and value. */
export const STALL_LOCK: u32 = 1;
export const STALL_BARRIER: u32 = 2;
export const STALL_NOTIFIER: u32 = 3;
export const STALL_REMOVE: u32 = 4;
export const STALL_HANDOVER: u32 = 5;

/** A wait passed its limit: say what it saw and trap, so that the cell ends as crashed with a reason. */
export function stall(word: usize, what: u32): void {
  if (atomic.cmpxchg<u32>(STATE_STALL, 0, what) == 0) {
    store<u32>(STATE_STALL, u32(word), 4);
    store<u32>(STATE_STALL, atomic.load<u32>(word), 8);
  }
  unreachable();
}
