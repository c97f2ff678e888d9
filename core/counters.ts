import {
  ALLOCATION_ROW_BYTES,
  ORDER_COUNT,
  SITE_CAPACITY,
  THREAD_ALLOCATIONS,
  THREAD_COUNTERS,
} from './abi/layout';
import { thread } from './thread';

/** Adds to one of the calling thread's COUNT_* counters; threads never share a counter. */
export function count(counter: u32, amount: u64): void {
  const slot = thread() + THREAD_COUNTERS + (counter << 3);
  store<u64>(slot, load<u64>(slot) + amount);
}

/** The calling thread's (attempts, failures, injected) row for one kind of allocation. */
export function allocationRow(context: u32, order: u32, site: u32): usize {
  return (
    thread() +
    THREAD_ALLOCATIONS +
    ((context * ORDER_COUNT + order) * SITE_CAPACITY + site) * ALLOCATION_ROW_BYTES
  );
}
