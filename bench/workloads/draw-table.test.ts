import { describe, expect, it } from 'vitest';
import { drawTable } from './draw-table.ts';

const PAGES = 512 * 128;

function countsOf(draws: Uint32Array): number[] {
  const counts = new Map<number, number>();
  for (const page of draws) counts.set(page, (counts.get(page) ?? 0) + 1);
  return [...counts.values()].sort((left, right) => right - left);
}

describe('drawTable', () => {
  it('stays inside the space, is the same for a seed and another for another', () => {
    for (const access of [
      { kind: 'uniform' },
      { kind: 'zipf', exponent: 0.99 },
      { kind: 'hot-recent', hotShare: 0.9 },
    ] as const) {
      const draws = drawTable(access, PAGES, 1);
      expect(draws).toHaveLength(65_536);
      expect(draws.every((page) => page < PAGES)).toBe(true);
      expect(
        Buffer.from(drawTable(access, PAGES, 1).buffer).equals(Buffer.from(draws.buffer)),
      ).toBe(true);
      const other = drawTable(access, PAGES, 2);
      expect(Buffer.from(other.buffer).equals(Buffer.from(draws.buffer))).toBe(false);
    }
  });

  it('draws zipf with the exponent asked for', () => {
    for (const exponent of [0.8, 1, 1.5]) {
      const counts = countsOf(drawTable({ kind: 'zipf', exponent }, PAGES, 3, 1 << 19));
      // Between the first and the sixteenth rank the frequency falls by 16^exponent.
      const ratio = counts[0]! / counts[15]!;
      expect(ratio / 16 ** exponent).toBeGreaterThan(0.75);
      expect(ratio / 16 ** exponent).toBeLessThan(1.35);
    }
  });

  it('spreads hot pages over blocks', () => {
    const draws = drawTable({ kind: 'zipf', exponent: 1.2 }, PAGES, 4);
    const counts = new Map<number, number>();
    for (const page of draws) counts.set(page, (counts.get(page) ?? 0) + 1);
    const hottest = [...counts.entries()].sort((left, right) => right[1] - left[1]).slice(0, 32);
    expect(new Set(hottest.map(([page]) => Math.floor(page / 512))).size).toBe(32);
  });

  it('reaches every page and none more than its share when uniform', () => {
    const counts = countsOf(drawTable({ kind: 'uniform' }, 1024, 5, 1 << 16));
    expect(counts).toHaveLength(1024);
    expect(counts[0]).toBeLessThan(64 * 2);
  });

  it('walks the space in order when sequential', () => {
    const draws = drawTable({ kind: 'sequential' }, 1024, 0, 4096);
    expect([...draws.slice(1022, 1027)]).toEqual([1022, 1023, 0, 1, 2]);
  });
});
