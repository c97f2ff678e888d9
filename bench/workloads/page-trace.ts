import { TRACE_EVENT_BYTES } from '../../core/abi/trace-event.ts';
import { UsageError } from '../../results/usage-error.ts';

/** Where a trace's notifier ranges come from; shown beside every figure made from it. */
export type TraceOrigin = 'recorded' | 'derived' | 'synthetic';

/** A range of the dense page space that the device has registered (umem / MR). */
export interface RegionSpan {
  /** First 4 KiB page, multiple of 512. */
  readonly firstPage: number;
  /** 4 KiB pages, multiple of 512. */
  readonly pageCount: number;
}

/**
 * What the core replays: events over a dense page space, ready to be copied into shared memory.
 * Recorded virtual addresses are mapped to dense pages block by block (2 MiB alignment is kept and
 * order is kept, so a range stays one range).
 */
export interface PageTrace {
  readonly name: string;
  readonly origin: TraceOrigin;
  /** One sentence for the report: the program and recorder, or the generator and its parameters. */
  readonly description: string;
  /** Pages of the dense space, multiple of 512. */
  readonly pageCount: number;
  readonly regions: readonly RegionSpan[];
  /** eventCount records of TRACE_EVENT_BYTES, sorted by time (layout: core/abi/trace-event.ts). */
  readonly events: Uint8Array;
  readonly eventCount: number;
  readonly durationNs: number;
  /** Contiguity: how likely (0..1) two 4 KiB faults in a row get neighbouring frames. */
  readonly contiguity: number;
  /** Counts for the report and for tests: ranges, faults, maps, skipped lines, ... */
  readonly counts: Readonly<Record<string, number>>;
}

/** A cell's memory ends at 4 GiB, and pages, regions and tables need some of it. */
const EVENT_BYTES_MAX = 3 * 2 ** 30;

/** Appends events to a growing buffer; `finish` returns exactly the bytes written. */
export class PageTraceWriter {
  #bytes = new Uint8Array(4096 * TRACE_EVENT_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #count = 0;

  get eventCount(): number {
    return this.#count;
  }

  /** @param timeNs from the start of the trace, a non-negative integer below 2^53 */
  push(
    timeNs: number,
    op: number,
    firstPage: number,
    pageCount: number,
    arg = 0,
    reason = 0,
    source = 0,
  ): void {
    const offset = this.#count * TRACE_EVENT_BYTES;
    if (offset === this.#bytes.length) this.#grow();
    const view = this.#view;
    view.setUint32(offset, timeNs % 2 ** 32, true);
    view.setUint32(offset + 4, Math.floor(timeNs / 2 ** 32), true);
    view.setUint32(offset + 8, op, true);
    view.setUint32(offset + 12, firstPage, true);
    view.setUint32(offset + 16, pageCount, true);
    view.setUint32(offset + 20, arg, true);
    view.setUint32(offset + 24, reason, true);
    view.setUint32(offset + 28, source, true);
    this.#count++;
  }

  finish(): { readonly events: Uint8Array; readonly eventCount: number } {
    return {
      events: this.#bytes.slice(0, this.#count * TRACE_EVENT_BYTES),
      eventCount: this.#count,
    };
  }

  #grow(): void {
    if (this.#bytes.length >= EVENT_BYTES_MAX) {
      throw new UsageError(
        `a trace of more than ${this.#count} events does not fit a cell's 4 GiB of memory: expected a shorter one (laps play it again)`,
      );
    }
    const bytes = new Uint8Array(Math.min(this.#bytes.length * 2, EVENT_BYTES_MAX));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
