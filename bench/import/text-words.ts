/**
 * Reads text several bytes at a time: the scanners' lines are compared and parsed in words of four and
 * in pairs of digits, big-endian, so that a word's bytes stand in the order of the text.
 */

/** Bytes behind the text that must be readable: a word may begin on the last byte. */
export const WORD_SLACK_BYTES = 64;

const NO_DIGIT = -1;
/** Value of two hexadecimal digits by their 16 bits, -1 for all else. */
const HEX_PAIR = pairs(16);
/** Value of two decimal digits by their 16 bits, -1 for all else. */
const DECIMAL_PAIR = pairs(10);

function pairs(base: number): Int16Array {
  const table = new Int16Array(65536).fill(NO_DIGIT);
  const digits = base === 16 ? '0123456789abcdefABCDEF' : '0123456789';
  for (const high of digits) {
    for (const low of digits) {
      const pair = (high.charCodeAt(0) << 8) | low.charCodeAt(0);
      table[pair] = Number.parseInt(high + low, base);
    }
  }
  return table;
}

/** Six hexadecimal digits at `at`, negative when one is none. */
export function hex6(view: DataView, at: number): number {
  const a = HEX_PAIR[view.getUint16(at)]!;
  const b = HEX_PAIR[view.getUint16(at + 2)]!;
  const c = HEX_PAIR[view.getUint16(at + 4)]!;
  return (a << 16) | (b << 8) | c;
}

/** Six decimal digits at `at`, negative when one is none. */
export function decimal6(view: DataView, at: number): number {
  const a = DECIMAL_PAIR[view.getUint16(at)]!;
  const b = DECIMAL_PAIR[view.getUint16(at + 2)]!;
  const c = DECIMAL_PAIR[view.getUint16(at + 4)]!;
  return (a | b | c) < 0 ? NO_DIGIT : a * 10000 + b * 100 + c;
}

/** The words of a text; the last one ends with the text and may overlap the one before. */
export class TextWords {
  readonly length: number;
  readonly #words: Uint32Array;

  /** `text` has at least four bytes of ASCII. */
  constructor(text: string) {
    const bytes = Buffer.from(text, 'latin1');
    this.length = bytes.length;
    this.#words = new Uint32Array(Math.ceil(bytes.length / 4));
    for (let i = 0; i < this.#words.length; i++) {
      this.#words[i] = bytes.readUInt32BE(Math.min(4 * i, bytes.length - 4));
    }
  }

  standsAt(view: DataView, start: number): boolean {
    const words = this.#words;
    const last = words.length - 1;
    for (let i = 0; i < last; i++) if (view.getUint32(start + 4 * i) !== words[i]) return false;
    return view.getUint32(start + this.length - 4) === words[last];
  }
}

/** Place of the next line end at or after `start`; there must be one. */
export function lineEndFrom(view: DataView, start: number): number {
  let at = start;
  for (;;) {
    // A byte of `x` is zero where the text has a line end; the usual test of a word for a zero byte.
    const x = view.getInt32(at) ^ 0x0a0a0a0a;
    const zeros = (x - 0x01010101) & ~x & 0x80808080;
    if (zeros !== 0) break;
    at += 4;
  }
  while (view.getUint8(at) !== 10) at++;
  return at;
}
