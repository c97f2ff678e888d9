import fc from 'fast-check';
import { build, decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { hdrTextOf, histogramOf, storedSummary } from './hdr-text.ts';
import { LatencyHistogram, slotHighestNs, slotLowestNs, slotOf } from './latency-histogram.ts';

const CORE_SLOTS = 4352;
const latencyNs = fc.oneof(
  fc.integer({ min: 0, max: 1000 }),
  fc.integer({ min: 0, max: 10_000_000 }),
  fc.integer({ min: 0, max: 2 ** 40 - 1 }),
);
const QUANTILES = [5000, 9000, 9900, 9990, 9999];

function hdrOf(samples: readonly number[]) {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 40 - 1,
    numberOfSignificantValueDigits: 2,
    bitBucketSize: 64,
  });
  for (const sample of samples) histogram.recordValue(sample);
  return histogram;
}

/** The core's own formula, with the leading-zero count that wasm has. */
function coreSlot(value: bigint): number {
  if (value < 256n) return Number(value);
  const exponent = value.toString(2).length - 1;
  const bucket = exponent - 7;
  return (bucket << 7) + Number(value >> BigInt(bucket));
}

describe('slots', () => {
  test('follow the formula of the core, and 4352 of them reach 2^40 ns', () => {
    fc.assert(fc.property(latencyNs, (value) => slotOf(value) === coreSlot(BigInt(value))));
    for (let exponent = 8; exponent <= 40; exponent++) {
      for (const value of [2 ** exponent - 1, 2 ** exponent, 2 ** exponent + 1]) {
        expect(slotOf(value)).toBe(coreSlot(BigInt(value)));
      }
    }
    expect(slotOf(2 ** 40 - 1)).toBe(CORE_SLOTS - 1);
  });

  test('tile the values without gap or overlap', () => {
    for (let slot = 0; slot < CORE_SLOTS; slot++) {
      expect(slotOf(slotLowestNs(slot))).toBe(slot);
      expect(slotOf(slotHighestNs(slot))).toBe(slot);
      expect(slotLowestNs(slot + 1)).toBe(slotHighestNs(slot) + 1);
    }
  });
});

describe('quantiles', () => {
  test('are the naive quantile within 1/128, never below it', () => {
    fc.assert(
      fc.property(fc.array(latencyNs, { minLength: 1, maxLength: 400 }), (samples) => {
        const histogram = LatencyHistogram.fromSamples(samples);
        const sorted = [...samples].sort((a, b) => a - b);
        for (const q of QUANTILES) {
          const exact = sorted[Math.max(0, Math.ceil((samples.length * q) / 10_000) - 1)]!;
          const found = histogram.quantileNs(q)!;
          expect(found).toBeGreaterThanOrEqual(exact);
          expect(found).toBeLessThanOrEqual(exact + exact / 128);
        }
        expect(histogram.minNs).toBe(sorted[0]);
        expect(histogram.maxNs).toBe(sorted.at(-1));
      }),
    );
  });

  test('agree with hdr-histogram-js, which does not know the exact maximum', () => {
    fc.assert(
      fc.property(fc.array(latencyNs, { minLength: 1, maxLength: 200 }), (samples) => {
        const histogram = LatencyHistogram.fromSamples(samples);
        const hdr = hdrOf(samples);
        for (const q of QUANTILES) {
          const theirs = hdr.getValueAtPercentile(q / 100);
          expect(histogram.quantileNs(q)).toBe(Math.min(theirs, Math.max(...samples)));
        }
      }),
    );
  });

  test.each([
    ['p50Ns', 20],
    ['p90Ns', 100],
    ['p99Ns', 1000],
    ['p999Ns', 10_000],
    ['p9999Ns', 100_000],
  ] as const)('%s is published from %i samples on', (name, count) => {
    expect(LatencyHistogram.fromCounts([count - 1]).summary()[name]).toBeNull();
    expect(LatencyHistogram.fromCounts([count]).summary()[name]).toBe(0);
  });
});

describe('exchange', () => {
  test('the core’s u64 words and samples give the same histogram', () => {
    const samples = [3, 3, 255, 256, 1_000_000, 2 ** 39];
    const words = new BigUint64Array(CORE_SLOTS);
    for (const sample of samples) words[coreSlot(BigInt(sample))]! += 1n;
    const histogram = LatencyHistogram.fromCounts(words, 3, 2 ** 39);
    expect(histogram).toEqual(LatencyHistogram.fromSamples(samples));
  });

  test('a decoded hdr text holds the same counts; extremes come back exact', () => {
    fc.assert(
      fc.property(fc.array(latencyNs, { maxLength: 100 }), (samples) => {
        const histogram = LatencyHistogram.fromSamples(samples);
        expect(histogramOf(storedSummary(histogram))).toEqual(histogram);
        expect(decodeFromCompressedBase64(hdrTextOf(histogram)).totalCount).toBe(samples.length);
      }),
    );
  });

  test('merging parts equals recording all', () => {
    fc.assert(
      fc.property(fc.array(fc.array(latencyNs, { maxLength: 60 }), { maxLength: 5 }), (parts) => {
        const merged = LatencyHistogram.merge(parts.map((p) => LatencyHistogram.fromSamples(p)));
        expect(merged).toEqual(LatencyHistogram.fromSamples(parts.flat()));
      }),
    );
  });

  test('counts beyond 32 bits survive', () => {
    const histogram = LatencyHistogram.fromSparseCounts([[200, 2 ** 35]], 200, 200);
    expect(histogramOf(storedSummary(histogram))!.count).toBe(2 ** 35);
  });

  test('no samples: counts 0, every time null', () => {
    const summary = LatencyHistogram.fromCounts(new BigUint64Array(CORE_SLOTS)).summary();
    expect(summary).toMatchObject({ count: 0, minNs: null, p50Ns: null, maxNs: null });
  });
});
