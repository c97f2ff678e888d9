/**
 * Test only: flat-preallocated with a planted cost. Each invalidation adds a store for every PAGES_A_STORE
 * pages to a line of the strategy's own, so that a comparison has a slowdown of known cause to find: about
 * a tenth of an invalidation of 256 pages.
 */

import { invalidate as invalidateFlat } from '../../strategies/flat-preallocated';
import { STATE_STRATEGY } from '../abi/layout';

export { fini, init, maintain, translate, update } from '../../strategies/flat-preallocated';

const PAGES_A_STORE: u32 = 52;

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  for (let i: u32 = 0; i < count; i += PAGES_A_STORE) atomic.store<u32>(STATE_STRATEGY, i);
  return invalidateFlat(region, first, count, event, blockable);
}
