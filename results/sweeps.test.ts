import { describe, expect, test } from 'vitest';
import { cellRecordFixture } from './fixtures/cell-record-fixture.ts';
import { exponentText, growthsOf } from './growth.ts';
import { kneesOf } from './knee.ts';

function atRate(perSecond: number, achievedPerSecond: number, notifierP50Ns = 1000) {
  const load = { loop: 'open', offeredPerSecond: perSecond, achievedPerSecond } as const;
  const names = { variant: `${perSecond}ps`, cellId: `rate-${perSecond}`, load };
  return cellRecordFixture({ notifierP50Ns, overrides: names });
}

describe('the knee', () => {
  test('is the lowest rate that is not achieved', () => {
    const [knee] = kneesOf([atRate(4000, 2500), atRate(1000, 1000), atRate(2000, 1990)]);
    expect(knee).toMatchObject({ strategy: 'deposit', atPerSecond: 4000 });
    expect(knee!.points.map(({ saturated }) => saturated)).toEqual([false, false, true]);
    expect(knee!.sentence).toMatch(
      /^knee at 4000\/s offered, 2500\/s achieved; at 2000\/s it keeps up/,
    );
  });

  test('is also where p99 passes 2 ms, and none where neither happens', () => {
    const slow = kneesOf([atRate(1000, 1000), atRate(2000, 2000, 5e6)])[0]!;
    expect(slow.atPerSecond).toBe(2000);
    expect(slow.sentence).toContain('is above 2 ms');
    const kept = kneesOf([atRate(1000, 1000), atRate(2000, 2000)])[0]!;
    expect(kept).toMatchObject({ atPerSecond: null });
    expect(kept.sentence).toContain('no knee up to 2000/s');
  });

  test('at the lowest rate lies there or below', () => {
    const [knee] = kneesOf([atRate(1000, 900), atRate(2000, 900)]);
    expect(knee!.sentence).toBe(
      'at or below 1000/s: saturated from the first rate, 900/s achieved',
    );
    const [slow] = kneesOf([atRate(1000, 1000, 5e6), atRate(2000, 2000, 5e6)]);
    expect(slow!.sentence).toMatch(
      /^at or below 1000\/s: behind from the first rate, notifier p99/,
    );
  });

  test('needs two rates of one scenario', () => {
    expect(kneesOf([atRate(1000, 1000), cellRecordFixture()])).toEqual([]);
  });
});

describe('growth', () => {
  const at = (regions: number, notifierP50Ns: number, spaceMiB = 64) =>
    cellRecordFixture({
      notifierP50Ns,
      workload: 'storm',
      overrides: { workloadParams: { regions, spaceMiB }, cellId: `r${regions}-${spaceMiB}` },
    });
  const notifier = (records: Parameters<typeof growthsOf>[0]) =>
    growthsOf(records).filter(({ metric }) => metric === 'notifier-p50');

  test('of a figure that doubles with its size has exponent 1 and is worse than log', () => {
    const [growth] = notifier([at(1, 1000), at(64, 64_000), at(8, 8000), at(4, 4000)]);
    expect(growth!.exponent).toBeCloseTo(1, 2);
    expect(growth).toMatchObject({ size: 'regions', withinLog: false });
    expect(growth!.sentence).toMatch(
      /^notifier p50 1 us at 1 region, 64 us at 64, x(2|1\.99|2\.01) per doubling .*; worse than O\(log regions\)/,
    );
  });

  test('of one that takes a step more per doubling is within log', () => {
    const [growth] = notifier([at(1, 1000), at(8, 3500), at(16, 4500), at(64, 6500)]);
    expect(growth).toMatchObject({ withinLog: true });
    expect(growth!.sentence).toContain('no worse than O(log regions)');
  });

  test('is not called logarithmic, or worse, over too few sizes to tell', () => {
    for (const double of [at(2, 1100), at(2, 1900)]) {
      const [growth] = notifier([at(1, 1000), double]);
      expect(growth).toMatchObject({ withinLog: null });
      expect(growth!.sentence).toContain('2 sizes: too few to tell O(log n) from O(n)');
      expect(growth!.sentence).not.toContain('worse than');
    }
  });

  test('one step early on a nearly flat line is not worse than log; threads that double cost are', () => {
    const flat = [at(1, 1000), at(2, 2100), at(100, 2100), at(10_000, 2100)];
    expect(notifier(flat)[0]).toMatchObject({ withinLog: true });
    const linear = [1, 2, 4, 8].map((size) => at(size, 1000 * size ** 0.9));
    expect(notifier(linear)[0]).toMatchObject({ withinLog: false });
    const still = notifier([at(1, 1000), at(64, 999)])[0]!;
    expect(still.sentence).toContain(', flat (exponent 0.00);');
    expect(exponentText(-0.001)).toBe('0.00');
  });

  test('names what grew with it, and joins nothing where that is ambiguous', () => {
    const [growth] = notifier([at(1, 1000), at(8, 1000, 128)]);
    expect(growth!.scenario).toContain('spaceMiB=64 to 128 with it');
    expect(notifier([at(1, 1000), at(1, 900, 128), at(8, 1000)])).toEqual([]);
  });
});
