import type { InputText } from './input-text.ts';
import { HASH_SEED, KernelEventTable, nextHash } from './kernel-event.ts';
import { COMM_COLUMNS, KernelTextScanner } from './kernel-text-scanner.ts';
import { BLANK, COLON, LF, SECONDS_MAX, ZERO } from './scanner.ts';

const DASH = 45;
const DOT = 46;
const OPEN = 40;
const CLOSE = 41;
const BRACKET = 91;
const BRACKET_CLOSE = 93;
/** At least as long as the longest usual head: 37 columns, 12 digits of seconds, the decimals. */
const USUAL_HEAD_BYTES = 60;

/** tracefs text: `comm-TID [cpu] flags seconds: event(...)`, also trace-cmd's report of it. */
export class TracefsScanner extends KernelTextScanner {
  readonly expected =
    'a tracefs line "comm-TID [cpu] flags seconds.micros: event", for example "thp-26667 [001] ..... 1306.192835: kvm_unmap_hva_range: ..."';

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
    const { bytes, event } = this;
    // A line end among the columns would move "-", "[" and "]" of the next line out of place.
    const isUsual =
      start + USUAL_HEAD_BYTES < this.limit &&
      bytes[start + 16] === DASH &&
      bytes[start + 24] === BLANK &&
      bytes[start + 25] === BRACKET &&
      bytes[start + 29] === BRACKET_CLOSE &&
      bytes[start + 30] === BLANK &&
      bytes[start + 36] === BLANK;
    if (!isUsual) return false;
    this.at = start + 17;
    event.tid = this.taskId();
    this.at = start + 37;
    this.skipBlanks();
    event.seconds = this.decimal();
    const dot = this.at;
    if (bytes[dot] !== DOT || bytes[dot + 7] !== COLON || bytes[dot + 8] !== BLANK) return false;
    let micros = 0;
    let isNumber = true;
    for (let at = dot + 1; at < dot + 7; at++) {
      const digit = bytes[at]! - ZERO;
      isNumber &&= digit >= 0 && digit <= 9;
      micros = micros * 10 + digit;
    }
    if (!isNumber) return false;
    event.nanos = micros * 1000;
    event.pid = 0;
    event.commStart = start;
    event.commEnd = start + 16;
    this.at = dot + 9;
    return event.tid >= 0 && event.seconds >= 0 && event.seconds <= SECONDS_MAX;
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
