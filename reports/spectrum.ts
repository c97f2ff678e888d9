import { LatencyHistogram, slotHighestNs } from '../results/latency-histogram.ts';
import { estimate } from './estimate.ts';

/**
 * A latency distribution over the forks of a series on one grid of percentiles. The grid's unit is
 * nines, log10(1 / (1 - p)): 1 is p90, 3 is p99.9.
 */
export interface Spectrum {
  /** Samples of all forks together. */
  readonly count: number;
  readonly minNs: number;
  /** Exact, of all forks together. */
  readonly maxNs: number;
  /** [nines, median of the forks' quantiles in ns, low, high]; low and high null where pooled. */
  readonly points: readonly SpectrumPoint[];
  readonly batchSize: number | null;
}

export type SpectrumPoint = readonly [
  nines: number,
  valueNs: number,
  lowNs: number | null,
  highNs: number | null,
];

/** A quantile is shown only where this many samples lie beyond it. */
const TAIL_SAMPLES = 10;

/** p0 to p50 for the ECDF's lower half, then steps of 0.2 nines to p99.9999. */
const GRID: readonly number[] = [
  0,
  ...[0.05, 0.1, 0.25, 0.37, 0.5].map((p) => Number((-Math.log10(1 - p)).toFixed(4))),
  ...Array.from({ length: 29 }, (_, index) => Math.round(4 + index * 2) / 10),
];

/**
 * Quantiles at each grid point in one pass. Null where fewer than ten samples lie beyond.
 */
function gridQuantiles(histogram: LatencyHistogram): (number | null)[] {
  const quantiles: (number | null)[] = [];
  let slot = -1;
  let seen = 0;
  for (const nines of GRID) {
    const beyond = histogram.count * 10 ** -nines;
    if (beyond < TAIL_SAMPLES) {
      quantiles.push(null);
      continue;
    }
    const rank = Math.max(1, Math.ceil(histogram.count - beyond));
    while (seen < rank && slot + 1 < histogram.counts.length) {
      slot++;
      seen += histogram.counts[slot]!;
    }
    quantiles.push(Math.min(slotHighestNs(slot), histogram.maxNs!));
  }
  return quantiles;
}

/**
 * @param histograms one per fork that measured the operation
 * @returns null when nothing was measured
 */
export function spectrumOf(
  histograms: readonly LatencyHistogram[],
  batchSize: number | null,
): Spectrum | null {
  const filled = histograms.filter(({ count }) => count > 0);
  if (filled.length === 0) return null;
  const pooled = filled.length === 1 ? filled[0]! : LatencyHistogram.merge(filled);
  const perFork = filled.map(gridQuantiles);
  const together = gridQuantiles(pooled);
  const points: SpectrumPoint[] = [];
  for (let index = 0; index < GRID.length; index++) {
    const forks = perFork.map((quantiles) => quantiles[index]!);
    const pooledNs = together[index]!;
    if (pooledNs === null) break;
    const nines = GRID[index]!;
    // Where single forks are too short for this percentile the pooled one stands alone.
    const over = forks.some((value) => value === null) ? null : estimate(forks);
    points.push(
      over === null ? [nines, pooledNs, null, null] : [nines, over.value, over.low, over.high],
    );
  }
  return { count: pooled.count, minNs: pooled.minNs!, maxNs: pooled.maxNs!, points, batchSize };
}
