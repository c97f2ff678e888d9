import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type JsHistogram,
} from 'hdr-histogram-js';
import {
  LatencyHistogram,
  SUB_BUCKETS,
  slotHighestNs,
  slotLowestNs,
  slotOf,
} from './latency-histogram.ts';
import type { LatencySummary } from './latency-summary.ts';

// Apart from latency-histogram.ts, so that a cell's process and its threads need not load the library.

/** HdrHistogram V2, compressed, base64: readable by the HdrHistogram libraries and plotters. */
export function hdrTextOf({ counts }: Pick<LatencyHistogram, 'counts'>): string {
  const highest = slotHighestNs(Math.max(counts.length - 1, SUB_BUCKETS));
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: highest,
    numberOfSignificantValueDigits: 2,
    bitBucketSize: 64,
    autoResize: false,
  });
  for (let slot = 0; slot < counts.length; slot++) {
    if (counts[slot]! > 0) histogram.recordValueWithCount(slotLowestNs(slot), counts[slot]!);
  }
  return encodeIntoCompressedBase64(histogram);
}

/** The summary as a record stores it. */
export function storedSummary(histogram: LatencyHistogram): LatencySummary {
  return { ...histogram.summary(), hdr: hdrTextOf(histogram) };
}

/** The distribution a record stores: its hdr text and its exact extremes. Null where there is none. */
export function histogramOf(
  summary: Pick<LatencySummary, 'hdr' | 'minNs' | 'maxNs'>,
): LatencyHistogram | null {
  if (summary.hdr === null) return null;
  const decoded = decodeFromCompressedBase64(summary.hdr, 64) as JsHistogram;
  const bySlot: [number, number][] = [];
  // The library's counts are in this very layout; its iterator takes four times as long.
  const end = slotOf(decoded.maxValue) + 1;
  for (let slot = 0; slot < end; slot++) {
    const slotCount = decoded.getCountAtIndex(slot);
    if (slotCount > 0) bySlot.push([slot, slotCount]);
  }
  return LatencyHistogram.fromSparseCounts(bySlot, summary.minNs, summary.maxNs);
}
