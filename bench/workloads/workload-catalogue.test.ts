import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPageTrace } from './check-page-trace.ts';
import type { Workload } from './workload.ts';
import { findWorkload, WORKLOADS } from './workload-catalogue.ts';

/** Small enough for many runs: 16 MiB, a quarter of a second. */
const SMALL = { spaceMiB: 16, seconds: 0.25 };

/** The parameters that the workload has: `mix` takes its space from the recording. */
function known(workload: Workload, params: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name in workload.parameters));
}

describe.each(WORKLOADS.map((workload) => [workload.id, workload] as const))(
  '%s',
  (_id, workload) => {
    it('obeys the rules of the core for several seeds', () => {
      for (const seed of [0, 1, 0xffff_ffff]) {
        const trace = workload.make(known(workload, SMALL), seed);
        expect(checkPageTrace(trace, { strict: true })).toEqual([]);
        expect(trace.counts.ranges).toBeGreaterThan(0);
      }
    });

    it('is the same bytes for the same seed and others for another', () => {
      const trace = workload.make(known(workload, SMALL), 7);
      const again = workload.make(known(workload, SMALL), 7);
      const other = workload.make(known(workload, SMALL), 8);
      expect(Buffer.compare(trace.events, again.events)).toBe(0);
      expect(Buffer.compare(trace.events, other.events)).not.toBe(0);
    });

    it('names its sources and takes its defaults from inside their ranges', () => {
      expect(workload.source).toMatch(/recording\.md|domain\.md|node-gc|redis-bgsave|storm-async/);
      for (const spec of Object.values(workload.parameters)) {
        expect(spec.source.length).toBeGreaterThan(0);
        expect(spec.default).toBeGreaterThanOrEqual(spec.min);
        expect(spec.default).toBeLessThanOrEqual(spec.max);
      }
    });

    it('covers its space with the regions asked for', () => {
      const trace = workload.make(known(workload, { ...SMALL, regions: 7 }), 1);
      expect(trace.regions).toHaveLength(7);
      expect(trace.regions.reduce((sum, region) => sum + region.pageCount, 0)).toBe(
        trace.pageCount,
      );
      expect(checkPageTrace(trace)).toEqual([]);
    });

    it('obeys the rules at any allowed parameters near its defaults', () => {
      const entries = Object.entries(workload.parameters).filter(([name]) => !(name in SMALL));
      const params = fc.record(
        Object.fromEntries(
          entries.map(([name, spec]) => {
            const low = Math.max(spec.min, spec.default / 8);
            const high = Math.min(spec.max, spec.default * 8);
            const step = spec.step;
            const value =
              step === undefined
                ? fc.double({ min: low, max: high, noNaN: true })
                : fc
                    .integer({ min: Math.ceil(low / step), max: Math.floor(high / step) })
                    .map((n) => n * step);
            return [name, value];
          }),
        ),
        { requiredKeys: [] },
      );
      fc.assert(
        fc.property(params, fc.nat(), (values, seed) => {
          const trace = workload.make(
            known(workload, { ...values, spaceMiB: 16, seconds: 0.005 }),
            seed,
          );
          return checkPageTrace(trace, { strict: true }).length === 0;
        }),
        { numRuns: 8, seed: 1 },
      );
    });
  },
);

describe('parameters', () => {
  const storm = findWorkload('storm');

  it('refuses what is unknown or outside its range, naming path and range', () => {
    expect(() => storm.make({ burstMS: 3 }, 1)).toThrow(
      'workload storm: unknown key "burstMS" (did you mean "burstMs"?)',
    );
    for (const bad of [Number.NaN, -1, 1e12, Number.POSITIVE_INFINITY, '3', null]) {
      expect(() => storm.make({ burstMs: bad }, 1)).toThrow(
        /^workload storm: burstMs: expected a number 0\.1\.\.1000, got/,
      );
    }
    expect(() => storm.make({ spaceMiB: 9 }, 1)).toThrow(
      'workload storm: spaceMiB: expected a multiple of 2, 8..262144, got 9',
    );
  });

  it('names the nearest workload', () => {
    expect(() => findWorkload('munmap-chrun')).toThrow('did you mean "munmap-churn"?');
  });
});
