import { ENTRY_NONE, entryAdvance, entryIsPresent, entryOrder } from '../abi/entry';
import {
  BLOCK_ORDER,
  BLOCK_PAGES,
  PLAN_CACHE_ENTRIES,
  STATE_DEVICE_DEAD,
  THREAD_CACHE,
} from '../abi/layout';
import { translate } from '../abi/strategy';
import { COUNT_CACHE_HITS, COUNT_WALK_RETRIES } from '../abi/terms';
import { count } from '../counters';
import { cacheBlockSlot, cacheSlot, cacheTag, deviceEpoch } from '../device';
import { regionFirst, regionOfPage } from '../region';
import { thread } from '../thread';

/** Walks that saw the device epoch move are walked again; the bound only ends a broken device. */
const WALK_LIMIT: i32 = 1000000;

/**
 * What the device sees for a page: from its translation cache, or by a walk that fills the cache. The
 * protocol between fills and invalidations is argued in device.ts.
 */
export function deviceWalk(region: usize, page: u32): u64 {
  // A dead device does not use its cache either.
  if (atomic.load<u32>(STATE_DEVICE_DEAD) != 0) return ENTRY_NONE;
  const entries = load<u32>(PLAN_CACHE_ENTRIES);
  const cache = thread() + THREAD_CACHE;
  if (entries != 0) {
    const slot = cacheSlot(cache, entries, page);
    if (atomic.load<u64>(slot) == cacheTag(page, 0)) {
      count(COUNT_CACHE_HITS, 1);
      return load<u64>(slot, 8);
    }
    const first = page & ~(BLOCK_PAGES - 1);
    const blockSlot = cacheBlockSlot(cache, entries, page);
    if (atomic.load<u64>(blockSlot) == cacheTag(first, BLOCK_ORDER)) {
      count(COUNT_CACHE_HITS, 1);
      return entryAdvance(load<u64>(blockSlot, 8), page - first);
    }
  }
  const relative = page - regionFirst(region);
  for (let i = 0; i < WALK_LIMIT; i++) {
    if (atomic.load<u32>(STATE_DEVICE_DEAD) != 0) return ENTRY_NONE;
    const epoch = deviceEpoch();
    // The key may be gone since the access began; whoever revokes it fences after (registration.ts).
    if (regionOfPage(page) != region) return ENTRY_NONE;
    const entry = translate(region, relative);
    if (!entryIsPresent(entry)) return ENTRY_NONE;
    if (entries == 0 ? deviceEpoch() == epoch : fill(cache, entries, page, entry, epoch))
      return entry;
    count(COUNT_WALK_RETRIES, 1);
  }
  return ENTRY_NONE;
}

/** Caches the leaf; false (and its slot empty) when an invalidation or fence overtook the walk. */
function fill(cache: usize, entries: u32, page: u32, entry: u64, epoch: u32): bool {
  const first = page & ~(BLOCK_PAGES - 1);
  const large = entryOrder(entry) == BLOCK_ORDER;
  const slot = large ? cacheBlockSlot(cache, entries, page) : cacheSlot(cache, entries, page);
  const leaf = large ? entry - (u64(page - first) << 12) : entry;
  store<u64>(slot, leaf, 8);
  atomic.store<u64>(slot, large ? cacheTag(first, BLOCK_ORDER) : cacheTag(page, 0));
  if (deviceEpoch() == epoch) return true;
  atomic.store<u64>(slot, 0);
  return false;
}

/** A faulting device forgets what it had cached for the page: too narrow, or nothing. Own cache only. */
export function dropCached(page: u32): void {
  const entries = load<u32>(PLAN_CACHE_ENTRIES);
  if (entries == 0) return;
  const cache = thread() + THREAD_CACHE;
  const slot = cacheSlot(cache, entries, page);
  if (atomic.load<u64>(slot) == cacheTag(page, 0)) atomic.store<u64>(slot, 0);
  const blockSlot = cacheBlockSlot(cache, entries, page);
  const block = cacheTag(page & ~(BLOCK_PAGES - 1), BLOCK_ORDER);
  if (atomic.load<u64>(blockSlot) == block) atomic.store<u64>(blockSlot, 0);
}
