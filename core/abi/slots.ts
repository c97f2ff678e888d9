/**
 * Loops over runs of 64-bit slots that several strategies need. Compiled into each module that imports
 * it; no state.
 */
import { ENTRY_READ, entryOfWord, wordIsValid } from './entry';

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
  for (let i: u32 = 0; i < count; i++) {
    const word = load<u64>(words + (i << 3));
    if (!wordIsValid(word)) continue;
    store<u64>(slot + (i << 3), entryOfWord(word, 0));
    written++;
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
