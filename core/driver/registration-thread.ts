import {
  PLAN_REGION_CAPACITY,
  PLAN_TEARDOWN_US,
  REGION_FIRST_PAGE,
  REGION_PAGE_COUNT,
  REGION_STATE,
  STATE_STOP,
  THREAD_SLEEP,
} from '../abi/layout';
import { OK, REGION_LIVE } from '../abi/terms';
import { regionAt } from '../region';
import { randomBelow, thread } from '../thread';
import { reapDeferred, regionIsGone, register, unregister } from './registration';

/**
 * Tears regions down and registers them again while the storm runs: one after another, drawn from the
 * seed, a pause in between. Deferred frees are reaped here, one period after the teardown at the
 * earliest (the grace period). Ends with every region registered.
 */
export function registrationLoop(): void {
  const pauseNs = i64(load<u32>(PLAN_TEARDOWN_US)) * 1000;
  const regions = load<u32>(PLAN_REGION_CAPACITY);
  while (atomic.load<u32>(STATE_STOP) == 0) {
    unregister(randomBelow(regions));
    atomic.wait<i32>(thread() + THREAD_SLEEP, 0, pauseNs);
    restoreRegions();
  }
  // Holders let go within a fault; the cell's timeout ends a run in which one never does.
  while (!restoreRegions()) atomic.wait<i32>(thread() + THREAD_SLEEP, 0, pauseNs);
}

/** Registers what is gone; true when every region is registered. */
export function restoreRegions(): bool {
  const regions = load<u32>(PLAN_REGION_CAPACITY);
  let complete = true;
  for (let i: u32 = 0; i < regions; i++) {
    const region = regionAt(i);
    reapDeferred(region);
    if (!regionIsGone(region)) {
      if (atomic.load<u32>(region, REGION_STATE) != REGION_LIVE) complete = false;
      continue;
    }
    const first = load<u32>(region, REGION_FIRST_PAGE);
    if (register(i, first, load<u32>(region, REGION_PAGE_COUNT)) != OK) complete = false;
  }
  return complete;
}
