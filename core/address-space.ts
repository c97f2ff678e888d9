import {
  FRAME_WRITABLE,
  WORD_CHANGING,
  WORD_ORDER_SHIFT,
  WORD_VALID,
  WORD_WRITE,
  wordIsValid,
  wordNumber,
} from './abi/entry';
import {
  BLOCK_BYTES,
  BLOCK_HUGE,
  BLOCK_LOCK,
  BLOCK_ORDER,
  BLOCK_PAGES,
  PAGE_KILLER,
  PAGE_READ_DEAD,
  PAGE_RECORD_BYTES,
  PAGE_VMA,
  PAGE_VMA_BITS,
  PAGE_WORD,
  PAGE_WRITE_DEAD,
  PLAN_BLOCK_BASE,
  PLAN_CONTIGUITY,
  PLAN_INSTALLED_BASE,
  PLAN_NOTIFY_AFTER,
  PLAN_PAGE_BASE,
  STATE_FRAME_COUNTER,
  THREAD_EVENT,
  VMA_COW,
  VMA_HUGE_PAGES,
  VMA_MAPPED,
  VMA_WRITE,
} from './abi/layout';
import {
  EVENT_CLEAR,
  EVENT_PROTECTION_PAGE,
  EVENT_PROTECTION_VMA,
  EVENT_RELEASE,
  EVENT_SOFT_DIRTY,
  EVENT_UNMAP,
} from './abi/trace-event';
import { invalidateSecondary } from './driver/secondary-tlb';
import { lockAcquire, lockRelease } from './lock';
import { randomBelow, thread } from './thread';

/**
 * The CPU's truth: one HMM-style word a page, the rights of its VMA, and the oracle's two marks. Words
 * of a block change only under the block's lock (the kernel's page-table lock).
 *
 * A frame names one mapping instance (see oracle.ts): it is new at every fault, split, collapse and
 * re-permission. Its number only grows for one page, because each number is taken from the one counter
 * under the page's block lock.
 *
 * apply* functions run after `invalidate` has returned. They raise the marks first, with plain stores, and
 * change the word after, with an atomic one, all behind one full barrier (`atomic.add(p, 0)`) that orders
 * them after the zaps: whoever loads a raised mark also sees the zaps.
 * Where the device walks these words itself they are withdrawn first (withdraw, driver/secondary-tlb.ts).
 */
const VMA_MASK: u32 = (1 << PAGE_VMA_BITS) - 1;

export function pageRecord(page: u32): usize {
  return load<u32>(PLAN_PAGE_BASE) + page * PAGE_RECORD_BYTES;
}

export function blockRecord(page: u32): usize {
  return load<u32>(PLAN_BLOCK_BASE) + (page / BLOCK_PAGES) * BLOCK_BYTES;
}

/** VMA_* bits of a page. */
export function pageVma(page: u32): u32 {
  return load<u32>(pageRecord(page), PAGE_VMA) & VMA_MASK;
}

export function blockIsHuge(page: u32): bool {
  return load<u32>(blockRecord(page), BLOCK_HUGE) != 0;
}

/** One number, or a run of `pages` aligned to its length when it is a huge mapping. */
function birth(pages: u32): u64 {
  if (pages == 1) {
    // A gap keeps neighbours apart: frames are contiguous only as often as the workload says.
    const gap = randomBelow(65536) < load<u32>(PLAN_CONTIGUITY) ? 0 : 1;
    return atomic.add<u64>(STATE_FRAME_COUNTER, u64(1 + gap)) + u64(gap);
  }
  let next = atomic.load<u64>(STATE_FRAME_COUNTER);
  let first = alignUp(next, u64(pages));
  let seen = atomic.cmpxchg<u64>(STATE_FRAME_COUNTER, next, first + u64(pages));
  while (seen != next) {
    next = seen;
    first = alignUp(next, u64(pages));
    seen = atomic.cmpxchg<u64>(STATE_FRAME_COUNTER, next, first + u64(pages));
  }
  return first;
}

function alignUp(number: u64, alignment: u64): u64 {
  return (number + alignment - 1) & ~(alignment - 1);
}

export function addressSpaceInit(): void {
  store<u64>(STATE_FRAME_COUNTER, BLOCK_PAGES);
}

function makeWord(number: u64, writable: bool, order: u32): u64 {
  const rights = writable ? WORD_WRITE | FRAME_WRITABLE : 0;
  return WORD_VALID | rights | (u64(order) << WORD_ORDER_SHIFT) | number;
}

function setVma(record: usize, bits: u32): void {
  store<u32>(record, (load<u32>(record, PAGE_VMA) & ~VMA_MASK) | bits, PAGE_VMA);
}

/** Gives the page a word and notes which trace event did. */
function setWord(record: usize, word: u64): void {
  atomic.store<u64>(record, word, PAGE_WORD);
  const vma = load<u32>(record, PAGE_VMA) & VMA_MASK;
  store<u32>(record, (load<u32>(thread(), THREAD_EVENT) << PAGE_VMA_BITS) | vma, PAGE_VMA);
}

/** Marks the page's frame dead for reading and writing, or for writing only. */
function raiseMarks(record: usize, word: u64, writeOnly: bool): void {
  const number = wordNumber(word);
  if (!writeOnly) store<u64>(record, number, PAGE_READ_DEAD);
  store<u64>(record, number, PAGE_WRITE_DEAD);
  store<u32>(record, load<u32>(thread(), THREAD_EVENT), PAGE_KILLER);
}

/** A VMA appears (mmap, brk) over first..end-1. */
export function vmaMap(first: u32, end: u32, writable: bool, huge: bool): void {
  const bits = VMA_MAPPED | (writable ? VMA_WRITE : 0) | (huge ? VMA_HUGE_PAGES : 0);
  changeVma(first, end, 0, VMA_COW, bits, false);
}

/** The VMA over the range goes; its pages must be non-present already. */
export function vmaUnmap(first: u32, end: u32): void {
  changeVma(first, end, 0, 0, 0, false);
}

/** mprotect: the VMA's write right changes; words follow by the event or by faults, huge ones as a whole. */
export function vmaProtect(first: u32, end: u32, writable: bool): void {
  changeVma(first, end, VMA_MAPPED, ~VMA_WRITE, writable ? VMA_WRITE : 0, true);
}

/** Of pages with all `needed` bits: keeps `keep`, sets `add`. `cuts`: huge blocks it covers in part go 4 KiB. */
function changeVma(first: u32, end: u32, needed: u32, keep: u32, add: u32, cuts: bool): void {
  let page = first;
  while (page < end) {
    const stop = min(end, (page & ~(BLOCK_PAGES - 1)) + BLOCK_PAGES);
    const block = blockRecord(page);
    lockAcquire(block + BLOCK_LOCK);
    if (cuts && load<u32>(block, BLOCK_HUGE) != 0 && stop - page != BLOCK_PAGES)
      shatter(page, block);
    for (; page < stop; page++) {
      const record = pageRecord(page);
      const bits = load<u32>(record, PAGE_VMA) & VMA_MASK;
      if ((bits & needed) == needed) setVma(record, (bits & keep) | add);
    }
    lockRelease(block + BLOCK_LOCK);
  }
}

/** Does any page of the range have a word with all of `bits`? */
export function anyWord(first: u32, end: u32, bits: u64): bool {
  for (let page = first; page < end; page++) {
    if ((heldWord(pageRecord(page)) & bits) == bits) return true;
  }
  return false;
}

/**
 * A CPU or device fault. Returns the page's word, now valid and as wide as asked where the VMA allows;
 * 0 when no VMA maps the page; a valid word without WRITE when a write would need a copy first (VMA_COW,
 * the caller sends the notifier event) or is not allowed.
 */
export function fault(page: u32, write: bool): u64 {
  const block = blockRecord(page);
  lockAcquire(block + BLOCK_LOCK);
  const record = pageRecord(page);
  const vma = load<u32>(record, PAGE_VMA) & VMA_MASK;
  let word = load<u64>(record, PAGE_WORD);
  if ((vma & VMA_MAPPED) == 0) {
    word = 0;
  } else if (!wordIsValid(word)) {
    if ((vma & VMA_HUGE_PAGES) == 0 || !faultBlock(page, block, record)) {
      setVma(record, vma & ~VMA_COW);
      setWord(record, makeWord(birth(1), (vma & VMA_WRITE) != 0, 0));
    }
    word = load<u64>(record, PAGE_WORD);
  } else if (write && (word & WORD_WRITE) == 0 && (vma & (VMA_WRITE | VMA_COW)) == VMA_WRITE) {
    widen(page, block, record);
    word = load<u64>(record, PAGE_WORD);
  }
  lockRelease(block + BLOCK_LOCK);
  return word;
}

/** The reuse case of a write fault: same frame, now writable; no notifier runs. Caller holds the lock. */
function widen(page: u32, block: usize, record: usize): void {
  if (load<u32>(block, BLOCK_HUGE) == 0) {
    setWord(record, load<u64>(record, PAGE_WORD) | WORD_WRITE | FRAME_WRITABLE);
    return;
  }
  const first = page & ~(BLOCK_PAGES - 1);
  for (let i: u32 = 0; i < BLOCK_PAGES; i++) {
    const r = pageRecord(first + i);
    setWord(r, load<u64>(r, PAGE_WORD) | WORD_WRITE | FRAME_WRITABLE);
  }
}

/** Gives the whole block one 2 MiB mapping if every page is mapped alike and none is present. */
function faultBlock(page: u32, block: usize, record: usize): bool {
  const first = page & ~(BLOCK_PAGES - 1);
  const vma = load<u32>(record, PAGE_VMA) & VMA_MASK & ~VMA_COW;
  for (let i: u32 = 0; i < BLOCK_PAGES; i++) {
    const r = pageRecord(first + i);
    if ((load<u32>(r, PAGE_VMA) & VMA_MASK & ~VMA_COW) != vma) return false;
    if (wordIsValid(load<u64>(r, PAGE_WORD))) return false;
  }
  mapHuge(first, block, (vma & VMA_WRITE) != 0);
  return true;
}

function mapHuge(first: u32, block: usize, writable: bool): void {
  const number = birth(BLOCK_PAGES);
  for (let i: u32 = 0; i < BLOCK_PAGES; i++) {
    const r = pageRecord(first + i);
    setVma(r, load<u32>(r, PAGE_VMA) & VMA_MASK & ~VMA_COW);
    setWord(r, makeWord(number + u64(i), writable, BLOCK_ORDER));
  }
  store<u32>(block, 1, BLOCK_HUGE);
}

/** OP_FAULT_HUGE: a 2 MiB mapping for the block, whatever the VMA wants; false if it cannot have one. */
export function faultHuge(page: u32): bool {
  const block = blockRecord(page);
  lockAcquire(block + BLOCK_LOCK);
  const record = pageRecord(page);
  const mapped = (load<u32>(record, PAGE_VMA) & VMA_MAPPED) != 0;
  const done = mapped && faultBlock(page, block, record);
  lockRelease(block + BLOCK_LOCK);
  return done;
}

/**
 * Takes the block's page-table lock to change pages first..end-1 of it. Behind the full barrier the zaps
 * of `invalidate` are ordered before what follows.
 */
function openBlock(first: u32, end: u32, block: usize, event: u32): void {
  lockAcquire(block + BLOCK_LOCK);
  if (load<u32>(PLAN_NOTIFY_AFTER) != 0) withdraw(first, end, block);
  atomic.add<u32>(block, 0, BLOCK_LOCK);
  if (load<u32>(PLAN_NOTIFY_AFTER) != 0) invalidateSecondary(first, end, event);
}

/** Hides the words from the device; heldWord still reads them. Caller holds the lock. */
function withdraw(first: u32, end: u32, block: usize): void {
  if (load<u32>(block, BLOCK_HUGE) != 0 && end - first != BLOCK_PAGES) shatter(first, block);
  for (let page = first; page < end; page++) {
    const record = pageRecord(page);
    const word = load<u64>(record, PAGE_WORD);
    if (wordIsValid(word)) store<u64>(record, word ^ (WORD_VALID | WORD_CHANGING), PAGE_WORD);
  }
}

/** The page's word as the OS holds it, also while it is withdrawn from the device. */
function heldWord(record: usize): u64 {
  const word = atomic.load<u64>(record, PAGE_WORD);
  return (word & WORD_CHANGING) == 0 ? word : word ^ (WORD_VALID | WORD_CHANGING);
}

/** After `invalidate` of an event over first..end-1 has returned: marks, then the CPU's table. */
export function applyEvent(first: u32, end: u32, event: u32): void {
  const protection =
    event == EVENT_PROTECTION_VMA || event == EVENT_PROTECTION_PAGE || event == EVENT_SOFT_DIRTY;
  const unmaps = event == EVENT_UNMAP || event == EVENT_RELEASE;
  let page = first;
  while (page < end) {
    const stop = min(end, (page & ~(BLOCK_PAGES - 1)) + BLOCK_PAGES);
    const block = blockRecord(page);
    openBlock(page, stop, block, event);
    if (protection) protectPages(page, stop, block, false);
    else dropPages(page, stop, block, unmaps);
    lockRelease(block + BLOCK_LOCK);
    page = stop;
  }
}

function dropPages(first: u32, end: u32, block: usize, unmaps: bool): void {
  if (load<u32>(block, BLOCK_HUGE) != 0) {
    if (end - first != BLOCK_PAGES) shatter(first, block);
    store<u32>(block, 0, BLOCK_HUGE);
  }
  for (let page = first; page < end; page++) {
    const record = pageRecord(page);
    const word = heldWord(record);
    if (wordIsValid(word)) {
      raiseMarks(record, word, false);
      atomic.store<u64>(record, 0, PAGE_WORD);
    }
    const vma = load<u32>(record, PAGE_VMA) & VMA_MASK;
    setVma(record, unmaps ? 0 : vma & ~VMA_COW);
  }
  memory.fill(load<u32>(PLAN_INSTALLED_BASE) + first, 0, end - first);
}

/**
 * A huge block lost its 2 MiB mapping outside an OP_SPLIT (a partial event raced a huge fault or a
 * collapse): the rest keeps its frames, at 4 KiB.
 */
function shatter(page: u32, block: usize): void {
  const first = page & ~(BLOCK_PAGES - 1);
  const orderBits = ~(u64(31) << WORD_ORDER_SHIFT);
  for (let i: u32 = 0; i < BLOCK_PAGES; i++) {
    const r = pageRecord(first + i);
    atomic.store<u64>(r, load<u64>(r, PAGE_WORD) & orderBits, PAGE_WORD);
  }
  store<u32>(block, 0, BLOCK_HUGE);
}

/** Writable pages become read-only under a new frame; copy-on-write too if `fork`. */
function protectPages(first: u32, end: u32, block: usize, fork: bool): void {
  const huge = load<u32>(block, BLOCK_HUGE) != 0;
  if (huge && end - first != BLOCK_PAGES) shatter(first, block);
  const whole = huge && end - first == BLOCK_PAGES;
  const hugeNumber = whole ? birth(BLOCK_PAGES) : 0;
  for (let page = first; page < end; page++) {
    const record = pageRecord(page);
    const word = heldWord(record);
    if (!wordIsValid(word)) continue;
    if (fork) setVma(record, (load<u32>(record, PAGE_VMA) & VMA_MASK) | VMA_COW);
    if ((word & WORD_WRITE) == 0) {
      if (load<u64>(record, PAGE_WORD) != word) atomic.store<u64>(record, word, PAGE_WORD);
      continue;
    }
    raiseMarks(record, word, true);
    const number = whole ? hugeNumber + u64(page & (BLOCK_PAGES - 1)) : birth(1);
    setWord(record, makeWord(number, false, whole ? BLOCK_ORDER : 0));
  }
  memory.fill(load<u32>(PLAN_INSTALLED_BASE) + first, 0, end - first);
}

/** Fork, after its notifier range: present pages become read-only and copy-on-write. */
export function applyFork(first: u32, end: u32): void {
  let page = first;
  while (page < end) {
    const stop = min(end, (page & ~(BLOCK_PAGES - 1)) + BLOCK_PAGES);
    const block = blockRecord(page);
    openBlock(page, stop, block, EVENT_PROTECTION_PAGE);
    protectPages(page, stop, block, true);
    lockRelease(block + BLOCK_LOCK);
    page = stop;
  }
}

/** The OS breaks the block: present pages get new frames (contiguous, as in reality), order 0. */
export function applySplit(first: u32): void {
  const block = blockRecord(first);
  openBlock(first, first + BLOCK_PAGES, block, EVENT_CLEAR);
  const number = birth(BLOCK_PAGES);
  for (let i: u32 = 0; i < BLOCK_PAGES; i++) {
    const record = pageRecord(first + i);
    const word = heldWord(record);
    if (!wordIsValid(word)) continue;
    raiseMarks(record, word, false);
    setWord(record, makeWord(number + u64(i), (word & WORD_WRITE) != 0, 0));
  }
  store<u32>(block, 0, BLOCK_HUGE);
  memory.fill(load<u32>(PLAN_INSTALLED_BASE) + first, 0, BLOCK_PAGES);
  lockRelease(block + BLOCK_LOCK);
}

/** khugepaged: the block's pages move into one 2 MiB folio. False if its VMA does not cover the block. */
export function applyCollapse(first: u32): bool {
  const block = blockRecord(first);
  openBlock(first, first + BLOCK_PAGES, block, EVENT_CLEAR);
  const vma = load<u32>(pageRecord(first), PAGE_VMA) & VMA_MASK & ~VMA_COW;
  let whole = (vma & VMA_MAPPED) != 0;
  for (let i: u32 = 0; i < BLOCK_PAGES; i++) {
    const record = pageRecord(first + i);
    if ((load<u32>(record, PAGE_VMA) & VMA_MASK & ~VMA_COW) != vma) whole = false;
    const word = heldWord(record);
    if (wordIsValid(word)) raiseMarks(record, word, false);
    atomic.store<u64>(record, 0, PAGE_WORD);
  }
  store<u32>(block, 0, BLOCK_HUGE);
  if (whole) mapHuge(first, block, (vma & VMA_WRITE) != 0);
  memory.fill(load<u32>(PLAN_INSTALLED_BASE) + first, 0, BLOCK_PAGES);
  lockRelease(block + BLOCK_LOCK);
  return whole;
}

/** Copies the words of first..first+count-1 for one device fault (hmm_range_fault's result). */
export function snapshot(first: u32, count: u32, words: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    store<u64>(words + (i << 3), atomic.load<u64>(pageRecord(first + i), PAGE_WORD));
  }
}
