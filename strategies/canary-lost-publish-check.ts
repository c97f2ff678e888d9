/**
 * canary-lost-publish-check: flat-preallocated with a lock of its own that does not ask
 * notifierReadRetry before it publishes (breaks I3): an invalidation that ran between the snapshot and
 * the lock is undone. The checker must catch it.
 *
 *   STATE_STRATEGY   lock u32
 */

import { lockAcquire, lockRelease, lockTry } from '../core/abi/core';
import { STATE_STRATEGY } from '../core/abi/layout';
import { EAGAIN } from '../core/abi/terms';
import { update as writeUnderLock, invalidate as zapUnderLock } from './flat-preallocated';

export { fini, init, maintain, translate } from './flat-preallocated';

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  lockAcquire(STATE_STRATEGY);
  const result = writeUnderLock(region, first, count, words);
  lockRelease(STATE_STRATEGY);
  return result;
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  if (blockable) lockAcquire(STATE_STRATEGY);
  else if (!lockTry(STATE_STRATEGY)) return EAGAIN;
  const result = zapUnderLock(region, first, count, event, blockable);
  lockRelease(STATE_STRATEGY);
  return result;
}
