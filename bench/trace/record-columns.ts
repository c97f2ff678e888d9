import { PAGE_BYTES, type RecordSink } from './record.ts';
import { VarintReader, VarintWriter } from './varint.ts';

/** Records of one block of an .xlt file. */
export const BLOCK_RECORDS = 16384;

/** Records as columns of equal length; addresses and lengths in pages of 4096 bytes. */
export class RecordColumns {
  readonly capacity: number;
  readonly timeNs: Float64Array;
  readonly task: Uint32Array;
  readonly space: Uint32Array;
  readonly op: Uint8Array;
  readonly reason: Uint8Array;
  readonly page: Float64Array;
  readonly pages: Float64Array;
  readonly arg: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.timeNs = new Float64Array(capacity);
    this.task = new Uint32Array(capacity);
    this.space = new Uint32Array(capacity);
    this.op = new Uint8Array(capacity);
    this.reason = new Uint8Array(capacity);
    this.page = new Float64Array(capacity);
    this.pages = new Float64Array(capacity);
    this.arg = new Float64Array(capacity);
  }

  /** Moves the records from `first` on to the front. */
  dropBefore(first: number): void {
    for (const column of this.#all()) column.copyWithin(0, first);
  }

  /** The first `count` records as one payload: each column on its own, in the order of the fields. */
  encode(count: number, out: VarintWriter): Uint8Array {
    out.putDeltas(this.timeNs, count);
    out.putDeltas(this.task, count);
    out.putDeltas(this.space, count);
    out.putAll(this.op, count);
    out.putAll(this.reason, count);
    out.putDeltas(this.page, count);
    out.putAll(this.pages, count);
    out.putAll(this.arg, count);
    return out.take();
  }

  /**
   * Fills records [first, first + count) from a payload of `encode`.
   * @throws RangeError when the payload is not exactly that long
   */
  decode(first: number, count: number, bytes: Uint8Array, start: number, end: number): void {
    const input = new VarintReader(bytes, start, end);
    const last = first + count;
    decodeDeltas(this.timeNs, first, last, input);
    decodeDeltas(this.task, first, last, input);
    decodeDeltas(this.space, first, last, input);
    for (let i = first; i < last; i++) this.op[i] = input.get();
    for (let i = first; i < last; i++) this.reason[i] = input.get();
    decodeDeltas(this.page, first, last, input);
    for (let i = first; i < last; i++) this.pages[i] = input.get();
    for (let i = first; i < last; i++) this.arg[i] = input.get();
    if (!input.isAtEnd) throw new RangeError('a block is longer than its records');
  }

  #all(): readonly (Float64Array | Uint32Array | Uint8Array)[] {
    const { timeNs, task, space, op, reason, page, pages, arg } = this;
    return [timeNs, task, space, op, reason, page, pages, arg];
  }
}

function decodeDeltas(
  column: Float64Array | Uint32Array,
  first: number,
  last: number,
  input: VarintReader,
): void {
  let value = 0;
  for (let i = first; i < last; i++) {
    value += input.getSigned();
    column[i] = value;
  }
}

/**
 * Collects records and hands them out in encoded blocks. The latest BLOCK_RECORDS to
 * 2 x BLOCK_RECORDS records are held back, so that a later line can still name their reason (fork
 * announces its ranges before the fork event).
 */
export class RecordBlocks implements RecordSink {
  readonly #columns = new RecordColumns(2 * BLOCK_RECORDS);
  readonly #onBlock: (count: number, payload: Uint8Array) => void;
  readonly #encoder = new VarintWriter();
  #held = 0;
  #written = 0;

  constructor(onBlock: (count: number, payload: Uint8Array) => void) {
    this.#onBlock = onBlock;
  }

  get recordCount(): number {
    return this.#written + this.#held;
  }

  push(
    timeNs: number,
    task: number,
    space: number,
    op: number,
    va: number,
    len: number,
    arg: number,
    reason: number,
  ): number {
    if (this.#held === 2 * BLOCK_RECORDS) this.#flush(BLOCK_RECORDS);
    const columns = this.#columns;
    const i = this.#held++;
    columns.timeNs[i] = timeNs;
    columns.task[i] = task;
    columns.space[i] = space;
    columns.op[i] = op;
    columns.reason[i] = reason;
    columns.page[i] = va / PAGE_BYTES;
    columns.pages[i] = len / PAGE_BYTES;
    columns.arg[i] = arg;
    return this.#written + i;
  }

  relabel(record: number, reason: number, argBits: number): boolean {
    const i = record - this.#written;
    if (i < 0) return false;
    this.#columns.reason[i] = reason;
    this.#columns.arg[i] = this.#columns.arg[i]! | argBits;
    return true;
  }

  /** Hands out everything that is still held. */
  finish(): void {
    while (this.#held > 0) this.#flush(Math.min(this.#held, BLOCK_RECORDS));
  }

  #flush(count: number): void {
    this.#onBlock(count, this.#columns.encode(count, this.#encoder));
    this.#columns.dropBefore(count);
    this.#held -= count;
    this.#written += count;
  }
}
