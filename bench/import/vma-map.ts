/** One piece of a VmaMap: half-open byte range with the caller's bits. */
export interface Vma {
  readonly start: number;
  readonly end: number;
  readonly bits: number;
}

/**
 * The mapped ranges of one address space, sorted and disjoint; neighbours with the same bits are one
 * piece, as in the kernel's VMA tree. All ranges are half-open, in bytes.
 */
export class VmaMap {
  #starts: number[] = [];
  #ends: number[] = [];
  #bits: number[] = [];

  get size(): number {
    return this.#starts.length;
  }

  clone(): VmaMap {
    const copy = new VmaMap();
    copy.#starts = this.#starts.slice();
    copy.#ends = this.#ends.slice();
    copy.#bits = this.#bits.slice();
    return copy;
  }

  clear(): void {
    this.#starts = [];
    this.#ends = [];
    this.#bits = [];
  }

  /** Bits at an address, or -1. */
  bitsAt(address: number): number {
    const i = this.#firstEndingAfter(address);
    return i < this.#starts.length && this.#starts[i]! <= address ? this.#bits[i]! : -1;
  }

  overlaps(start: number, end: number): boolean {
    const i = this.#firstEndingAfter(start);
    return start < end && i < this.#starts.length && this.#starts[i]! < end;
  }

  /** True when every byte of the range is mapped. */
  covers(start: number, end: number): boolean {
    let at = start;
    for (let i = this.#firstEndingAfter(start); at < end; i++) {
      if (i >= this.#starts.length || this.#starts[i]! > at) return false;
      at = this.#ends[i]!;
    }
    return true;
  }

  /** The mapped parts of the range, cut to it. */
  piecesIn(start: number, end: number): Vma[] {
    const pieces: Vma[] = [];
    for (let i = this.#firstEndingAfter(start); i < this.#starts.length; i++) {
      if (this.#starts[i]! >= end) break;
      pieces.push({
        start: Math.max(start, this.#starts[i]!),
        end: Math.min(end, this.#ends[i]!),
        bits: this.#bits[i]!,
      });
    }
    return pieces;
  }

  all(): Vma[] {
    return this.piecesIn(0, Number.POSITIVE_INFINITY);
  }

  /** Maps the range, over whatever was there. */
  map(start: number, end: number, bits: number): void {
    if (start >= end) return;
    const [low, high, pieces] = this.#cut(start, end);
    let from = start;
    let to = end;
    const left = pieces.left;
    const right = pieces.right;
    const inserted: Vma[] = [];
    if (left && left.end === start && left.bits === bits) from = left.start;
    else if (left) inserted.push(left);
    if (right && right.start === end && right.bits === bits) to = right.end;
    inserted.push({ start: from, end: to, bits });
    if (right && to === end) inserted.push(right);
    this.#replace(low, high, inserted);
  }

  unmap(start: number, end: number): void {
    if (start >= end || !this.overlaps(start, end)) return;
    const [low, high, pieces] = this.#cut(start, end);
    const inserted: Vma[] = [];
    if (pieces.left) inserted.push(pieces.left);
    if (pieces.right) inserted.push(pieces.right);
    this.#replace(low, high, inserted);
  }

  /** Changes the bits of the mapped parts of the range. */
  change(start: number, end: number, next: (bits: number) => number): void {
    for (const piece of this.piecesIn(start, end)) {
      const bits = next(piece.bits);
      if (bits !== piece.bits) this.map(piece.start, piece.end, bits);
    }
  }

  /**
   * Indices [low, high) that touch or neighbour the range, and what remains of the outermost two
   * when the range is cut out.
   */
  #cut(start: number, end: number): [number, number, { left?: Vma; right?: Vma }] {
    let low = this.#firstEndingAfter(start);
    if (low > 0 && this.#ends[low - 1] === start) low--;
    let high = low;
    while (high < this.#starts.length && this.#starts[high]! <= end) high++;
    const pieces: { left?: Vma; right?: Vma } = {};
    if (low < high) {
      const last = high - 1;
      if (this.#starts[low]! < start) {
        const leftEnd = Math.min(this.#ends[low]!, start);
        pieces.left = { start: this.#starts[low]!, end: leftEnd, bits: this.#bits[low]! };
      }
      if (this.#ends[last]! > end) {
        const rightStart = Math.max(this.#starts[last]!, end);
        pieces.right = { start: rightStart, end: this.#ends[last]!, bits: this.#bits[last]! };
      }
    }
    return [low, high, pieces];
  }

  #replace(low: number, high: number, pieces: readonly Vma[]): void {
    const removed = high - low;
    this.#starts.splice(low, removed, ...pieces.map((piece) => piece.start));
    this.#ends.splice(low, removed, ...pieces.map((piece) => piece.end));
    this.#bits.splice(low, removed, ...pieces.map((piece) => piece.bits));
  }

  #firstEndingAfter(address: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
