/** Appends unsigned LEB128 integers below 2^53 to a growing buffer. */
export class VarintWriter {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  put(value: number): void {
    this.#reserve(8);
    this.#length = put(this.#bytes, this.#length, value);
  }

  /** A column of unsigned integers. */
  putAll(column: Uint8Array | Float64Array, count: number): void {
    this.#reserve(count * 8);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < count; i++) at = put(bytes, at, column[i]!);
    this.#length = at;
  }

  /** A column as differences from the value before, as zigzag: 0, -1, 1, -2 become 0, 1, 2, 3. */
  putDeltas(column: Uint32Array | Float64Array, count: number): void {
    this.#reserve(count * 8);
    const bytes = this.#bytes;
    let at = this.#length;
    let previous = 0;
    for (let i = 0; i < count; i++) {
      const value = column[i]!;
      const delta = value - previous;
      previous = value;
      at = put(bytes, at, delta < 0 ? -2 * delta - 1 : 2 * delta);
    }
    this.#length = at;
  }

  /** The bytes written so far, copied; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  #reserve(more: number): void {
    let size = this.#bytes.length;
    while (size < this.#length + more) size *= 2;
    if (size === this.#bytes.length) return;
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

/** Writes one integer; returns the place behind it. */
function put(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  // Above 2^31 a shift would cut the number (not its low digits), so they are divided off.
  while (rest >= 0x80000000) {
    bytes[at++] = (rest & 127) | 128;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 128) {
    bytes[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
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
