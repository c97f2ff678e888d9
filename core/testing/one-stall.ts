/**
 * Test only: flat-preallocated of which one invalidation, the STALL_AT-th, takes 20 ms longer, so that a
 * method of measuring has a stall to show or to hide.
 */

import { invalidate as invalidateFlat } from '../../strategies/flat-preallocated';
import { STATE_STRATEGY } from '../abi/layout';

export { fini, init, maintain, translate, update } from '../../strategies/flat-preallocated';

const STALL_AT: u32 = 500;
const STALL_NS: i64 = 20000000;

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  // A word that nobody wakes: only the time ends the wait.
  if (atomic.add<u32>(STATE_STRATEGY, 1) == STALL_AT) {
    atomic.wait<i32>(STATE_STRATEGY + 64, 0, STALL_NS);
  }
  return invalidateFlat(region, first, count, event, blockable);
}
