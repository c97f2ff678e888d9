import type { InputText } from './input-text.ts';
import { HASH_SEED, KernelEventTable, nextHash } from './kernel-event.ts';
import { COMM_COLUMNS, KernelTextScanner } from './kernel-text-scanner.ts';
import { BLANK, COLON, LF, SECONDS_MAX, ZERO } from './scanner.ts';
import { decimal6 } from './text-words.ts';

const DASH = 45;
const DOT = 46;
const OPEN = 40;
const CLOSE = 41;
const BRACKET = 91;
const BRACKET_CLOSE = 93;
/** Two bytes of the head at once. */
const BLANK_BRACKET = (BLANK << 8) | BRACKET;
const BRACKET_BLANK = (BRACKET_CLOSE << 8) | BLANK;
const COLON_BLANK = (COLON << 8) | BLANK;
/** At least as long as the longest usual head: 37 columns, 12 digits of seconds, the decimals. */
const USUAL_HEAD_BYTES = 60;

/** tracefs text: `comm-TID [cpu] flags seconds: event(...)`, also trace-cmd's report of it. */
export class TracefsScanner extends KernelTextScanner {
  readonly expected =
    'a tracefs line "comm-TID [cpu] flags seconds.micros: event", for example "thp-26667 [001] ..... 1306.192835: kvm_unmap_hva_range: ..."';

  /** The last TID's columns and value. */
  #taskHead = 0;
  #taskTail = 0;
  #tid = -1;

  constructor(input: InputText) {
    super(input, KernelEventTable.tracefs());
  }

  protected override scanHead(): boolean {
    const start = this.at;
    const column = start + COMM_COLUMNS;
    if (this.#usualHead(start)) return true;
    if (this.bytes[column] !== DASH || !this.#task(start, column)) {
      this.at = start;
      if (!this.#slowTask(start)) return false;
    }
    const bytes = this.bytes;
    // Flags (".....", older kernels "...."), absent when the recorder switched them off.
    if (bytes[this.at]! < ZERO || bytes[this.at]! > ZERO + 9) {
      let at = this.at;
      while (bytes[at]! > BLANK) at++;
      this.at = at;
      this.skipBlanks();
    }
    if (!this.time() || bytes[this.at] !== COLON || bytes[this.at + 1] !== BLANK) return false;
    this.at++;
    this.skipBlanks();
    return true;
  }

  /**
   * The head in its usual columns: comm 0-15, "-" 16, TID 17-23, "[" 25, cpu, "]" 29, flags 31-35,
   * then the time with six decimals. False for any other line, with nothing decided.
   */
  #usualHead(start: number): boolean {
    const { bytes, event, view } = this;
    // A line end among the columns would move "-", "[" and "]" of the next line out of place.
    const isUsual =
      start + USUAL_HEAD_BYTES < this.limit &&
      bytes[start + 16] === DASH &&
      view.getUint16(start + 24) === BLANK_BRACKET &&
      view.getUint16(start + 29) === BRACKET_BLANK &&
      bytes[start + 36] === BLANK;
    if (!isUsual || !this.#usualTask(start + 17)) return false;
    let at = start + 37;
    while (bytes[at] === BLANK) at++;
    let seconds = 0;
    const first = at;
    for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) {
      seconds = seconds * 10 + digit;
    }
    if (bytes[at] !== DOT || view.getUint16(at + 7) !== COLON_BLANK) return false;
    const micros = decimal6(view, at + 1);
    if (micros < 0 || at === first || seconds > SECONDS_MAX) return false;
    event.seconds = seconds;
    event.nanos = micros * 1000;
    event.pid = 0;
    event.commStart = start;
    event.commEnd = start + 16;
    this.at = at + 9;
    return true;
  }

  /** The TID in its seven columns, which most lines share with the line before. */
  #usualTask(start: number): boolean {
    const { view, event } = this;
    const head = view.getInt32(start);
    const tail = view.getInt32(start + 3);
    if (head !== this.#taskHead || tail !== this.#taskTail) {
      this.at = start;
      this.#tid = this.taskId();
      this.#taskHead = head;
      this.#taskTail = tail;
    }
    event.tid = this.#tid;
    return this.#tid >= 0;
  }

  #hasLineEnd(start: number, end: number): boolean {
    const { bytes } = this;
    for (let at = start; at < end; at++) if (bytes[at] === LF) return true;
    return false;
  }

  protected override scanName(): number {
    const bytes = this.bytes;
    let at = this.at;
    let hash = HASH_SEED;
    let byte = bytes[at]!;
    while (byte > BLANK && byte !== COLON && byte !== OPEN) {
      hash = nextHash(hash, byte);
      byte = bytes[++at]!;
    }
    this.at = at;
    return byte === BLANK && bytes[at + 1] === DASH ? nextHash(hash, 62) : hash;
  }

  /** `-TID (tgid) [cpu] ` at `dash`; the cursor ends behind it. */
  #task(start: number, dash: number): boolean {
    const bytes = this.bytes;
    if (this.#hasLineEnd(start, dash)) return false;
    this.at = dash + 1;
    const event = this.event;
    event.tid = this.taskId();
    event.pid = 0;
    this.skipBlanks();
    if (bytes[this.at] === OPEN) {
      this.at++;
      this.skipBlanks();
      const tgid = this.taskId();
      if (!this.skipPast(CLOSE)) return false;
      event.pid = Math.max(tgid, 0);
      this.skipBlanks();
    }
    if (event.tid < 0 || bytes[this.at] !== BRACKET) return false;
    this.at++;
    if (this.decimal() < 0 || bytes[this.at] !== BRACKET_CLOSE || bytes[this.at + 1] !== BLANK)
      return false;
    this.at++;
    this.skipBlanks();
    event.commStart = start;
    event.commEnd = dash;
    return true;
  }

  /** Any other alignment: the task's name ends at the last "-digits" before " [cpu]". */
  #slowTask(start: number): boolean {
    this.skipBlanks();
    const first = this.at;
    const bytes = this.bytes;
    let found = -1;
    for (let at = first; at - first <= COMM_COLUMNS && bytes[at] !== LF; at++) {
      if (bytes[at] === DASH && this.#task(first, at)) found = at;
    }
    return found >= 0 && this.#task(first, found) && start <= first;
  }
}
