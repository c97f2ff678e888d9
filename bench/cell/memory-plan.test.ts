import { describe, expect, it } from 'vitest';
import { ARENA_ALIGN_BYTES, PAGE_BYTES, THREAD_BASE } from '../../core/abi/layout.ts';
import { UsageError } from '../../results/usage-error.ts';
import { type MemoryNeeds, planMemory } from './memory-plan.ts';
import { pressureOf } from './memory-pressure.ts';

const NEEDS: MemoryNeeds = {
  pageCount: 262_144,
  regionCount: 3,
  arenaBytes: 40 * 2 ** 20,
  eventCount: 1000,
  drawCount: 65_536,
  seriesCapacity: 128,
  moduleData: true,
};

describe('the plan of a memory', () => {
  it('places every part once, aligned, in the order of the layout', () => {
    const { pageCount: _, arenaPages, end, ...bases } = planMemory(NEEDS);
    const addresses = Object.values(bases);
    expect(addresses).toEqual([...addresses].sort((a, b) => a - b));
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(addresses[0]).toBeGreaterThan(THREAD_BASE);
    expect(addresses.every((address) => address % PAGE_BYTES === 0)).toBe(true);
    expect(bases.arenaBase % ARENA_ALIGN_BYTES).toBe(0);
    expect(end).toBe(bases.arenaBase + arenaPages * PAGE_BYTES);
  });

  it('refuses what a 4 GiB memory cannot hold, and says what it was asked for', () => {
    const needs = { ...NEEDS, arenaBytes: 4.1 * 2 ** 30 };
    expect(() => planMemory(needs)).toThrow(UsageError);
    expect(() => planMemory(needs)).toThrow(/needs 4\.\d+ GiB of shared memory \(262144 pages/);
  });
});

describe('memory pressure', () => {
  /** A GiB: a full table of 512 pages, and the directory pages of its one region. */
  const of = (memory: Parameters<typeof pressureOf>[0]) => pressureOf(memory, 262_144, 1);

  it('is none where memory is plentiful: two full tables and slack', () => {
    const { budgetPages, arenaBytes, reservePages, maxOrder } = of({ profile: 'plenty' });
    expect(budgetPages * PAGE_BYTES).toBe(arenaBytes);
    expect(budgetPages).toBeGreaterThan(2 * 512);
    expect({ reservePages, maxOrder }).toEqual({ reservePages: 0, maxOrder: 10 });
  });

  it('gives the tight profile a quarter of a full table, and keeps some of it for ATOMIC', () => {
    const { budgetPages, reservePages } = of({ profile: 'tight' });
    expect(budgetPages).toBe(128 + 2);
    expect(reservePages).toBe(4);
  });

  it('takes the large orders from aged memory, and lets a collapse end at an eighth', () => {
    expect(of({ profile: 'fragmented' }).maxOrder).toBe(2);
    expect(of({ profile: 'collapse' }).budgetEndPages).toBe(64 + 2);
    expect(of({ profile: 'atomic-only' }).atomicOnly).toBe(true);
    expect(of({ profile: 'reclaim' }).reclaimNs).toBeGreaterThan(0);
  });

  it('takes a budget in bytes instead, below the profile or above it', () => {
    expect(of({ profile: 'plenty', budgetBytes: 40_960 }).budgetPages).toBe(10);
    const { budgetPages, arenaBytes } = of({ profile: 'tight', budgetBytes: 2 ** 30 });
    expect(budgetPages * PAGE_BYTES).toBe(2 ** 30);
    expect(arenaBytes).toBeGreaterThanOrEqual(2 ** 30);
  });
});
