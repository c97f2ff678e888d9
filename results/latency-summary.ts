import { z } from 'zod';

/** A count or a size: never negative, `null` where it was not measured. */
export const figure = z.number().nonnegative().nullable().default(null);

/**
 * One latency distribution of one cell. Times are nanoseconds; a percentile is `null` where fewer
 * than ten samples lie beyond it (p50 from 20 samples, p99 from 1,000, p99.99 from 100,000).
 */
export const latencySummarySchema = z.object({
  count: figure,
  /** Exact, not a bucket's edge. */
  minNs: figure,
  p50Ns: figure,
  p90Ns: figure,
  p99Ns: figure,
  p999Ns: figure,
  p9999Ns: figure,
  /** Exact, not a bucket's edge. */
  maxNs: figure,
  /** HdrHistogram V2, compressed, base64; 2 significant digits. */
  hdr: z.string().nullable().default(null),
  /** 1: each sample is one operation. n > 1: each sample is the mean of a batch of n operations. */
  batchSize: z.number().int().positive().nullable().default(null),
});

export type LatencySummary = z.output<typeof latencySummarySchema>;

const windowLatencySchema = z.object({
  count: figure,
  p50Ns: figure,
  p99Ns: figure,
  p999Ns: figure,
  maxNs: figure,
});

/**
 * A block of the measured window, for charts over time. Blocks of one cell are equally long and follow one
 * another.
 */
export const latencyWindowSchema = z.object({
  /** Start, from the start of the measured window. */
  timeNs: z.number().nonnegative(),
  durationNs: z.number().positive(),
  notifier: windowLatencySchema.prefault({}),
  fault: windowLatencySchema.prefault({}),
  /** Whether an invalidation storm was on; null where the workload does not say. */
  storm: z.boolean().nullable().default(null),
  gcEvents: figure,
});

export type LatencyWindow = z.output<typeof latencyWindowSchema>;
