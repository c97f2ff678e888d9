/**
 * Test only: flat-preallocated with a planted cost. Each invalidation adds EXTRA_STORES seq-cst stores to
 * a line of the strategy's own, so that a comparison has a slowdown of known cause to find.
 */

import { invalidate as invalidateFlat } from '../../strategies/flat-preallocated';
import { STATE_STRATEGY } from '../abi/layout';

export { fini, init, maintain, translate, update } from '../../strategies/flat-preallocated';

const EXTRA_STORES: i32 = 9;

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  for (let i = 0; i < EXTRA_STORES; i++) atomic.store<u32>(STATE_STRATEGY, u32(i));
  return invalidateFlat(region, first, count, event, blockable);
}
