import { lockAcquire, lockRelease } from '../lock';

/** Adds one to the plain u32 at `cell`, `rounds` times, each under the lock. */
export function guardedCount(lock: usize, cell: usize, rounds: u32): void {
  for (let i: u32 = 0; i < rounds; i++) {
    lockAcquire(lock);
    store<u32>(cell, load<u32>(cell) + 1);
    lockRelease(lock);
  }
}
