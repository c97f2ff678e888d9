import {
  HISTOGRAM_TEARDOWN,
  PLAN_MODELLED,
  REGION_BYTES,
  REGION_FIRST_PAGE,
  REGION_ID,
  REGION_PAGE_COUNT,
  REGION_STATE,
} from '../abi/layout';
import { fini, init } from '../abi/strategy';
import { COUNT_TEARDOWNS, OK, REGION_FREE, REGION_LIVE } from '../abi/terms';
import { addressSpaceInit } from '../address-space';
import { nowNs } from '../clock';
import { count } from '../counters';
import { deviceCacheInvalidate, deviceFence } from '../device';
import { histogramRecord } from '../histogram';
import { notifierInit, notifierInsert, notifierRemove } from '../notifier';
import { allocatorInit } from '../page-allocator';
import { regionAt, regionCover } from '../region';

/** Prepares the shared state and the strategy's own. One thread, before all others. */
export function attach(): i32 {
  addressSpaceInit();
  notifierInit();
  allocatorInit();
  return init(0);
}

/** Registers region `index` over the pages; OK, or the strategy's refusal (nothing stays behind). */
export function register(index: u32, first: u32, pages: u32): i32 {
  const region = regionAt(index);
  memory.fill(region, 0, REGION_BYTES);
  store<u32>(region, index, REGION_ID);
  store<u32>(region, first, REGION_FIRST_PAGE);
  store<u32>(region, pages, REGION_PAGE_COUNT);
  const result = init(region);
  if (result != OK) return result;
  notifierInsert(region);
  regionCover(region, region);
  return OK;
}

/**
 * Unregisters, strong fence: the device loses the key, no callback runs any more, walks and commands in
 * flight are over; only then is the memory freed.
 */
export function unregister(index: u32): void {
  const region = regionAt(index);
  if (atomic.load<u32>(region, REGION_STATE) != REGION_LIVE) return;
  const modelled = load<u32>(PLAN_MODELLED) != 0;
  const startNs = modelled ? 0 : nowNs();
  regionCover(region, 0);
  notifierRemove(region);
  deviceCacheInvalidate(region, 0, load<u32>(region, REGION_PAGE_COUNT));
  deviceFence();
  fini(region);
  atomic.store<u32>(region, REGION_FREE, REGION_STATE);
  if (!modelled) histogramRecord(HISTOGRAM_TEARDOWN, nowNs() - startNs);
  count(COUNT_TEARDOWNS, 1);
}

/** Frees the strategy's shared state and fences, so that deferred pages are back as well. */
export function detach(): void {
  fini(0);
  deviceFence();
}
