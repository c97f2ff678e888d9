import { PAGE_BYTES } from '../../core/abi/layout.ts';
import type { PageTrace } from './page-trace.ts';
import { opensNotifierRange, PageTraceReader } from './page-trace-reader.ts';

/** How many notifier ranges a trace has of each size: [log2 of the bytes, ranges], ascending. */
export function rangeSizes(trace: PageTrace): [number, number][] {
  const reader = new PageTraceReader(trace);
  const counts = new Map<number, number>();
  for (let event = 0; event < reader.eventCount; event++) {
    if (!opensNotifierRange(reader.op(event))) continue;
    const sizeLog2 = Math.floor(Math.log2(reader.pageCount(event) * PAGE_BYTES));
    counts.set(sizeLog2, (counts.get(sizeLog2) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b);
}
