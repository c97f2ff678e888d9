import { ENTRY_READ, ENTRY_WRITE, WORD_WRITE, wordIsValid } from '../abi/entry';
import {
  HOT_SET_PAGES,
  PAGE_READ_DEAD,
  PAGE_WORD,
  PAGE_WRITE_DEAD,
  PLAN_ACCESS,
  PLAN_DRAW_BASE,
  PLAN_DRAW_COUNT,
  PLAN_FLOOR,
  PLAN_HOT_SHARE,
  PLAN_ORACLE,
  PLAN_PAGE_COUNT,
  PLAN_WRITE_SHARE,
  THREAD_BATCH,
  THREAD_DRAW,
  THREAD_HOT,
  THREAD_HOT_SET,
  THREAD_SEQUENTIAL,
  VMA_MAPPED,
} from '../abi/layout';
import {
  ACCESS_DRAWN,
  ACCESS_HOT,
  ACCESS_SEQUENTIAL,
  COUNT_IDLE_DRAWS,
  COUNT_TRANSLATIONS,
  EFAULT,
  OK,
} from '../abi/terms';
import { pageRecord, pageVma } from '../address-space';
import { count } from '../counters';
import { judge } from '../oracle';
import { regionOfPage } from '../region';
import { randomBelow, thread } from '../thread';
import { deviceFault } from './device-fault';
import { deviceWalk, dropCached } from './walk';

const NO_PAGE: u32 = 0xffffffff;
const NO_ACCESS: u32 = 0xffffffff;
/** Draws that may miss present memory before the device takes any mapped page, or idles. */
const DRAW_LIMIT: i32 = 16;
/** Faults on one access before it is given up: another thread keeps taking the page away. */
const ACCESS_LIMIT: i32 = 1000;

/**
 * Draws the pages of one batch into the thread's buffer, before the batch is timed: page << 1 | write.
 * A write is only drawn where the CPU's word allows writing, so the device does not add copy-on-write
 * breaks of its own to the recorded ones (races may still make some).
 */
export function drawBatch(batch: u32): void {
  const t = thread();
  const share = load<u32>(PLAN_WRITE_SHARE);
  for (let i: u32 = 0; i < batch; i++) {
    const page = drawPresent();
    let access = NO_ACCESS;
    if (page != NO_PAGE) {
      const writable = (atomic.load<u64>(pageRecord(page), PAGE_WORD) & WORD_WRITE) != 0;
      access = (page << 1) | u32(writable && randomBelow(65536) < share);
    }
    store<u32>(t + THREAD_BATCH + (i << 2), access);
  }
}

/** Makes the accesses of the batch that was drawn. */
export function accessBatch(batch: u32): void {
  const buffer = thread() + THREAD_BATCH;
  for (let i: u32 = 0; i < batch; i++) {
    const drawn = load<u32>(buffer + (i << 2));
    if (drawn == NO_ACCESS) count(COUNT_IDLE_DRAWS, 1);
    else access(drawn >> 1, (drawn & 1) != 0);
  }
}

/**
 * One device access: translate, fault until it is allowed, judge what was used. Every OK is one checked
 * translation.
 */
export function access(page: u32, write: bool): i32 {
  const region = regionOfPage(page);
  if (region == 0) return EFAULT;
  const record = pageRecord(page);
  const needed = write ? ENTRY_READ | ENTRY_WRITE : ENTRY_READ;
  const judged = load<u32>(PLAN_ORACLE) != 0;
  for (let tries = 0; tries < ACCESS_LIMIT; tries++) {
    const before = atomic.load<u64>(record, PAGE_WORD);
    const readDead = atomic.load<u64>(record, PAGE_READ_DEAD);
    const writeDead = atomic.load<u64>(record, PAGE_WRITE_DEAD);
    const entry = deviceWalk(region, page);
    if ((entry & needed) == needed) {
      count(COUNT_TRANSLATIONS, 1);
      if (judged) {
        judge(page, entry, readDead, writeDead, before, atomic.load<u64>(record, PAGE_WORD));
      }
      return OK;
    }
    dropCached(page);
    const result = deviceFault(region, page, write);
    if (result != OK || load<u32>(PLAN_FLOOR) != 0) return result;
    rememberHot(page);
  }
  return EFAULT;
}

function drawPresent(): u32 {
  let mapped = NO_PAGE;
  for (let i = 0; i < DRAW_LIMIT; i++) {
    const page = drawPage();
    if (wordIsValid(atomic.load<u64>(pageRecord(page), PAGE_WORD))) return page;
    if ((pageVma(page) & VMA_MAPPED) != 0) mapped = page;
  }
  return mapped;
}

function drawPage(): u32 {
  const t = thread();
  const pages = load<u32>(PLAN_PAGE_COUNT);
  const kind = load<u32>(PLAN_ACCESS);
  if (kind == ACCESS_DRAWN) return drawFromTable(t);
  if (kind == ACCESS_SEQUENTIAL) {
    const page = load<u32>(t, THREAD_SEQUENTIAL);
    store<u32>(t, page + 1 < pages ? page + 1 : 0, THREAD_SEQUENTIAL);
    return page;
  }
  if (kind == ACCESS_HOT) {
    const seen = min<u32>(load<u32>(t, THREAD_HOT), HOT_SET_PAGES);
    // Some draws are cold, so that the hot set keeps moving.
    if (seen != 0 && randomBelow(65536) < load<u32>(PLAN_HOT_SHARE)) {
      return load<u32>(t + THREAD_HOT_SET + (randomBelow(seen) << 2));
    }
  }
  return randomBelow(pages);
}

/** The planned draws, from a random place on each lap so that threads and laps differ. */
function drawFromTable(t: usize): u32 {
  const draws = load<u32>(PLAN_DRAW_COUNT);
  let next = load<u32>(t, THREAD_DRAW);
  if ((next & (draws - 1)) == 0) next = randomBelow(draws);
  store<u32>(t, next + 1, THREAD_DRAW);
  return load<u32>(load<u32>(PLAN_DRAW_BASE) + ((next & (draws - 1)) << 2));
}

function rememberHot(page: u32): void {
  const t = thread();
  const seen = load<u32>(t, THREAD_HOT);
  store<u32>(t + THREAD_HOT_SET + ((seen & (HOT_SET_PAGES - 1)) << 2), page);
  store<u32>(t, seen + 1, THREAD_HOT);
}
