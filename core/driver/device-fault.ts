import { WORD_WRITE, wordIsValid, wordOrder } from '../abi/entry';
import {
  BLOCK_DRIVER_LOCK,
  BLOCK_ORDER,
  BLOCK_PAGES,
  HISTOGRAM_FAULT,
  INSTALLED_READ,
  INSTALLED_WRITE,
  PLAN_COST_FAULT,
  PLAN_FAULT_WINDOW,
  PLAN_INSTALLED_BASE,
  PLAN_LOCK,
  PLAN_MODELLED,
  PLAN_RETRY_LIMIT,
  REGION_DYING,
  REGION_LOCK,
  STATE_STOP,
  THREAD_MODELLED_NS,
  THREAD_STALLED_NS,
  THREAD_WORDS,
  VMA_COW,
  VMA_MAPPED,
} from '../abi/layout';
import { update } from '../abi/strategy';
import {
  COUNT_ACCESS_DENIED,
  COUNT_COW,
  COUNT_DEVICE_GONE,
  COUNT_FAULT_RETRIES,
  COUNT_FAULTS,
  COUNT_LIVELOCKS,
  COUNT_RETRIED,
  COUNT_RETRY_NS,
  COUNT_SPURIOUS_FAULTS,
  COUNT_UPDATE_FAILED,
  COUNT_UPDATES,
  EAGAIN,
  EFAULT,
  EINVAL,
  EIO,
  ENOMEM,
  ETIMEDOUT,
  LOCK_BLOCK,
  LOCK_OWN,
  OK,
} from '../abi/terms';
import { EVENT_CLEAR } from '../abi/trace-event';
import { blockIsHuge, blockRecord, fault, pageVma, snapshot } from '../address-space';
import { nowNs } from '../clock';
import { count } from '../counters';
import { histogramRecord } from '../histogram';
import { lockAcquire, lockRelease } from '../lock';
import { notifierReadBegin, notifierReadRetry } from '../notifier';
import { regionEnd, regionFirst } from '../region';
import { thread } from '../thread';
import { invalidateRange, splitBlock } from './invalidation';
import { regionAcquire, regionRelease } from './registration';
import { latencyWindow } from './window';

/** Tries (2 us apart) before an access that only lacks table memory is given up. */
const STARVED_LIMIT: u32 = 64;

/**
 * One device page fault, measured from the miss to the published translation: the loop of
 * drivers/infiniband/core/umem_odp.c ib_umem_odp_map_dma_and_lock. Returns OK, EFAULT (no VMA, or no
 * right), ENOMEM (no table memory, also after waiting), EIO (device dead), ETIMEDOUT (the retry limit: a
 * livelock) or EAGAIN (the run is stopping).
 */
export function deviceFault(region: usize, page: u32, write: bool): i32 {
  const t = thread();
  const modelled = load<u32>(PLAN_MODELLED) != 0;
  const startNs = modelled ? load<u64>(t, THREAD_MODELLED_NS) : nowNs();
  count(COUNT_FAULTS, 1);
  const installed = u32(load<u8>(load<u32>(PLAN_INSTALLED_BASE) + page));
  if ((installed & (write ? INSTALLED_WRITE : INSTALLED_READ)) != 0)
    count(COUNT_SPURIOUS_FAULTS, 1);
  waitForDevice(t, modelled, startNs);
  let result: i32 = EFAULT;
  if (regionAcquire(region)) {
    result = resolve(region, page, write, t, modelled);
    regionRelease(region);
  }
  const endNs = modelled ? load<u64>(t, THREAD_MODELLED_NS) : nowNs();
  store<u64>(t, load<u64>(t, THREAD_STALLED_NS) + (endNs - startNs), THREAD_STALLED_NS);
  if (result == OK) {
    histogramRecord(HISTOGRAM_FAULT, endNs - startNs);
    latencyWindow(endNs, endNs - startNs, false);
  }
  return result;
}

/** The device's own share of a fault: event, interrupt, resume. */
function waitForDevice(t: usize, modelled: bool, startNs: u64): void {
  const cost = u64(load<u32>(PLAN_COST_FAULT));
  if (cost == 0) return;
  store<u64>(t, load<u64>(t, THREAD_MODELLED_NS) + cost, THREAD_MODELLED_NS);
  if (modelled) return;
  while (nowNs() < startNs + cost) {}
}

function resolve(region: usize, page: u32, write: bool, t: usize, modelled: bool): i32 {
  const limit = load<u32>(PLAN_RETRY_LIMIT);
  let failedSinceNs: u64 = 0;
  let starved: u32 = 0;
  for (let tries: u32 = 0; tries < limit; tries++) {
    if (atomic.load<u32>(region, REGION_DYING) != 0) return EFAULT;
    notifierReadBegin(region);
    const word = faultIn(page, write);
    if (!wordIsValid(word) || (write && (word & WORD_WRITE) == 0)) {
      count(COUNT_ACCESS_DENIED, 1);
      return EFAULT;
    }
    const result = publish(region, page, word, t);
    if (result == OK) {
      if (failedSinceNs != 0 && !modelled) count(COUNT_RETRY_NS, nowNs() - failedSinceNs);
      return OK;
    }
    if (result == EIO) {
      count(COUNT_DEVICE_GONE, 1);
      return EIO;
    }
    if (result == EINVAL) return EINVAL;
    if (result == ENOMEM) {
      count(COUNT_UPDATE_FAILED, 1);
      // One thread alone cannot wait for memory: in replay the access is given up at once.
      if (modelled || ++starved > STARVED_LIMIT) return ENOMEM;
      if (failedSinceNs == 0) failedSinceNs = nowNs();
      if (backOff()) return EAGAIN;
      count(COUNT_RETRIED, 1);
    } else count(COUNT_FAULT_RETRIES, 1);
  }
  count(COUNT_LIVELOCKS, 1);
  return ETIMEDOUT;
}

/** RNR-like pause before the device tries again; true when the run is stopping. */
function backOff(): bool {
  const end = nowNs() + 2000;
  while (nowNs() < end) {}
  return atomic.load<u32>(STATE_STOP) != 0;
}

/** hmm_range_fault for the page; a write to a copy-on-write page makes the copy first. */
function faultIn(page: u32, write: bool): u64 {
  let word = fault(page, write);
  if (!write || !wordIsValid(word) || (word & WORD_WRITE) != 0) return word;
  if ((pageVma(page) & (VMA_COW | VMA_MAPPED)) != (VMA_COW | VMA_MAPPED)) return word;
  count(COUNT_COW, 1);
  if (blockIsHuge(page)) splitBlock(page);
  invalidateRange(page, page + 1, EVENT_CLEAR, true);
  return fault(page, true);
}

/** Snapshot, driver lock, collision check, update. */
function publish(region: usize, page: u32, word: u64, t: usize): i32 {
  const window = wordOrder(word) == BLOCK_ORDER ? BLOCK_PAGES : load<u32>(PLAN_FAULT_WINDOW);
  const base = regionFirst(region);
  const first = max(page & ~(window - 1), base);
  const pages = min((page & ~(window - 1)) + window, regionEnd(region)) - first;
  const words = t + THREAD_WORDS;
  snapshot(first, pages, words);
  const granularity = load<u32>(PLAN_LOCK);
  count(COUNT_UPDATES, 1);
  if (granularity == LOCK_OWN) {
    const result = update(region, first - base, pages, words);
    // The strategy's lock is free again, so an event may have zapped and cleared these pages meanwhile.
    if (result == OK && !notifierReadRetry(region)) {
      noteInstalled(first, pages, words);
      if (notifierReadRetry(region)) memory.fill(load<u32>(PLAN_INSTALLED_BASE) + first, 0, pages);
    }
    return result;
  }
  const lock =
    granularity == LOCK_BLOCK ? blockRecord(page) + BLOCK_DRIVER_LOCK : region + REGION_LOCK;
  lockAcquire(lock);
  let result: i32 = EAGAIN;
  if (!notifierReadRetry(region)) {
    result = update(region, first - base, pages, words);
    if (result == OK) noteInstalled(first, pages, words);
  }
  lockRelease(lock);
  return result;
}

/** Remembers what the table now holds, so that a later fault on it is known as spurious. */
function noteInstalled(first: u32, pages: u32, words: usize): void {
  const installed = load<u32>(PLAN_INSTALLED_BASE) + first;
  for (let i: u32 = 0; i < pages; i++) {
    const word = load<u64>(words + (i << 3));
    if (!wordIsValid(word)) continue;
    const writes = (word & WORD_WRITE) != 0;
    store<u8>(installed + i, u8(writes ? INSTALLED_READ | INSTALLED_WRITE : INSTALLED_READ));
  }
}
