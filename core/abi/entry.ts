/**
 * The 64-bit device entry, after mlx5's MTT (address plus READ and WRITE) and ODP's three bits.
 *
 *   63    57 56   52 51                          12 11         3   2      1     0
 *   | free  | order | frame (40 bits)              | free      | DEVICE WRITE READ
 *
 * Free bits belong to the strategy (table pointers, software marks); the device does not look at them.
 * A leaf always has READ. An entry without READ is "not present", whatever else it says, so zero-filled
 * memory translates nothing. The allocator poisons freed pages with 0x6b bytes (the kernel's
 * POISON_FREE), which has READ set and names a frame no run reaches: using it is noticed.
 */
export const ENTRY_READ: u64 = 1;
export const ENTRY_WRITE: u64 = 2;
export const ENTRY_DEVICE: u64 = 4;
export const ENTRY_NONE: u64 = 0;
export const ENTRY_FRAME_MASK: u64 = 0x000ffffffffff000;
export const ENTRY_FRAME_SHIFT: u64 = 12;
export const ENTRY_ORDER_SHIFT: u64 = 52;
export const ENTRY_POISON: u64 = 0x6b6b6b6b6b6b6b6b;

/** Frame bit 39: the mapping instance was writable when it was born (see oracle.ts). */
export const FRAME_WRITABLE: u64 = 0x8000000000;
/** The birth number within a frame. */
export const FRAME_NUMBER_MASK: u64 = 0x7fffffffff;

export function entryIsPresent(entry: u64): bool {
  return (entry & ENTRY_READ) != 0;
}

export function entryFrame(entry: u64): u64 {
  return (entry & ENTRY_FRAME_MASK) >> ENTRY_FRAME_SHIFT;
}

export function entryOrder(entry: u64): u32 {
  return u32((entry >> ENTRY_ORDER_SHIFT) & 31);
}

/** The entry of the page `offset` pages into the leaf that `entry` describes. */
export function entryAdvance(entry: u64, offset: u32): u64 {
  return entry + (u64(offset) << ENTRY_FRAME_SHIFT);
}

// HMM-style CPU word (include/linux/hmm.h): 63 VALID, 62 WRITE, 61 ERROR, 59 CHANGING, 58 DEVICE_PRIVATE,
// 53..57 order of the CPU's mapping, 0..39 frame.
export const WORD_VALID: u64 = 0x8000000000000000;
export const WORD_WRITE: u64 = 0x4000000000000000;
/** Instead of VALID, under the page-table lock: an event is about to change the page (pmd_mkinvalid). */
export const WORD_CHANGING: u64 = 0x0800000000000000;
export const WORD_DEVICE_PRIVATE: u64 = 0x0400000000000000;
export const WORD_ORDER_SHIFT: u64 = 53;
export const WORD_FRAME_MASK: u64 = 0x000000ffffffffff;

export function wordIsValid(word: u64): bool {
  return (word & WORD_VALID) != 0;
}

export function wordOrder(word: u64): u32 {
  return u32((word >> WORD_ORDER_SHIFT) & 31);
}

export function wordFrame(word: u64): u64 {
  return word & WORD_FRAME_MASK;
}

/** The birth number of a word's frame. */
export function wordNumber(word: u64): u64 {
  return word & FRAME_NUMBER_MASK;
}

/**
 * The leaf a valid word asks for, as an entry of the given order. A strategy that maps a huge word with
 * 4 KiB leaves passes order 0; one that uses the large leaf passes the word of the leaf's first page.
 */
export function entryOfWord(word: u64, order: u32): u64 {
  // Shifts instead of 64-bit masks: the frame (40 bits) moves up to bit 12, WRITE (62) to bit 1, and
  // DEVICE_PRIVATE (58) to bit 2. A wide constant would be loaded anew for every entry of a range.
  return (
    ((word << 24) >> 12) |
    (u64(order) << ENTRY_ORDER_SHIFT) |
    ENTRY_READ |
    ((word >> 61) & 2) |
    ((word >> 56) & 4)
  );
}
