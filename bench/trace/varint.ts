/** Appends unsigned LEB128 integers below 2^53 to a growing buffer. */
export class VarintWriter {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  put(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    let at = this.#length;
    let rest = value;
    // Above 2^31 the bit operators would cut the number, so the high part is divided off.
    while (rest >= 0x80000000) {
      bytes[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.#length = at;
  }

  /** A signed integer as zigzag: 0, -1, 1, -2 become 0, 1, 2, 3. */
  putSigned(value: number): void {
    this.put(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** The bytes written so far, copied; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  #grow(): void {
    const bytes = new Uint8Array(this.#bytes.length * 2);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

/** Reads what VarintWriter wrote. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** @throws RangeError past the end or above 2^53 */
  get(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.#at >= this.#end) throw new RangeError('a number runs past the end of its block');
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
      if (scale > 2 ** 49) throw new RangeError('a number above 2^53');
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('a number above 2^53');
    return value;
  }

  getSigned(): number {
    const value = this.get();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
