import {
  EVENT_UNMAP,
  OP_EXIT,
  OP_INVALIDATE,
  OP_MARK,
  OP_UNMAP_VMA,
  REASON_EXIT,
} from '../../core/abi/trace-event.ts';
import { UsageError } from '../../results/usage-error.ts';
import { type PageTrace, PageTraceWriter } from './page-trace.ts';
import { PageTraceReader } from './page-trace-reader.ts';
import { SeededRandom } from './seeded-random.ts';

const LARGEST_SPACE_PAGES = 2 ** 31;

/**
 * `copies` of the trace side by side in a space as many times as large, all at once, each begun at
 * its own random phase of the first copy's duration: 100 programs, not one program 100 times as
 * fast. An exit becomes the unmapping of its copy, for the other copies live on.
 *
 * @throws {UsageError} when the space would exceed 2^31 pages
 */
export function tileTrace(trace: PageTrace, copies: number, seed: number): PageTrace {
  if (trace.pageCount * copies > LARGEST_SPACE_PAGES) {
    throw new UsageError(
      `trace ${trace.name}: ${copies} copies of ${trace.pageCount} pages exceed 2^31 pages`,
    );
  }
  const random = new SeededRandom(seed);
  const phasesNs = Float64Array.from({ length: copies }, (_, copy) =>
    copy === 0 ? 0 : Math.floor(random.unit() * trace.durationNs),
  );
  const writer = new PageTraceWriter();
  let endNs = 0;
  mergeCopies(new PageTraceReader(trace), phasesNs, (reader, index, copy) => {
    const timeNs = reader.timeNs(index) + phasesNs[copy]!;
    endNs = timeNs;
    copyEvent(writer, trace, reader, index, copy, timeNs);
  });
  // Where the set-up ends differs from copy to copy, so these two say nothing any more.
  const { setupNs: _ns, setupEvents: _events, ...counts } = trace.counts;
  const { events, eventCount } = writer.finish();
  return {
    ...trace,
    description: `${trace.description}, ${copies} copies side by side (seed ${seed})`,
    pageCount: trace.pageCount * copies,
    regions: Array.from({ length: copies }, (_, copy) =>
      trace.regions.map((region) => ({
        firstPage: region.firstPage + copy * trace.pageCount,
        pageCount: region.pageCount,
      })),
    ).flat(),
    events,
    eventCount,
    durationNs: Math.max(endNs, trace.durationNs),
    counts: Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [name, count * copies]),
    ),
  };
}

function copyEvent(
  writer: PageTraceWriter,
  trace: PageTrace,
  reader: PageTraceReader,
  index: number,
  copy: number,
  timeNs: number,
): void {
  const op = reader.op(index);
  const shift = op === OP_MARK ? 0 : copy * trace.pageCount;
  const source = reader.source(index);
  if (op !== OP_EXIT) {
    const first = reader.firstPage(index) + shift;
    const count = reader.pageCount(index);
    writer.push(timeNs, op, first, count, reader.arg(index), reader.reason(index), source);
    return;
  }
  for (const { firstPage, pageCount } of trace.regions) {
    const first = firstPage + shift;
    writer.push(timeNs, OP_INVALIDATE, first, pageCount, EVENT_UNMAP, REASON_EXIT, source);
    writer.push(timeNs, OP_UNMAP_VMA, first, pageCount, 0, 0, source);
  }
}

/**
 * Visits the events of all copies in the order of their shifted times: a heap of one cursor a copy.
 */
function mergeCopies(
  reader: PageTraceReader,
  phasesNs: Float64Array,
  visit: (reader: PageTraceReader, index: number, copy: number) => void,
): void {
  if (reader.eventCount === 0) return;
  const cursors = new Uint32Array(phasesNs.length);
  const dueNs = phasesNs.map((phase) => phase + reader.timeNs(0));
  const heap = Array.from(phasesNs.keys());
  const isBefore = (left: number, right: number): boolean =>
    dueNs[left]! < dueNs[right]! || (dueNs[left] === dueNs[right] && left < right);
  const sink = (start: number): void => {
    for (let parent = start; ; ) {
      const left = parent * 2 + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (!isBefore(heap[child]!, heap[parent]!)) return;
      [heap[parent], heap[child]] = [heap[child]!, heap[parent]!];
      parent = child;
    }
  };
  for (let start = heap.length >> 1; start >= 0; start--) sink(start);
  while (heap.length > 0) {
    const copy = heap[0]!;
    visit(reader, cursors[copy]!, copy);
    cursors[copy]!++;
    if (cursors[copy]! < reader.eventCount) {
      dueNs[copy] = phasesNs[copy]! + reader.timeNs(cursors[copy]!);
    } else {
      const last = heap.pop()!;
      if (heap.length > 0) heap[0] = last;
    }
    sink(0);
  }
}
