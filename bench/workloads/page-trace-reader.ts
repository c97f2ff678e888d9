import {
  OP_COLLAPSE,
  OP_FORK,
  OP_INVALIDATE,
  OP_SPLIT,
  TRACE_ARG,
  TRACE_EVENT_BYTES,
  TRACE_FIRST_PAGE,
  TRACE_OP,
  TRACE_PAGE_COUNT,
  TRACE_REASON,
  TRACE_SOURCE,
} from '../../core/abi/trace-event.ts';
import type { PageTrace } from './page-trace.ts';

/** True for the operations that open a notifier range of their own in the core. */
export function opensNotifierRange(op: number): boolean {
  return op === OP_INVALIDATE || op === OP_SPLIT || op === OP_COLLAPSE || op === OP_FORK;
}

/** The fields of a trace's events by index. */
export class PageTraceReader {
  readonly eventCount: number;
  readonly #view: DataView;

  constructor(trace: Pick<PageTrace, 'events' | 'eventCount'>) {
    this.eventCount = trace.eventCount;
    const { buffer, byteOffset, byteLength } = trace.events;
    this.#view = new DataView(buffer, byteOffset, byteLength);
  }

  timeNs(index: number): number {
    const offset = index * TRACE_EVENT_BYTES;
    return this.#view.getUint32(offset, true) + this.#view.getUint32(offset + 4, true) * 2 ** 32;
  }

  op(index: number): number {
    return this.#word(index, TRACE_OP);
  }

  firstPage(index: number): number {
    return this.#word(index, TRACE_FIRST_PAGE);
  }

  pageCount(index: number): number {
    return this.#word(index, TRACE_PAGE_COUNT);
  }

  arg(index: number): number {
    return this.#word(index, TRACE_ARG);
  }

  reason(index: number): number {
    return this.#word(index, TRACE_REASON);
  }

  source(index: number): number {
    return this.#word(index, TRACE_SOURCE);
  }

  #word(index: number, field: number): number {
    return this.#view.getUint32(index * TRACE_EVENT_BYTES + field, true);
  }
}
