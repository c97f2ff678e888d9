/**
 * Loops over runs of 64-bit slots that several strategies need. Compiled into each module that imports
 * it; no state.
 */
import { ENTRY_ORDER_SHIFT, ENTRY_READ, entryAdvance, entryOfWord, wordIsValid } from './entry';
import { BLOCK_ORDER, BLOCK_PAGES } from './layout';

/** Zaps `count` slots; returns how many were present. */
export function zapSlots(slot: usize, count: u32): u32 {
  let zapped: u32 = 0;
  const end = slot + (count << 3);
  for (; slot < end; slot += 8) {
    zapped += u32(load<u64>(slot) & ENTRY_READ);
    store<u64>(slot, 0);
  }
  return zapped;
}

/** Writes 4 KiB entries for the valid words; returns how many. */
export function writeSlots(slot: usize, count: u32, words: usize): u32 {
  let written: u32 = 0;
  const end = words + (count << 3);
  for (; words < end; words += 8) {
    const word = load<u64>(words);
    if (wordIsValid(word)) {
      store<u64>(slot, entryOfWord(word, 0));
      written++;
    }
    slot += 8;
  }
  return written;
}

/** Is none of the `count` slots present? */
export function slotsAreEmpty(slot: usize, count: u32): bool {
  const end = slot + (count << 3);
  for (; slot < end; slot += 8) {
    if ((load<u64>(slot) & ENTRY_READ) != 0) return false;
  }
  return true;
}

/** Number of present entries among the `count` slots. */
export function presentSlots(slot: usize, count: u32): u32 {
  let present: u32 = 0;
  const end = slot + (count << 3);
  for (; slot < end; slot += 8) present += u32(load<u64>(slot) & ENTRY_READ);
  return present;
}

/** Copies `count` slots, each by one 64-bit store; returns how many more are present than before. */
export function copySlots(slot: usize, source: usize, count: u32): i32 {
  let more: i32 = 0;
  for (let at: usize = 0; at < count << 3; at += 8) {
    const entry = load<u64>(source + at);
    more += i32(entry & ENTRY_READ) - i32(load<u64>(slot + at) & ENTRY_READ);
    store<u64>(slot + at, entry);
  }
  return more;
}

/** Fills a table that is not linked yet with the 512 entries that translate as a 2 MiB leaf does. */
export function expandLeaf(table: usize, leaf: u64): void {
  const entry = leaf - (u64(BLOCK_ORDER) << ENTRY_ORDER_SHIFT);
  for (let i: u32 = 0; i < BLOCK_PAGES; i++) {
    store<u64>(table + (i << 3), entryAdvance(entry, i));
  }
}
