import type { LatencySummary } from './latency-summary.ts';

/** HdrHistogram layout, lowestDiscernibleValue 1, 2 significant digits: buckets of 1/128 at most. */
export const SUB_BUCKETS = 256;
const HALF_SUB_BUCKETS = 128;
const HALF_SUB_BUCKETS_LG2 = 7;

/** A percentile is published only where at least this many samples lie beyond it. */
const TAIL_SAMPLES = 10;
const QUANTILES = { p50Ns: 5000, p90Ns: 9000, p99Ns: 9900, p999Ns: 9990, p9999Ns: 9999 } as const;
const QUANTILE_UNIT = 10_000;

/** Slot of a value in nanoseconds (HdrHistogram's countsArrayIndex). */
export function slotOf(valueNs: number): number {
  if (valueNs < SUB_BUCKETS) return Math.floor(valueNs);
  const bucket = Math.floor(Math.log2(valueNs)) - HALF_SUB_BUCKETS_LG2;
  return bucket * HALF_SUB_BUCKETS + Math.floor(valueNs / 2 ** bucket);
}

/** Smallest value that is counted in a slot. */
export function slotLowestNs(slot: number): number {
  const bucket = bucketOf(slot);
  return (slot - bucket * HALF_SUB_BUCKETS) * 2 ** bucket;
}

/** Largest whole value that is counted in a slot. */
export function slotHighestNs(slot: number): number {
  return slotLowestNs(slot) + 2 ** bucketOf(slot) - 1;
}

function bucketOf(slot: number): number {
  return Math.max(0, (slot >> HALF_SUB_BUCKETS_LG2) - 1);
}

/**
 * A latency distribution: counts in HdrHistogram's log-linear layout with exact extremes beside it.
 * Immutable; the error of a percentile is below 1/128 and always upwards.
 */
export class LatencyHistogram {
  /** Counts by slot; as long as its last filled slot needs. */
  readonly counts: Float64Array;
  readonly count: number;
  readonly minNs: number | null;
  readonly maxNs: number | null;

  private constructor(counts: Float64Array, minNs: number | null, maxNs: number | null) {
    this.counts = counts;
    this.count = counts.reduce((sum, slotCount) => sum + slotCount, 0);
    this.minNs = this.count === 0 ? null : minNs;
    this.maxNs = this.count === 0 ? null : maxNs;
  }

  /**
   * @param counts dense counts by slot, as the core writes them (u64 words are fine)
   * @param minNs exact smallest sample; null: the lowest filled slot's edge is used
   * @param maxNs exact largest sample; null: the highest filled slot's edge is used
   */
  static fromCounts(
    counts: ArrayLike<number | bigint>,
    minNs: number | null = null,
    maxNs: number | null = null,
  ): LatencyHistogram {
    let first = -1;
    let last = -1;
    for (let slot = 0; slot < counts.length; slot++) {
      if (Number(counts[slot]) === 0) continue;
      if (first < 0) first = slot;
      last = slot;
    }
    const dense = new Float64Array(last + 1);
    for (let slot = Math.max(first, 0); slot <= last; slot++) dense[slot] = Number(counts[slot]);
    if (last < 0) return new LatencyHistogram(dense, null, null);
    return new LatencyHistogram(dense, minNs ?? slotLowestNs(first), maxNs ?? slotHighestNs(last));
  }

  /** @param entries [slot, count] pairs in any order; counts of one slot add up */
  static fromSparseCounts(
    entries: Iterable<readonly [number, number]>,
    minNs: number | null = null,
    maxNs: number | null = null,
  ): LatencyHistogram {
    const pairs = [...entries];
    const dense = new Float64Array(pairs.reduce((end, [slot]) => Math.max(end, slot + 1), 0));
    for (const [slot, slotCount] of pairs) dense[slot] = dense[slot]! + slotCount;
    return LatencyHistogram.fromCounts(dense, minNs, maxNs);
  }

  /** @param samplesNs whole nanoseconds, >= 0 */
  static fromSamples(samplesNs: Iterable<number>): LatencyHistogram {
    let minNs = Number.POSITIVE_INFINITY;
    let maxNs = Number.NEGATIVE_INFINITY;
    const bySlot = new Map<number, number>();
    for (const sampleNs of samplesNs) {
      minNs = Math.min(minNs, sampleNs);
      maxNs = Math.max(maxNs, sampleNs);
      const slot = slotOf(sampleNs);
      bySlot.set(slot, (bySlot.get(slot) ?? 0) + 1);
    }
    return LatencyHistogram.fromSparseCounts(bySlot, minNs, maxNs);
  }

  /** Threads of a cell, or forks of a series, as one distribution. */
  static merge(histograms: Iterable<LatencyHistogram>): LatencyHistogram {
    const parts = [...histograms].filter(({ count }) => count > 0);
    const counts = new Float64Array(Math.max(0, ...parts.map((part) => part.counts.length)));
    for (const part of parts) {
      for (let slot = 0; slot < part.counts.length; slot++) {
        counts[slot] = counts[slot]! + part.counts[slot]!;
      }
    }
    const minNs = Math.min(...parts.map((part) => part.minNs!));
    const maxNs = Math.max(...parts.map((part) => part.maxNs!));
    return new LatencyHistogram(counts, minNs, maxNs);
  }

  /**
   * Smallest recorded value (its bucket's upper edge, at most the exact maximum) that at least
   * `perTenThousand` / 10,000 of all samples do not exceed. Null when there are no samples.
   */
  quantileNs(perTenThousand: number): number | null {
    if (this.maxNs === null) return null;
    // Whole numbers throughout: 0.999 * 10000 is not 9990 in floating point.
    const rank = Math.max(1, Math.ceil((this.count * perTenThousand) / QUANTILE_UNIT));
    let seen = 0;
    for (let slot = 0; slot < this.counts.length; slot++) {
      seen += this.counts[slot]!;
      if (seen >= rank) return Math.min(slotHighestNs(slot), this.maxNs);
    }
    return this.maxNs;
  }

  /** The record's summary without its hdr text; percentiles that the count does not support are null. */
  summary(batchSize: number | null = 1): LatencySummary {
    const supported = (perTenThousand: number): number | null =>
      this.count * (QUANTILE_UNIT - perTenThousand) >= TAIL_SAMPLES * QUANTILE_UNIT
        ? this.quantileNs(perTenThousand)
        : null;
    return {
      count: this.count,
      minNs: this.minNs,
      p50Ns: supported(QUANTILES.p50Ns),
      p90Ns: supported(QUANTILES.p90Ns),
      p99Ns: supported(QUANTILES.p99Ns),
      p999Ns: supported(QUANTILES.p999Ns),
      p9999Ns: supported(QUANTILES.p9999Ns),
      maxNs: this.maxNs,
      hdr: null,
      batchSize,
    };
  }
}
