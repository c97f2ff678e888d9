/**
 * An elastic cuckoo hash table of 64-byte lines, after Skarlatos et al., "Elastic Cuckoo Page Tables"
 * (ASPLOS 2020). A line holds eight neighbouring entries (a cluster); three ways, one hash each; a way
 * doubles or halves by moving its lines bit by bit into a second array while both are in use. Compiled
 * into each module that imports it; no state but CUCKOO_BYTES at `table`. The caller holds the lock of
 * whatever the table belongs to, except for cuckooLookup.
 *
 *   table + 0, 8, 16   way: old array (page number, 20 bits) | new array or 0 (20) | log2 of the old
 *                      array's lines (5) | doubling (1) | lines already moved (18)
 *   table + 24         lines in use u32 | version u32, odd while lines are on the move
 *   table + 32         entries of moved lines the device has not been told of u32
 *   line               8 entries; the 16 bits the device ignores (3..11, 57..63) hold the key's tag
 *
 * hash(way, key) is a bijection on 20 bits: the high bits are the line's index, the low 16 its tag, so
 * index and tag give the key back (quotienting, Knuth 6.4). A key is a page's number / 8, at most 2^20.
 *
 * Walkers. Each entry carries its own tag, so a walker needs one entry load a way and never sees half a
 * line. One 64-bit way word says for each index which array counts; a walker that has an old word reads
 * what was there before, in a walk that the fence before the array is freed ends. Lines are copied before
 * their source is cleared; a walker that still misses looks at the version and tries again.
 */
import { inArena } from './arena';
import { count as countUp, pageAlloc, pageFree, pageFreeDeferred } from './core';
import { ENTRY_READ } from './entry';
import { COUNT_DEGRADED } from './terms';

export const CUCKOO_BYTES: u32 = 64;
/** Bytes of scratch memory an insertion needs. */
export const CUCKOO_QUEUE_BYTES: u32 = 2048;
export const CUCKOO_SMALLEST: u32 = 6;
/** 2^16 lines are 4 MiB, the largest block there is. */
const LARGEST: u32 = 16;
const KEY_BITS: u32 = 20;
const KEY_MASK: u32 = 0xfffff;
const WAYS: u32 = 3;
const LINE_ENTRIES: u32 = 8;
const IN_USE: usize = 24;
const VERSION: usize = 28;
const UNTOLD: usize = 32;
const TAG_MASK: u64 = 0xfe00000000000ff8;
const QUEUE_CAPACITY: u32 = 255;
const NO_PARENT: u32 = 255;
const LOOKUP_TRIES: i32 = 64;
/** Lines a way moves for each line that is inserted: a doubling ends long before the next one is due. */
const MOVES_PER_INSERT: u32 = 8;

function multiplier(way: u32): u32 {
  return way == 0 ? 0x9e379 : way == 1 ? 0x5bd1f : 0x3c6ef;
}

/** Its inverse modulo 2^20. */
function inverse(way: u32): u32 {
  return way == 0 ? 0x16c9 : way == 1 ? 0x57edf : 0xe280f;
}

function hash(way: u32, key: u32): u32 {
  return ((key ^ (key >> 10)) * multiplier(way)) & KEY_MASK;
}

function unhash(way: u32, mixed: u32): u32 {
  const key = (mixed * inverse(way)) & KEY_MASK;
  return key ^ (key >> 10);
}

function tagOf(mixed: u32): u64 {
  return (u64(mixed & 0x1ff) << 3) | (u64((mixed >> 9) & 0x7f) << 57);
}

function wayWord(table: usize, way: u32): u64 {
  return atomic.load<u64>(table + (way << 3));
}

function oldArray(word: u64): usize {
  return usize(word & KEY_MASK) << 12;
}

function newArray(word: u64): usize {
  return usize((word >> 20) & KEY_MASK) << 12;
}

function oldLog2(word: u64): u32 {
  return u32(word >> 40) & 31;
}

function newLog2(word: u64): u32 {
  return ((word >> 45) & 1) != 0 ? oldLog2(word) + 1 : oldLog2(word) - 1;
}

function moved(word: u64): u32 {
  return u32(word >> 46);
}

/** Where the way keeps a key of this hash: the one line that counts. */
function lineAddress(word: u64, mixed: u32): usize {
  const index = mixed >> (KEY_BITS - oldLog2(word));
  if (newArray(word) == 0 || index >= moved(word)) return oldArray(word) + (index << 6);
  return newArray(word) + ((mixed >> (KEY_BITS - newLog2(word))) << 6);
}

/** The tag of what the line holds, with READ; 0: the line is free. */
function lineOwner(line: usize): u64 {
  for (let i: u32 = 0; i < LINE_ENTRIES; i++) {
    const entry = load<u64>(line + (i << 3));
    if ((entry & ENTRY_READ) != 0) return (entry & TAG_MASK) | ENTRY_READ;
  }
  return 0;
}

/** The key whose line lies at `line`; the line is not free. */
function keyAt(table: usize, way: u32, line: usize): u32 {
  const word = wayWord(table, way);
  const owner = lineOwner(line);
  const tag = (u32(owner >> 3) & 0x1ff) | (u32(owner >> 57) << 9);
  const inOld = line - oldArray(word) < usize(64) << oldLog2(word);
  const array = inOld ? oldArray(word) : newArray(word);
  const shift = KEY_BITS - (inOld ? oldLog2(word) : newLog2(word));
  return unhash(way, (u32((line - array) >> 6) << shift) | (tag & ((1 << shift) - 1)));
}

/** A zeroed way array of 2^log2 lines each for all ways; false, and nothing kept, if one is refused. */
function allocArrays(table: usize, log2: u32, context: u32, site: u32, grows: bool): bool {
  for (let way: u32 = 0; way < WAYS; way++) {
    const array = pageAlloc(context, log2 - CUCKOO_SMALLEST, site);
    if (array == 0) {
      for (let i: u32 = 0; i < way; i++) {
        const word = wayWord(table, i);
        const started = newArray(word) != 0;
        pageFree(started ? newArray(word) : oldArray(word), log2 - CUCKOO_SMALLEST);
        atomic.store<u64>(table + (i << 3), started ? word & ~(u64(KEY_MASK) << 20) : 0);
      }
      return false;
    }
    const word = wayWord(table, way);
    const page = u64(array >> 12);
    if (word == 0) atomic.store<u64>(table + (way << 3), page | (u64(log2) << 40));
    else {
      const base = word & 0x1f00000fffff;
      atomic.store<u64>(table + (way << 3), base | (page << 20) | (u64(grows) << 45));
    }
  }
  return true;
}

/** Makes the smallest table; false, and nothing kept, when memory is refused. */
export function cuckooInit(table: usize, context: u32, site: u32): bool {
  return allocArrays(table, CUCKOO_SMALLEST, context, site, true);
}

/** Frees the arrays; no walk can reach the table any more. */
export function cuckooFini(table: usize): void {
  for (let way: u32 = 0; way < WAYS; way++) {
    const word = wayWord(table, way);
    if (word == 0) continue;
    if (newArray(word) != 0) pageFree(newArray(word), newLog2(word) - CUCKOO_SMALLEST);
    pageFree(oldArray(word), oldLog2(word) - CUCKOO_SMALLEST);
    store<u64>(table + (way << 3), 0);
  }
}

/** Lines in use. */
export function cuckooInUse(table: usize): u32 {
  return load<u32>(table + IN_USE);
}

/** What a walker finds for entry `index` of the key's line, without its tag; 0 when there is none. */
export function cuckooLookup(table: usize, key: u32, index: u32): u64 {
  for (let tries = 0; tries < LOOKUP_TRIES; tries++) {
    const version = atomic.load<u32>(table + VERSION);
    for (let way: u32 = 0; way < WAYS; way++) {
      const mixed = hash(way, key);
      const line = lineAddress(wayWord(table, way), mixed);
      if (!inArena(line)) return 0;
      const entry = atomic.load<u64>(line + (index << 3));
      if ((entry & (TAG_MASK | ENTRY_READ)) == (tagOf(mixed) | ENTRY_READ))
        return entry & ~TAG_MASK;
    }
    if ((version & 1) == 0 && atomic.load<u32>(table + VERSION) == version) return 0;
  }
  return 0;
}

/** The key's line as address | way << 32, or 0. */
export function cuckooFind(table: usize, key: u32): u64 {
  for (let way: u32 = 0; way < WAYS; way++) {
    const mixed = hash(way, key);
    const line = lineAddress(wayWord(table, way), mixed);
    if (lineOwner(line) == (tagOf(mixed) | ENTRY_READ)) return u64(line) | (u64(way) << 32);
  }
  return 0;
}

/** Stores entry `index` of a line (as found or inserted) of the key. */
export function cuckooStore(place: u64, key: u32, index: u32, entry: u64): void {
  const tag = tagOf(hash(u32(place >> 32), key));
  atomic.store<u64>(usize(place & 0xffffffff) + (index << 3), entry | tag);
}

/** Zaps entries first..end-1 of the key's line; returns how many were present. */
export function cuckooZap(table: usize, key: u32, first: u32, end: u32): u32 {
  const line = usize(cuckooFind(table, key) & 0xffffffff);
  if (line == 0) return 0;
  let zapped: u32 = 0;
  for (let i = first; i < end; i++) {
    zapped += u32(load<u64>(line + (i << 3)) & ENTRY_READ);
    atomic.store<u64>(line + (i << 3), 0);
  }
  if (zapped != 0 && lineOwner(line) == 0) store<u32>(table + IN_USE, cuckooInUse(table) - 1);
  return zapped;
}

/** Entries stored by moves of lines since the last call: the caller posts them. */
export function cuckooUntold(table: usize): u32 {
  const entries = load<u32>(table + UNTOLD);
  store<u32>(table + UNTOLD, 0);
  return entries;
}

/** Copies a line and its new tags, then clears the source. */
function moveLine(table: usize, key: u32, source: usize, target: usize, way: u32): void {
  const tag = tagOf(hash(way, key));
  for (let i: usize = 0; i < 64; i += 8) {
    const entry = load<u64>(source + i);
    if ((entry & ENTRY_READ) != 0) atomic.store<u64>(target + i, (entry & ~TAG_MASK) | tag);
  }
  for (let i: usize = 0; i < 64; i += 8) atomic.store<u64>(source + i, 0);
  store<u32>(table + UNTOLD, load<u32>(table + UNTOLD) + LINE_ENTRIES);
}

/**
 * A free line for the key, as address | way << 32: the nearest one in breadth-first order, made free by
 * moving the lines on the path to it, last first. 0, and nothing moved, when there is none near.
 */
function makeRoom(table: usize, queue: usize, key: u32): u64 {
  let filled: u32 = 0;
  for (let way: u32 = 0; way < WAYS; way++) {
    const line = lineAddress(wayWord(table, way), hash(way, key));
    store<u64>(queue + (filled++ << 3), node(line, way, NO_PARENT));
  }
  for (let at: u32 = 0; at < filled; at++) {
    const line: usize = load<u32>(queue + (at << 3));
    const way: u32 = load<u8>(queue + (at << 3), 4);
    if (lineOwner(line) == 0) return clearPath(table, queue, at);
    const occupant = keyAt(table, way, line);
    for (let other: u32 = 0; other < WAYS; other++) {
      if (other == way || filled == QUEUE_CAPACITY) continue;
      const next = lineAddress(wayWord(table, other), hash(other, occupant));
      store<u64>(queue + (filled++ << 3), node(next, other, at));
    }
  }
  return 0;
}

function node(line: usize, way: u32, parent: u32): u64 {
  return u64(line) | (u64(way) << 32) | (u64(parent) << 40);
}

/** Moves each line of the path one step towards the free one at queue place `at`. */
function clearPath(table: usize, queue: usize, at: u32): u64 {
  let step = queue + (at << 3);
  while (load<u8>(step, 5) != NO_PARENT) {
    const before = queue + (u32(load<u8>(step, 5)) << 3);
    const source: usize = load<u32>(before);
    const key = keyAt(table, load<u8>(before, 4), source);
    moveLine(table, key, source, load<u32>(step), load<u8>(step, 4));
    step = before;
  }
  return load<u64>(step) & 0xffffffffff;
}

/**
 * A free line for a key that has none, as address | way << 32, counted as in use; 0 when there is no place
 * and the table cannot grow. Grows at `fullPercent`, and before that when no place can be made; if that is
 * refused it goes on as it is (degraded).
 */
export function cuckooInsert(
  table: usize,
  queue: usize,
  key: u32,
  fullPercent: u32,
  context: u32,
  site: u32,
): u64 {
  const lines = WAYS << oldLog2(wayWord(table, 0));
  const full = (cuckooInUse(table) + 1) * 100 > fullPercent * lines;
  const refused = full && !isResizing(table) && !grow(table, context, site);
  cuckooMigrate(table, queue, MOVES_PER_INSERT);
  let place = roomFor(table, queue, key);
  // Twice: the resize that is ended first may be a halving.
  for (let tries = 0; place == 0 && tries < 2; tries++) {
    if (!isResizing(table) && (refused || !grow(table, context, site))) break;
    cuckooMigrate(table, queue, 1 << LARGEST);
    place = roomFor(table, queue, key);
  }
  if (place != 0) store<u32>(table + IN_USE, cuckooInUse(table) + 1);
  return place;
}

/** Begins to double a table that is not being resized; false when it is the largest, or refused. */
function grow(table: usize, context: u32, site: u32): bool {
  const log2 = oldLog2(wayWord(table, 0));
  if (log2 == LARGEST) return false;
  if (allocArrays(table, log2 + 1, context, site, true)) return true;
  countUp(COUNT_DEGRADED, 1);
  return false;
}

/** makeRoom, as one move of lines for the walkers. */
function roomFor(table: usize, queue: usize, key: u32): u64 {
  atomic.add<u32>(table + VERSION, 1);
  const place = makeRoom(table, queue, key);
  atomic.add<u32>(table + VERSION, 1);
  return place;
}

function isResizing(table: usize): bool {
  for (let way: u32 = 0; way < WAYS; way++) {
    if (newArray(wayWord(table, way)) != 0) return true;
  }
  return false;
}

/** Halves the table if it is emptier than `emptyPercent` (migration follows). */
export function cuckooShrink(table: usize, emptyPercent: u32, context: u32, site: u32): void {
  const log2 = oldLog2(wayWord(table, 0));
  if (isResizing(table) || log2 == CUCKOO_SMALLEST) return;
  if (cuckooInUse(table) * 100 < (emptyPercent * WAYS) << log2) {
    allocArrays(table, log2 - 1, context, site, false);
  }
}

/**
 * Moves up to `lines` lines of each way into its new array; frees finished arrays after the fence. Returns
 * the steps made, free lines and finished arrays among them: after none there is nothing to fence.
 */
export function cuckooMigrate(table: usize, queue: usize, lines: u32): u32 {
  let steps: u32 = 0;
  for (let way: u32 = 0; way < WAYS; way++) {
    for (let i: u32 = 0; i < lines; i++) {
      if (newArray(wayWord(table, way)) == 0 || !migrateLine(table, queue, way)) break;
      steps++;
    }
  }
  return steps;
}

/** Moves the next line of a way; false when there was no room for it (it stays). */
function migrateLine(table: usize, queue: usize, way: u32): bool {
  const word = wayWord(table, way);
  const slot = table + (way << 3);
  if (moved(word) == u32(1) << oldLog2(word)) {
    atomic.store<u64>(slot, u64(newArray(word) >> 12) | (u64(newLog2(word)) << 40));
    pageFreeDeferred(oldArray(word));
    return true;
  }
  const source = oldArray(word) + (moved(word) << 6);
  const next = word + (u64(1) << 46);
  if (lineOwner(source) == 0) {
    atomic.store<u64>(slot, next);
    return true;
  }
  const key = keyAt(table, way, source);
  atomic.add<u32>(table + VERSION, 1);
  atomic.store<u64>(slot, next);
  const place = makeRoom(table, queue, key);
  if (place == 0) atomic.store<u64>(slot, word);
  else moveLine(table, key, source, usize(place & 0xffffffff), u32(place >> 32));
  atomic.add<u32>(table + VERSION, 1);
  return place != 0;
}
