import {
  BLOCK_DRIVER_LOCK,
  BLOCK_PAGES,
  HISTOGRAM_NOTIFIER,
  PLAN_LOCK,
  PLAN_MODELLED,
  PLAN_NOTIFY_AFTER,
  REGION_LOCK,
  THREAD_MODELLED_NS,
} from '../abi/layout';
import { invalidate } from '../abi/strategy';
import {
  COUNT_INVALIDATES,
  COUNT_NOT_BLOCKABLE,
  COUNT_NOTIFIER_FAILED,
  COUNT_RANGE_PAGES,
  COUNT_RANGES,
  COUNT_REGIONS_HIT,
  EAGAIN,
  EIO,
  LOCK_BLOCK,
  LOCK_OWN,
  OK,
} from '../abi/terms';
import { EVENT_CLEAR } from '../abi/trace-event';
import { applyEvent, applySplit, blockIsHuge, blockRecord } from '../address-space';
import { nowNs } from '../clock';
import { count } from '../counters';
import { histogramRecord } from '../histogram';
import { lockAcquire, lockRelease, lockTry } from '../lock';
import { notifierEnd, notifierSequence, notifierSetSequence, notifierStart } from '../notifier';
import { regionEnd, regionFirst, treeNextOverlap } from '../region';
import { thread } from '../thread';
import { secondaryWaitBegin, secondaryWaitedNs } from './secondary-tlb';
import { latencyWindow } from './window';

/**
 * invalidate_range_start: every region that overlaps drops its translations. The measured latency is
 * what the OS waits for. The caller changes the CPU's table and then calls closeRange; on EAGAIN
 * (non-blockable) the window is already closed again.
 *
 * With PLAN_NOTIFY_AFTER the strategy is not called here but while the table changes (secondary-tlb.ts);
 * the window, the driver lock and the sequence are the same.
 */
export function notify(first: u32, end: u32, event: u32, blockable: bool): i32 {
  const modelled = load<u32>(PLAN_MODELLED) != 0;
  const t = thread();
  const startNs = modelled ? load<u64>(t, THREAD_MODELLED_NS) : nowNs();
  let region = notifierStart(first, end);
  let result: i32 = OK;
  if (region != 0) {
    const sequence = notifierSequence();
    while (region != 0 && result != EAGAIN) {
      result = notifyRegion(region, first, end, event, blockable, sequence);
      count(COUNT_REGIONS_HIT, 1);
      region = treeNextOverlap(first, end, region);
    }
  }
  const endNs = modelled ? load<u64>(t, THREAD_MODELLED_NS) : nowNs();
  if (load<u32>(PLAN_NOTIFY_AFTER) == 0) recordWait(endNs, endNs - startNs);
  else secondaryWaitBegin(endNs - startNs);
  count(COUNT_RANGES, 1);
  count(COUNT_RANGE_PAGES, end - first);
  if (result == EAGAIN) {
    count(COUNT_NOT_BLOCKABLE, 1);
    closeRange();
    return EAGAIN;
  }
  return OK;
}

/** invalidate_range_end: the CPU's table has changed. */
export function closeRange(): void {
  if (load<u32>(PLAN_NOTIFY_AFTER) != 0) {
    const modelled = load<u32>(PLAN_MODELLED) != 0;
    recordWait(modelled ? load<u64>(thread(), THREAD_MODELLED_NS) : nowNs(), secondaryWaitedNs());
  }
  notifierEnd();
}

function recordWait(endNs: u64, waitedNs: u64): void {
  histogramRecord(HISTOGRAM_NOTIFIER, waitedNs);
  latencyWindow(endNs, waitedNs, true);
}

function notifyRegion(
  region: usize,
  first: u32,
  end: u32,
  event: u32,
  blockable: bool,
  sequence: u32,
): i32 {
  const base = regionFirst(region);
  const from = max(first, base) - base;
  const to = min(end, regionEnd(region)) - base;
  const granularity = load<u32>(PLAN_LOCK);
  if (granularity == LOCK_OWN) {
    notifierSetSequence(region, sequence);
    return callInvalidate(region, from, to, event, blockable);
  }
  if (granularity != LOCK_BLOCK) {
    const lock = region + REGION_LOCK;
    if (!takeLock(lock, blockable)) return EAGAIN;
    notifierSetSequence(region, sequence);
    const result = callInvalidate(region, from, to, event, blockable);
    lockRelease(lock);
    return result;
  }
  let page = from;
  while (page < to) {
    const stop = min(to, (page & ~(BLOCK_PAGES - 1)) + BLOCK_PAGES);
    const lock = blockRecord(base + page) + BLOCK_DRIVER_LOCK;
    if (!takeLock(lock, blockable)) return EAGAIN;
    notifierSetSequence(region, sequence);
    const result = callInvalidate(region, page, stop, event, blockable);
    lockRelease(lock);
    if (result == EAGAIN) return EAGAIN;
    page = stop;
  }
  return OK;
}

function takeLock(lock: usize, blockable: bool): bool {
  if (!blockable) return lockTry(lock);
  lockAcquire(lock);
  return true;
}

function callInvalidate(region: usize, from: u32, to: u32, event: u32, blockable: bool): i32 {
  if (load<u32>(PLAN_NOTIFY_AFTER) != 0) return OK;
  count(COUNT_INVALIDATES, 1);
  const result = invalidate(region, from, to - from, event, blockable);
  if (result == EAGAIN && !blockable) return EAGAIN;
  // A dead device (EIO) translates nothing, so the range is unmapped all the same.
  if (result != OK && result != EIO) count(COUNT_NOTIFIER_FAILED, 1);
  return OK;
}

/** A whole event: break what it cuts, notify, change the CPU's table, close the window. */
export function invalidateRange(first: u32, end: u32, event: u32, blockable: bool): i32 {
  splitEdges(first, end);
  const result = notify(first, end, event, blockable);
  if (result != OK) return result;
  applyEvent(first, end, event);
  closeRange();
  return OK;
}

/** The OS breaks huge mappings that an event covers only in part, before the event itself. */
export function splitEdges(first: u32, end: u32): void {
  if ((first & (BLOCK_PAGES - 1)) != 0 && blockIsHuge(first)) splitBlock(first);
  if ((end & (BLOCK_PAGES - 1)) != 0 && blockIsHuge(end - 1)) splitBlock(end - 1);
}

/** __split_huge_pmd: CLEAR over the block; its pages stay present, as 4 KiB mappings. */
export function splitBlock(page: u32): void {
  const first = page & ~(BLOCK_PAGES - 1);
  if (notify(first, first + BLOCK_PAGES, EVENT_CLEAR, true) != OK) return;
  applySplit(first);
  closeRange();
}
