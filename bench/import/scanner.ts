import type { InputText } from './input-text.ts';
import { RawEvent } from './raw-event.ts';
import { hex6, lineEndFrom, type TextWords } from './text-words.ts';

export const LF = 10;
export const CR = 13;
export const BLANK = 32;
export const ZERO = 48;
export const COLON = 58;

/** Value of a hexadecimal digit by byte, -1 for all else. */
export const HEX_DIGIT = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  HEX_DIGIT[digit.toString(16).charCodeAt(0)] = digit;
  HEX_DIGIT[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** 16 to the power of the digits behind the first seven. */
const HEX_SCALE = Float64Array.from({ length: 8 }, (_, digits) => 16 ** digits);

/** A line that could not be understood, for the message. */
export interface BadLine {
  readonly line: number;
  readonly text: string;
}

/**
 * Reads a recording line by line into one RawEvent. A subclass parses one format: its `scanLine` is
 * called with `at` on the first byte of a line and must not move past the line's LF: there every
 * loop of a scanner ends.
 */
export abstract class Scanner {
  readonly event = new RawEvent();
  /** Number of the line last read, from 1. */
  line = 0;
  malformedLines = 0;
  firstMalformed: BadLine | undefined;
  /** Lines by kind of event. */
  readonly lines = new Map<string, number>();
  /** What was skipped or could not be joined, by kind. */
  readonly notes = new Map<string, number>();
  protected bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes, to read several at once. */
  protected view = new DataView(new ArrayBuffer(0));
  /** Cursor. */
  protected at = 0;
  /** End of the whole lines; what lies behind it is left from earlier text. */
  protected limit = 0;
  protected readonly input: InputText;
  /** Set by scanLine: the line holds another event and is to be read once more. */
  protected repeatsLine = false;

  constructor(input: InputText) {
    this.input = input;
  }

  get name(): string {
    return this.input.name;
  }

  /** What a line of this format looks like, for messages. */
  abstract readonly expected: string;

  /** Fills `event` from the line at `at`; false when the line makes no event. */
  protected abstract scanLine(): boolean;

  /** Goes to the next event within the text in memory; false when more text is needed. */
  next(): boolean {
    const input = this.input;
    this.bytes = input.bytes;
    this.view = input.view;
    this.event.bytes = input.bytes;
    const view = input.view;
    const limit = input.limit;
    this.limit = limit;
    let position = input.position;
    while (position < limit) {
      this.line++;
      this.at = position;
      const isEvent = this.scanLine();
      if (this.repeatsLine) {
        this.repeatsLine = false;
        this.line--;
        input.position = position;
        return true;
      }
      if (this.at >= limit) throw new Error(`the scanner left line ${this.line}`);
      position = lineEndFrom(view, this.at) + 1;
      if (isEvent) {
        input.position = position;
        return true;
      }
    }
    input.position = position;
    return false;
  }

  /** Counts per kind that a scanner keeps in a faster form; called once at the end. */
  settleCounts(): void {}

  protected note(kind: string, count = 1): void {
    this.notes.set(kind, (this.notes.get(kind) ?? 0) + count);
  }

  protected countLine(kind: string): void {
    this.lines.set(kind, (this.lines.get(kind) ?? 0) + 1);
  }

  /** Remembers a line that does not fit; `start` is its first byte. */
  protected malformed(start: number): boolean {
    this.malformedLines++;
    if (!this.firstMalformed || this.isLastLine()) {
      const text = this.textOfLine(start);
      if (!this.firstMalformed || this.input.isLastLineOpen) {
        this.firstMalformed = { line: this.line, text };
      }
    }
    return false;
  }

  /** True on the final line of a file that does not end in a line end. */
  protected isLastLine(): boolean {
    return this.input.isLastLineOpen;
  }

  protected textOfLine(start: number): string {
    let end = start;
    while (this.bytes[end] !== LF && end - start < 80) end++;
    const text = Buffer.from(this.bytes.subarray(start, end)).toString('latin1');
    return text.replace(/[^ -~]/g, '?').trim();
  }

  protected skipBlanks(): void {
    const bytes = this.bytes;
    let at = this.at;
    while (bytes[at] === BLANK) at++;
    this.at = at;
  }

  /** Moves past the next `byte` on this line; false when there is none. */
  protected skipPast(byte: number): boolean {
    const bytes = this.bytes;
    let at = this.at;
    while (bytes[at] !== byte) {
      if (bytes[at] === LF) {
        this.at = at;
        return false;
      }
      at++;
    }
    this.at = at + 1;
    return true;
  }

  /** Moves past `text` when it stands at the cursor. */
  protected skipText(text: TextWords): boolean {
    if (!text.standsAt(this.view, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** A task's number at the cursor, -1 when there is none or the kernel has none so large. */
  protected taskId(): number {
    const id = this.decimal();
    return id <= TASK_ID_MAX ? id : -1;
  }

  /** Unsigned decimal at the cursor, -1 when there is no digit. */
  protected decimal(): number {
    const bytes = this.bytes;
    let at = this.at;
    let value = -1;
    for (;;) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value < 0 ? digit : value * 10 + digit;
      at++;
    }
    this.at = at;
    return value;
  }

  /**
   * Number in base 16 with an optional 0x, as every syscall argument is read: kernels differ in
   * whether they print the prefix, and print none for values below 10. -1 when there is no digit.
   */
  protected hex(): number {
    const bytes = this.bytes;
    let at = this.at;
    if (bytes[at] === ZERO && (bytes[at + 1]! | BLANK) === 120) at += 2;
    const first = at;
    let high = 0;
    let low = 0;
    // Two halves of at most 28 bits keep the loop in integers; addresses have 12 digits.
    for (;;) {
      const digit = HEX_DIGIT[bytes[at]!]!;
      if (!(digit >= 0)) break;
      if (at - first < 7) high = (high << 4) | digit;
      else if (at - first < 14) low = (low << 4) | digit;
      else {
        this.at = at;
        return this.#longHex(first);
      }
      at++;
    }
    this.at = at;
    const digits = at - first;
    if (digits <= 7) return digits === 0 ? -1 : high;
    return high * HEX_SCALE[digits - 7]! + low;
  }

  /** 12 hexadecimal digits at `start`, the length of nearly every user address; -1 for other text. */
  protected hex12(start: number): number {
    const high = hex6(this.view, start);
    const low = hex6(this.view, start + 6);
    return (high | low) < 0 ? -1 : high * 0x1000000 + low;
  }

  /** The seconds.fraction of a time into the event; false when it is none. */
  protected time(): boolean {
    const seconds = this.decimal();
    if (seconds < 0 || this.bytes[this.at] !== 46) return false;
    const start = ++this.at;
    const fraction = this.decimal();
    const digits = this.at - start;
    if (fraction < 0 || digits > 9 || seconds > SECONDS_MAX) return false;
    this.event.seconds = seconds;
    this.event.nanos = fraction * NANOS_PER_UNIT[digits]!;
    return true;
  }

  #longHex(first: number): number {
    let at = first;
    let value = 0;
    for (;;) {
      const digit = HEX_DIGIT[this.bytes[at]!]!;
      if (!(digit >= 0)) break;
      value = value * 16 + digit;
      at++;
    }
    this.at = at;
    return value;
  }
}

/** The largest error code of a fault, or advice: both are 32 bits wide. */
export const WORD_MAX = 2 ** 32 - 1;
/** PID_MAX_LIMIT is 2^22; some room for other kernels. */
export const TASK_ID_MAX = 2 ** 31 - 1;
/** Far beyond any clock; larger numbers could not be told apart by nanoseconds. */
export const SECONDS_MAX = 1e11;

const NANOS_PER_UNIT = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1];
