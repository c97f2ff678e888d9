/**
 * shared-cpu-table: no table at all. The device walks the CPU's page table, so an update has nothing to
 * write and memory is 0; what remains is to drop the device's cached translations, and that for every
 * range, because nobody knows what it has cached.
 *
 * Users: IOMMU SVA and ATS devices, GH200, AMD APUs (catalogue S15). Source: mm/mmu_notifier.c
 * arch_invalidate_secondary_tlbs; drivers/iommu/iommu-sva.c.
 *
 * This is the one strategy that reads the pages' words (PLAN_PAGE_BASE): the hardware it models is given
 * the address of the CPU's table. A call of invalidate before the table changes would be worth nothing,
 * the next walk would read the old word again; so it declares notifiesAfterChange and is called under the
 * page-table lock, when the words are withdrawn and before the new ones stand there. The argument is in
 * core/driver/secondary-tlb.ts.
 *
 * Protocol: no lock of its own (lock: own), because there is no state of its own. A word is one aligned
 * 64-bit load. Whoever faults while an event changes the range tries again.
 *
 *   table bytes == 0
 */

import {
  deviceCacheInvalidate,
  deviceFence,
  deviceWriteFenced,
  notifierReadRetry,
} from '../core/abi/core';
import { entryOfWord, wordIsValid, wordOrder } from '../core/abi/entry';
import {
  BLOCK_ORDER,
  PAGE_RECORD_BYTES,
  PAGE_WORD,
  PLAN_PAGE_BASE,
  REGION_FIRST_PAGE,
} from '../core/abi/layout';
import { EAGAIN, OK } from '../core/abi/terms';

export function init(region: usize): i32 {
  return OK;
}

/** The CPU's fault has done the work: the page request is answered (PRI response). */
export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  if (notifierReadRetry(region)) return EAGAIN;
  return deviceWriteFenced(0);
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  deviceCacheInvalidate(region, first, count);
  return deviceFence();
}

export function translate(region: usize, page: u32): u64 {
  const index = load<u32>(region, REGION_FIRST_PAGE) + page;
  const record: usize = load<u32>(PLAN_PAGE_BASE) + index * PAGE_RECORD_BYTES;
  const word = atomic.load<u64>(record, PAGE_WORD);
  if (!wordIsValid(word)) return 0;
  return entryOfWord(word, wordOrder(word) == BLOCK_ORDER ? BLOCK_ORDER : 0);
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {}
