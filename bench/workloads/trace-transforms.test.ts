import { describe, expect, it } from 'vitest';
import { checkPageTrace } from './check-page-trace.ts';
import { compressTrace, scaleToRate } from './compress-trace.ts';
import { storm } from './storm.ts';
import { teardown } from './teardown.ts';
import { tileTrace } from './tile-trace.ts';
import { profileTrace } from './trace-profile.ts';

const trace = storm.make({ spaceMiB: 64, seconds: 0.25 }, 1);

describe('compressTrace', () => {
  it('keeps the events and divides their times', () => {
    const fast = compressTrace(trace, 10);
    expect(checkPageTrace(fast, { strict: true })).toEqual([]);
    expect(fast.eventCount).toBe(trace.eventCount);
    expect(fast.durationNs).toBe(Math.ceil(trace.durationNs / 10));
    expect(profileTrace(fast).rangesPerSecond / profileTrace(trace).rangesPerSecond).toBeCloseTo(
      10,
      1,
    );
    expect(profileTrace(fast).sizeCounts).toEqual(profileTrace(trace).sizeCounts);
  });

  it('stretches with a factor below one', () => {
    expect(compressTrace(trace, 0.5).durationNs).toBe(trace.durationNs * 2);
  });
});

describe('scaleToRate', () => {
  it('meets the rate on average and stays bursty', () => {
    const scaled = scaleToRate(trace, 50_000);
    expect(profileTrace(scaled).rangesPerSecond).toBeCloseTo(50_000, -2);
    expect(checkPageTrace(scaled, { strict: true })).toEqual([]);
  });
});

describe('tileTrace', () => {
  it('holds every event once per copy, in time order, in a space of its own', () => {
    const tiled = tileTrace(trace, 5, 7);
    expect(checkPageTrace(tiled, { strict: true })).toEqual([]);
    expect(tiled.pageCount).toBe(trace.pageCount * 5);
    expect(tiled.eventCount).toBe(trace.eventCount * 5);
    expect(tiled.counts.ranges).toBe(trace.counts.ranges! * 5);
    expect(Buffer.compare(tileTrace(trace, 5, 7).events, tiled.events)).toBe(0);
    expect(Buffer.compare(tileTrace(trace, 5, 8).events, tiled.events)).not.toBe(0);
  });

  it('lets the other copies live when one exits', () => {
    const ending = teardown.make({ spaceMiB: 16, seconds: 0.05 }, 1);
    expect(checkPageTrace(tileTrace(ending, 8, 1), { strict: true })).toEqual([]);
  });

  it('is the trace itself for one copy', () => {
    expect(Buffer.compare(tileTrace(trace, 1, 3).events, trace.events)).toBe(0);
  });

  it('refuses a space that page numbers cannot hold', () => {
    expect(() => tileTrace(trace, 1_000_000, 1)).toThrow('exceed 2^31 pages');
  });
});
