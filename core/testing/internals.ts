// Entry of the module the core's tests drive: everything core and driver keep to themselves, compiled
// with the build's own flags. The strategy's functions are imports, so a test plays the strategy.
import { REGION_STATE } from '../abi/layout';
import { lockAcquire, lockRelease } from '../lock';
import { notifierRemove } from '../notifier';

export * from '../address-space';
export * from '../barrier';
export * from '../device';
export * from '../driver/device-access';
export * from '../driver/invalidation';
export * from '../driver/memory-series';
export * from '../driver/registration';
export * from '../driver/registration-thread';
export * from '../driver/storm-thread';
export * from '../driver/walk';
export * from '../fault-injection';
export * from '../handover';
export * from '../histogram';
export * from '../lock';
export * from '../notifier';
export * from '../oracle';
export * from '../page-allocator';
export * from '../region';
export * from '../thread';

/** Adds one to the plain u32 at `cell`, `rounds` times, each under the lock. */
export function guardedCount(lock: usize, cell: usize, rounds: u32): void {
  for (let i: u32 = 0; i < rounds; i++) {
    lockAcquire(lock);
    store<u32>(cell, load<u32>(cell) + 1);
    lockRelease(lock);
  }
}

/** The region's state at the moment its removal returns. */
export function removeThenState(region: usize): u32 {
  notifierRemove(region);
  return atomic.load<u32>(region, REGION_STATE);
}
