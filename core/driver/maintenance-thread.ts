import { PLAN_MAINTAIN_US, PLAN_REGION_CAPACITY, STATE_STOP, THREAD_SLEEP } from '../abi/layout';
import { maintain } from '../abi/strategy';
import { COUNT_MAINTAINS } from '../abi/terms';
import { count } from '../counters';
import { regionAt } from '../region';
import { thread } from '../thread';
import { regionAcquire, regionRelease } from './registration';

/** Calls maintain for every live region, then sleeps for the planned pause, until the storm is over. */
export function maintenanceLoop(): void {
  const pauseNs = i64(load<u32>(PLAN_MAINTAIN_US)) * 1000;
  while (atomic.load<u32>(STATE_STOP) == 0) {
    maintainAll();
    atomic.wait<i32>(thread() + THREAD_SLEEP, 0, pauseNs);
  }
}

/** One round of maintain over the live regions. */
export function maintainAll(): void {
  const regions = load<u32>(PLAN_REGION_CAPACITY);
  for (let i: u32 = 0; i < regions; i++) {
    const region = regionAt(i);
    if (!regionAcquire(region)) continue;
    maintain(region);
    regionRelease(region);
    count(COUNT_MAINTAINS, 1);
  }
}
