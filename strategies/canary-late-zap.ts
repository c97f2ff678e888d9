/**
 * canary-late-zap: flat-preallocated that returns from invalidate before it has zapped (breaks I1): the
 * range is only noted, and zapped when the next invalidation arrives. The checker must catch it.
 *
 *   STATE_STRATEGY   region u32 | first u32 | count u32        the range that is still owed
 */

import { STATE_STRATEGY } from '../core/abi/layout';
import { OK } from '../core/abi/terms';
import { invalidate as zapNow } from './flat-preallocated';

export { fini, init, maintain, translate, update } from './flat-preallocated';

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const owed: usize = load<u32>(STATE_STRATEGY);
  if (owed != 0) {
    zapNow(owed, load<u32>(STATE_STRATEGY, 4), load<u32>(STATE_STRATEGY, 8), event, blockable);
  }
  store<u32>(STATE_STRATEGY, u32(region));
  store<u32>(STATE_STRATEGY, first, 4);
  store<u32>(STATE_STRATEGY, count, 8);
  return OK;
}
