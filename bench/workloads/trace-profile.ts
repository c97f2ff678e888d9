import { OP_COLLAPSE, OP_SPLIT } from '../../core/abi/trace-event.ts';
import type { PageTrace } from './page-trace.ts';
import { opensNotifierRange, PageTraceReader } from './page-trace-reader.ts';

const PAGE_BYTES = 4096;
const KIB = 1024 / PAGE_BYTES;
const MIB = 256;

/** The size classes of recording.md 2.3, upper bounds in pages (included). */
export const RANGE_SIZE_CLASSES = [
  { label: '4 KiB', maxPages: 1 },
  { label: '8-60 KiB', maxPages: 60 * KIB },
  { label: '64 KiB-1 MiB', maxPages: MIB },
  { label: '1-2 MiB', maxPages: 2 * MIB - 1 },
  { label: '2 MiB', maxPages: 2 * MIB },
  { label: '> 2 MiB', maxPages: Number.POSITIVE_INFINITY },
] as const;

/** The shape of a trace's notifier ranges: the columns of recording.md 2.3. */
export interface TraceProfile {
  readonly rangeCount: number;
  readonly pageCount: number;
  /** From the first range to the last. */
  readonly spanSeconds: number;
  readonly rangesPerSecond: number;
  /** Most ranges that begin in one aligned interval of 10 ms. */
  readonly peakRangesPer10ms: number;
  /** Share of the ranges that lie in 10 ms intervals with at least 100 of them. */
  readonly burstShare: number;
  /** Ranges per class of RANGE_SIZE_CLASSES. */
  readonly sizeCounts: readonly number[];
  readonly shareFrom2MiB: number;
  readonly p99Bytes: number;
  readonly largestBytes: number;
  /** Share of ranges whose first page and length occurred before. */
  readonly repeatShare: number;
  readonly splits: number;
  readonly collapses: number;
}

/** Measures a trace; ranges before `fromNs` (a synthetic trace's counts.setupNs) are left out. */
export function profileTrace(trace: PageTrace, fromNs = trace.counts.setupNs ?? 0): TraceProfile {
  const reader = new PageTraceReader(trace);
  const perInterval = new Map<number, number>();
  const sizes: number[] = [];
  const seen = new Set<number>();
  let repeats = 0;
  let splits = 0;
  let collapses = 0;
  let firstNs = Number.POSITIVE_INFINITY;
  let lastNs = 0;
  for (let index = 0; index < reader.eventCount; index++) {
    const op = reader.op(index);
    const timeNs = reader.timeNs(index);
    if (!opensNotifierRange(op) || timeNs < fromNs) continue;
    const interval = Math.floor((timeNs - fromNs) / 1e7);
    perInterval.set(interval, (perInterval.get(interval) ?? 0) + 1);
    const first = reader.firstPage(index);
    const count = reader.pageCount(index);
    sizes.push(count);
    const key = first * 2 ** 24 + Math.min(count, 2 ** 24 - 1);
    if (seen.has(key)) repeats++;
    seen.add(key);
    if (op === OP_SPLIT) splits++;
    if (op === OP_COLLAPSE) collapses++;
    firstNs = Math.min(firstNs, timeNs);
    lastNs = timeNs;
  }
  const rangeCount = sizes.length;
  const spanSeconds = rangeCount === 0 ? 0 : (lastNs - firstNs) / 1e9;
  let inBursts = 0;
  let peak = 0;
  for (const count of perInterval.values()) {
    if (count >= 100) inBursts += count;
    peak = Math.max(peak, count);
  }
  sizes.sort((left, right) => left - right);
  return {
    rangeCount,
    pageCount: sizes.reduce((sum, size) => sum + size, 0),
    spanSeconds,
    rangesPerSecond: spanSeconds === 0 ? 0 : rangeCount / spanSeconds,
    peakRangesPer10ms: peak,
    burstShare: rangeCount === 0 ? 0 : inBursts / rangeCount,
    sizeCounts: countSizes(sizes),
    shareFrom2MiB:
      rangeCount === 0 ? 0 : sizes.filter((size) => size >= 2 * MIB).length / rangeCount,
    p99Bytes: (sizes[Math.max(0, Math.ceil(rangeCount * 0.99) - 1)] ?? 0) * PAGE_BYTES,
    largestBytes: (sizes[rangeCount - 1] ?? 0) * PAGE_BYTES,
    repeatShare: rangeCount === 0 ? 0 : repeats / rangeCount,
    splits,
    collapses,
  };
}

function countSizes(sizes: readonly number[]): number[] {
  const counts = RANGE_SIZE_CLASSES.map(() => 0);
  for (const size of sizes) {
    counts[RANGE_SIZE_CLASSES.findIndex((sizeClass) => size <= sizeClass.maxPages)]!++;
  }
  return counts;
}
