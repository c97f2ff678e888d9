/**
 * canary-no-cache-invalidate: flat-preallocated that forgets the device's translation cache (breaks I1).
 * The table is right, the cached translation is stale. The checker must catch it.
 */

import { deviceFence, deviceZap } from '../core/abi/core';
import { zap } from '../core/abi/flat-table';
import { OK } from '../core/abi/terms';

export { fini, init, maintain, translate, update } from './flat-preallocated';

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  const zapped = zap(region, first, count);
  if (zapped == 0) return OK;
  deviceZap(zapped);
  return deviceFence();
}
