import {
  ENTRY_POISON,
  ENTRY_WRITE,
  entryFrame,
  FRAME_NUMBER_MASK,
  FRAME_WRITABLE,
  wordIsValid,
  wordNumber,
} from './abi/entry';
import {
  EXAMPLE_BIRTH,
  EXAMPLE_BYTES,
  EXAMPLE_CAPACITY,
  EXAMPLE_DEATH,
  EXAMPLE_ENTRY,
  EXAMPLE_KIND,
  EXAMPLE_PAGE,
  EXAMPLE_READ_DEAD,
  EXAMPLE_THREAD,
  EXAMPLE_WORD,
  EXAMPLE_WRITE_DEAD,
  PAGE_KILLER,
  PAGE_VMA,
  PAGE_VMA_BITS,
  THREAD_COUNTERS,
  THREAD_EXAMPLES,
  THREAD_INDEX,
} from './abi/layout';
import {
  COUNT_VIOLATIONS,
  VIOLATION_FOREIGN_FRAME,
  VIOLATION_POISON,
  VIOLATION_STALE_READ,
  VIOLATION_STALE_WRITE,
  VIOLATION_WIDER_RIGHTS,
} from './abi/terms';
import { pageRecord } from './address-space';
import { count } from './counters';
import { thread } from './thread';

/**
 * Judges one translation. A frame number names one mapping instance; frames of one page only grow. Each
 * page has two marks: frames up to READ_DEAD may no longer be read, up to WRITE_DEAD no longer written.
 *
 *   storm thread                              device thread
 *   invalidate(page) ... returns              before = word, then r = READ_DEAD, w = WRITE_DEAD
 *   full barrier                              e = translation of the page (cache or walk)
 *   READ_DEAD = WRITE_DEAD = frame            after = word
 *   word = 0 or a new frame                   judge(e, r, w, before, after)
 *
 * No false alarm is possible: a mark the device thread has loaded was raised after `invalidate`
 * returned, and its translation began after that load. A translation that began before the marks were
 * raised is judged by the older marks, so the time inside `invalidate` is never held against a strategy.
 *
 * Foreign frames: if the page had the same valid word before and after the translation, every correct
 * table holds that word's frame, or (downgraded in place) an older one between the two marks without the
 * WRITE right. Anything else belongs to another page. Frames never repeat, so equal words mean that
 * nothing happened in between; and because `before` is loaded ahead of the marks, a word that an event
 * has made comes with the marks that event has raised.
 */
export function judge(
  page: u32,
  entry: u64,
  readDead: u64,
  writeDead: u64,
  before: u64,
  after: u64,
): void {
  const frame = entryFrame(entry);
  const number = frame & FRAME_NUMBER_MASK;
  const writes = (entry & ENTRY_WRITE) != 0;
  let kind: u32 = 0;
  if (frame == entryFrame(ENTRY_POISON)) kind = VIOLATION_POISON;
  else if (number <= readDead) kind = VIOLATION_STALE_READ;
  else if (writes && number <= writeDead) kind = VIOLATION_STALE_WRITE;
  else if (writes && (frame & FRAME_WRITABLE) == 0) kind = VIOLATION_WIDER_RIGHTS;
  else if (before == after && wordIsValid(after) && number != wordNumber(after)) {
    if (number > writeDead) kind = VIOLATION_FOREIGN_FRAME;
  }
  if (kind != 0) report(kind, page, entry, readDead, writeDead, after);
}

/** Counts a violation and keeps the first EXAMPLE_CAPACITY of this thread. */
function report(kind: u32, page: u32, entry: u64, readDead: u64, writeDead: u64, word: u64): void {
  const t = thread();
  const seen = load<u64>(t + THREAD_COUNTERS, COUNT_VIOLATIONS << 3);
  count(COUNT_VIOLATIONS, 1);
  if (seen >= EXAMPLE_CAPACITY) return;
  const example = t + THREAD_EXAMPLES + u32(seen) * EXAMPLE_BYTES;
  const record = pageRecord(page);
  store<u32>(example, kind, EXAMPLE_KIND);
  store<u32>(example, page, EXAMPLE_PAGE);
  store<u32>(example, load<u32>(t, THREAD_INDEX), EXAMPLE_THREAD);
  store<u32>(example, load<u32>(record, PAGE_VMA) >> PAGE_VMA_BITS, EXAMPLE_BIRTH);
  store<u32>(example, load<u32>(record, PAGE_KILLER), EXAMPLE_DEATH);
  store<u64>(example, entry, EXAMPLE_ENTRY);
  store<u64>(example, word, EXAMPLE_WORD);
  store<u64>(example, readDead, EXAMPLE_READ_DEAD);
  store<u64>(example, writeDead, EXAMPLE_WRITE_DEAD);
}
