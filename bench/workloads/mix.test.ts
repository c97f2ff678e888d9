import { describe, expect, it } from 'vitest';
import { checkPageTrace } from './check-page-trace.ts';
import { fitMix } from './fit-mix.ts';
import { mix } from './mix.ts';
import { mixLevel, mixModelSchema } from './mix-model.ts';
import { storm } from './storm.ts';
import { profileTrace, type TraceProfile } from './trace-profile.ts';
import { findWorkload } from './workload-catalogue.ts';

const original = storm.make({ seconds: 4 }, 1);
const model = fitMix(original);

function smallShare({ sizeCounts, rangeCount }: TraceProfile): number {
  return sizeCounts[0]! / rangeCount;
}

describe('fitMix', () => {
  it('gives plain JSON that the schema accepts', () => {
    expect(mixModelSchema.parse(JSON.parse(JSON.stringify(model)))).toEqual(model);
  });

  it('refuses a trace without ranges', () => {
    expect(() => fitMix({ ...original, events: new Uint8Array(), eventCount: 0 })).toThrow(
      '0 notifier ranges; fitting needs two',
    );
  });

  it('puts counts into levels by powers of two', () => {
    expect([0, 1, 2, 3, 4, 7, 8].map(mixLevel)).toEqual([0, 1, 2, 2, 3, 3, 4]);
  });
});

describe('mix', () => {
  const again = mix.make({ model, seconds: 4 }, 5);

  it('keeps rate, sizes and burstiness of what it was fitted to', () => {
    expect(checkPageTrace(again, { strict: true })).toEqual([]);
    const from = profileTrace(original);
    const to = profileTrace(again);
    expect(to.rangesPerSecond / from.rangesPerSecond).toBeGreaterThan(0.6);
    expect(to.rangesPerSecond / from.rangesPerSecond).toBeLessThan(1.7);
    expect(Math.abs(smallShare(to) - smallShare(from))).toBeLessThan(0.03);
    expect(to.burstShare).toBeGreaterThan(0.6);
    expect(to.peakRangesPer10ms / from.peakRangesPer10ms).toBeGreaterThan(0.4);
    expect(to.peakRangesPer10ms / from.peakRangesPer10ms).toBeLessThan(2.5);
    expect(Math.abs(fitMix(again).adjacentShare - model.adjacentShare)).toBeLessThan(0.05);
  });

  it('scales ranges and space a hundredfold', () => {
    const small = { ...model, spacePages: 2048, hugeShare: 0 };
    const one = mix.make({ model: small, seconds: 0.2 }, 2);
    const hundred = mix.make({ model: small, seconds: 0.2, scale: 100 }, 2);
    expect(hundred.pageCount).toBe(one.pageCount * 100);
    expect(hundred.counts.ranges! / one.counts.ranges!).toBeGreaterThan(80);
    expect(checkPageTrace(hundred, { strict: true })).toEqual([]);
  });

  it.each(['munmap-churn', 'cow-after-fork', 'thp-break-collapse', 'gpu-migrate', 'oom-reaper'])(
    'obeys the rules when fitted to %s',
    (id) => {
      const fitted = fitMix(findWorkload(id).make({ spaceMiB: 32, seconds: 0.3 }, 1));
      for (const seed of [1, 2]) {
        expect(
          checkPageTrace(mix.make({ model: fitted, seconds: 0.3 }, seed), { strict: true }),
        ).toEqual([]);
      }
    },
  );

  it('names what is wrong in a model', () => {
    expect(() => mix.make({ model: { ...model, hugeShare: 2 } }, 1)).toThrow(
      'workload mix: model: hugeShare: expected a number 0..1, got 2',
    );
    expect(() => mix.make({ model: 3 }, 1)).toThrow('workload mix: model: ');
    expect(() => mix.make({ scal: 3 }, 1)).toThrow('did you mean "scale"?');
  });
});
