import { beforeAll, describe, expect, it } from 'vitest';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreInternals } from '../bench/fixtures/core-internals.ts';
import { slotOf } from '../results/latency-histogram.ts';
import * as layout from './abi/layout.ts';

let host: CoreHost;
let core: CoreInternals;

beforeAll(async () => {
  host = await CoreHost.create();
  core = host.thread();
});

describe('histogram', () => {
  it('puts every value where the reader looks for it', () => {
    const values = new Set<number>();
    for (let value = 0; value < 5000; value++) values.add(value);
    for (let exponent = 8; exponent < 40; exponent++) {
      const power = 2 ** exponent;
      const step = Math.max(1, power / 128);
      for (let slot = 0; slot <= 128; slot++) {
        for (const near of [-1, 0, 1]) values.add(power + slot * step + near);
      }
    }
    for (const value of values) {
      const slot = slotOf(value);
      if (slot >= layout.HISTOGRAM_SLOTS) continue;
      if (core.histogramSlot(BigInt(value)) !== slot) {
        expect(core.histogramSlot(BigInt(value)), `slot of ${value}`).toBe(slot);
      }
    }
    expect(slotOf(2 ** 40 - 1)).toBe(layout.HISTOGRAM_SLOTS - 1);
    expect(core.histogramSlot(2n ** 40n - 1n)).toBe(layout.HISTOGRAM_SLOTS - 1);
  });

  it('keeps what is too large in the last slot, and exact in the maximum', () => {
    const last = layout.HISTOGRAM_SLOTS - 1;
    expect(core.histogramSlot(2n ** 40n)).toBe(last);
    expect(core.histogramSlot(2n ** 63n)).toBe(last);
    core.histogramRecord(layout.HISTOGRAM_TEARDOWN, 2n ** 41n);
    core.histogramRecord(layout.HISTOGRAM_TEARDOWN, 300n);
    const { count, minNs, maxNs } = host.state.histogram(layout.HISTOGRAM_TEARDOWN);
    expect({ count, minNs, maxNs }).toEqual({ count: 2, minNs: 300, maxNs: 2 ** 41 });
  });

  it('counts for the calling thread; the host adds the threads up', () => {
    const values = [0, 1, 255, 256, 257, 1000, 1_000_000];
    for (const [i, value] of values.entries()) {
      host.thread(i % 3).histogramRecord(layout.HISTOGRAM_FAULT, BigInt(value));
    }
    const { count, minNs, maxNs, counts } = host.state.histogram(layout.HISTOGRAM_FAULT);
    expect({ count, minNs, maxNs }).toEqual({ count: 7, minNs: 0, maxNs: 1_000_000 });
    for (const value of values) expect(counts[slotOf(value)]).toBeGreaterThan(0);
  });
});
