import { UsageError } from '../../results/usage-error.ts';
import { type RecordSink, USER_END } from '../trace/record.ts';

/** Where the event at hand stands, for messages. */
export interface LinePlace {
  readonly name: string;
  readonly line: number;
}

/** A stray overlap in a long recording is counted; more of them are a recording with holes. */
const OVERLAP_SHARE_MAX = 0.01;

/** What the parts of an import share: the records' sink, the time, the notes, the marks. */
export class ImportContext {
  readonly notes = new Map<string, number>();
  readonly marks: string[] = [];
  timeNs = 0;
  place: LinePlace = { name: '', line: 0 };
  readonly #sink: RecordSink;
  maps = 0;
  #overlaps = 0;
  #firstOverlap = '';
  #alignment = 0;
  #alignmentSamples = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  note(kind: string, count = 1): void {
    this.notes.set(kind, (this.notes.get(kind) ?? 0) + count);
  }

  push(
    task: number,
    space: number,
    op: number,
    start: number,
    end: number,
    arg = 0,
    reason = 0,
  ): number {
    return this.#sink.push(this.timeNs, task, space, op, start, end - start, arg, reason);
  }

  relabel(record: number, reason: number, argBits: number): void {
    if (!this.#sink.relabel(record, reason, argBits)) this.note('reasons found too late');
  }

  fail(message: string): never {
    throw new UsageError(`${this.place.name}:${this.place.line}: ${message}`);
  }

  /** @throws UsageError for an address above the 47-bit user half */
  checkUserEnd(end: number): void {
    if (end <= USER_END) return;
    this.fail(
      `address 0x${end.toString(16)} lies above the 47-bit user half: expected a recording of 4-level x86-64 page tables`,
    );
  }

  /** mmap never returns what is mapped: an event is missing or two processes were taken for one. */
  overlappingMap(start: number, end: number): void {
    this.note('maps over a live mapping');
    if (this.#overlaps++ > 0) return;
    const range = `0x${start.toString(16)}-0x${end.toString(16)}`;
    this.#firstOverlap = `${this.place.name}:${this.place.line}: mmap returned ${range}, which is mapped already`;
  }

  /** @throws UsageError when more than a stray map lies over a live one */
  checkOverlaps(): void {
    if (this.#overlaps <= this.maps * OVERLAP_SHARE_MAX) return;
    throw new UsageError(
      `${this.#firstOverlap} (${this.#overlaps} of ${this.maps} maps overlap): expected every munmap, exec and exit to be recorded`,
    );
  }

  /** Remembers how addresses of ranges and mappings are aligned, to tell the page size at the end. */
  sampleAlignment(address: number): void {
    this.#alignment |= address & 0xffff;
    this.#alignmentSamples++;
  }

  /** @throws UsageError when every address is a multiple of a larger page size */
  checkPageSize(file: string): void {
    const enough = this.#alignmentSamples >= 64;
    if (!enough || (this.#alignment & 0x3fff) !== 0) return;
    const size = (this.#alignment & 0xffff) === 0 ? '64 KiB' : '16 KiB';
    throw new UsageError(
      `${file}: all ${this.#alignmentSamples} addresses are multiples of ${size}: expected a recording of a machine with 4 KiB pages`,
    );
  }
}
