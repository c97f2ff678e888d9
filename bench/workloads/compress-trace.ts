import { TRACE_EVENT_BYTES } from '../../core/abi/trace-event.ts';
import type { PageTrace } from './page-trace.ts';
import { PageTraceReader } from './page-trace-reader.ts';

/**
 * The same events in a `factor`-th of the time: bursts keep their shape and grow steeper. Factors
 * below 1 stretch.
 */
export function compressTrace(trace: PageTrace, factor: number): PageTrace {
  const reader = new PageTraceReader(trace);
  const events = trace.events.slice();
  const view = new DataView(events.buffer);
  for (let index = 0; index < reader.eventCount; index++) {
    const timeNs = Math.floor(reader.timeNs(index) / factor);
    view.setUint32(index * TRACE_EVENT_BYTES, timeNs % 2 ** 32, true);
    view.setUint32(index * TRACE_EVENT_BYTES + 4, Math.floor(timeNs / 2 ** 32), true);
  }
  const { setupNs, ...counts } = trace.counts;
  return {
    ...trace,
    description: `${trace.description}, ${factor} times compressed`,
    events,
    durationNs: Math.ceil(trace.durationNs / factor),
    counts: setupNs === undefined ? counts : { ...counts, setupNs: Math.floor(setupNs / factor) },
  };
}
