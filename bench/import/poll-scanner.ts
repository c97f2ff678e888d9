import {
  REASON_COLLAPSE,
  REASON_COW,
  REASON_MUNMAP,
  REASON_SPLIT,
  REASON_UNKNOWN,
} from '../../core/abi/trace-event.ts';
import {
  HUGE_BYTES,
  PTE_COLLAPSED,
  PTE_MAPPED,
  PTE_MAPPED_HUGE,
  PTE_MOVED,
  PTE_SPLIT,
  PTE_UNMAPPED,
  PTE_VMA_GONE,
} from '../trace/record.ts';
import { KIND_PTE } from './raw-event.ts';
import { BLANK, CR, LF, Scanner } from './scanner.ts';

/** Change a poll may print; `reason` of the range that it implies, undefined when it implies none. */
const CHANGES: ReadonlyMap<string, { readonly pte: number; readonly reason?: number }> = new Map([
  ['MAP', { pte: PTE_MAPPED }],
  ['UNMAP', { pte: PTE_UNMAPPED, reason: REASON_UNKNOWN }],
  ['UNMAPVMA', { pte: PTE_VMA_GONE, reason: REASON_MUNMAP }],
  ['MOVE', { pte: PTE_MOVED, reason: REASON_COW }],
  ['PMDSPLIT', { pte: PTE_SPLIT, reason: REASON_SPLIT }],
  ['COLLAPSE', { pte: PTE_COLLAPSED, reason: REASON_COLLAPSE }],
]);

/** Differences between polls of a page map: `seconds event va len old-pfn new-pfn flags [PMD]`. */
export class PollScanner extends Scanner {
  readonly expected =
    'a poll line "seconds event va len old-pfn new-pfn flags", for example "1230.059794 MAP 0x7fb2d8000000 0x1000 0 1cc600 400005828"';
  #pid = 0;
  #splitBlock = -1;
  #splitTime = '';

  protected override scanLine(): boolean {
    const start = this.at;
    const { bytes, event } = this;
    const first = bytes[start];
    if (first === LF || first === CR) return false;
    if (first === 35) return this.#header(start);
    event.tid = event.pid = this.#pid;
    event.commStart = event.commEnd = start;
    if (!this.time() || bytes[this.at] !== BLANK) return this.malformed(start);
    this.skipBlanks();
    const nameStart = this.at;
    while (bytes[this.at]! > BLANK) this.at++;
    const name = Buffer.from(bytes.subarray(nameStart, this.at)).toString('latin1');
    const change = CHANGES.get(name);
    if (!change || !this.#range()) return this.malformed(start);
    this.countLine(name);
    const isHuge = change.pte === PTE_MAPPED && this.#isPmd();
    event.kind = KIND_PTE;
    event.a2 = isHuge ? PTE_MAPPED_HUGE : change.pte;
    event.a3 = change.reason === undefined || this.#isSameSplit(change.pte) ? 0 : 1;
    event.a4 = change.reason ?? 0;
    return true;
  }

  #header(start: number): boolean {
    const pid = /pid=(\d{1,9})\b/.exec(this.textOfLine(start));
    if (pid) this.#pid = Number(pid[1]);
    this.note('header and blank lines');
    return false;
  }

  #range(): boolean {
    const { event } = this;
    this.skipBlanks();
    event.a0 = this.hex();
    this.skipBlanks();
    event.a1 = this.hex();
    return event.a0 >= 0 && event.a1 > 0 && event.a0 % 4096 === 0 && event.a1 % 4096 === 0;
  }

  #isPmd(): boolean {
    let end = this.at;
    while (this.bytes[end] !== LF) end++;
    while (this.bytes[end - 1]! <= BLANK) end--;
    return this.bytes[end - 1] === 68 && this.bytes[end - 2] === 77 && this.bytes[end - 3] === 80;
  }

  /** A poll prints the pieces of one broken page on several lines. */
  #isSameSplit(pte: number): boolean {
    if (pte !== PTE_SPLIT) return false;
    const { a0, seconds, nanos } = this.event;
    const block = Math.floor(a0 / HUGE_BYTES);
    const time = `${seconds}.${nanos}`;
    const isSame = block === this.#splitBlock && time === this.#splitTime;
    this.#splitBlock = block;
    this.#splitTime = time;
    return isSame;
  }
}
