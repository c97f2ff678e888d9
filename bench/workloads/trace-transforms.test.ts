import { describe, expect, it } from 'vitest';
import { checkPageTrace } from './check-page-trace.ts';
import { compressTrace } from './compress-trace.ts';
import { storm } from './storm.ts';
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
