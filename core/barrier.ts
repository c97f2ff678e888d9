import { PLAN_WAIT_LIMIT_MS, STATE_BARRIER } from './abi/layout';
import { STALL_BARRIER, stall, WAKE_ALL } from './lock';

/**
 * Rendezvous of `parties` threads: arrived count and generation, each arrival adds one, the last one
 * resets the count, opens the next generation and wakes the rest. A waiter leaves when the generation
 * it read before arriving has moved, so a thread that races into the next round cannot take its place.
 */
export function barrierWait(parties: u32): void {
  const generation = atomic.load<u32>(STATE_BARRIER, 4);
  if (atomic.add<u32>(STATE_BARRIER, 1) + 1 == parties) {
    atomic.store<u32>(STATE_BARRIER, 0);
    atomic.add<u32>(STATE_BARRIER, 1, 4);
    atomic.notify(STATE_BARRIER + 4, WAKE_ALL);
    return;
  }
  const limitNs = i64(load<u32>(PLAN_WAIT_LIMIT_MS)) * 1000000;
  while (atomic.load<u32>(STATE_BARRIER, 4) == generation) {
    if (atomic.wait<i32>(STATE_BARRIER + 4, i32(generation), limitNs) == 2) {
      stall(STATE_BARRIER, STALL_BARRIER);
    }
  }
}
