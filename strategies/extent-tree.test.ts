import { describe, expect, it } from 'vitest';
import { startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import {
  COUNT_COLLATERAL,
  COUNT_DEGRADED,
  MEMORY_RESERVE,
  MEMORY_TABLE,
  OK,
} from '../core/abi/terms.ts';
import {
  EVENT_CLEAR,
  OP_INVALIDATE,
  OP_MAP,
  PROT_READ,
  VMA_HUGE,
} from '../core/abi/trace-event.ts';

const BLOCK = 512;
const LEAF_EXTENTS = 254;

/** One 2 MiB mapping of consecutive frames, in the table as one extent. */
function oneExtent(params: Record<string, number> = {}) {
  const host = startedHost('extent-tree', { params });
  host.event(OP_MAP, 0, BLOCK, PROT_READ | VMA_HUGE);
  expect(host.access(0, false)).toBe(OK);
  return host;
}

function present(host: ReturnType<typeof startedHost>, first: number, count: number): boolean[] {
  const entries = host.translations(host.regionAddress(0), first, count);
  return entries.map((entry) => (entry & 1n) !== 0n);
}

function touch(host: ReturnType<typeof startedHost>, first: number, end: number): void {
  for (let page = first; page < end; page++) expect(host.access(page, false)).toBe(OK);
}

describe('memory follows fragmentation', () => {
  it('a run of any length is one item of one page, and the page goes with it', () => {
    const host = oneExtent();
    expect(present(host, 0, BLOCK)).not.toContain(false);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(1);
    host.event(OP_INVALIDATE, 0, BLOCK, EVENT_CLEAR);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(0);
    expect(stopHost(host)).toBe(0);
  });

  it('scattered frames are an item each; leaves split when they are full', () => {
    const host = startedHost('extent-tree', { contiguity: 0 });
    host.event(OP_MAP, 0, 4 * BLOCK, PROT_READ);
    touch(host, 0, LEAF_EXTENTS - 1);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(1);
    touch(host, LEAF_EXTENTS - 1, 4 * BLOCK);
    expect(present(host, 0, 4 * BLOCK)).not.toContain(false);
    // 2,048 items in leaves at least half full, and a root.
    const nodes = host.pagesOfKind(MEMORY_TABLE);
    expect(nodes).toBeGreaterThan((4 * BLOCK) / LEAF_EXTENTS + 1);
    expect(nodes).toBeLessThanOrEqual((4 * BLOCK) / (LEAF_EXTENTS / 2) + 1);
    host.event(OP_INVALIDATE, 0, 4 * BLOCK, EVENT_CLEAR);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(0);
    expect(stopHost(host)).toBe(0);
  });

  it('faults that continue a run are merged into it', () => {
    const host = startedHost('extent-tree', { contiguity: 1 });
    host.event(OP_MAP, 0, 4 * BLOCK, PROT_READ);
    touch(host, 0, 4 * BLOCK);
    expect(present(host, 0, 4 * BLOCK)).not.toContain(false);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(1);
    expect(stopHost(host)).toBe(0);
  });
});

describe('a hole in an extent', () => {
  const holeAt = (host: ReturnType<typeof startedHost>, page: number) =>
    host.event(OP_INVALIDATE, page, 1, EVENT_CLEAR);

  it('keeps both rests with a spare page, and asks nobody for memory', () => {
    const host = startedHost('extent-tree', { contiguity: 1 });
    host.event(OP_MAP, 0, 64, PROT_READ);
    touch(host, 0, 64);
    host.failAllocations({});
    holeAt(host, 40);
    expect(host.injectedFailures).toBe(0);
    expect(present(host, 0, 64).flatMap((is, page) => (is ? [] : [page]))).toEqual([40]);
    expect(host.state.count(COUNT_COLLATERAL)).toBe(0);
    expect(host.pagesOfKind(MEMORY_RESERVE)).toBe(7);
    host.failAllocations(null);
    host.maintain();
    expect(host.pagesOfKind(MEMORY_RESERVE)).toBe(8);
    expect(stopHost(host)).toBe(0);
  });

  it('keeps the larger rest when the spares are used up, and the smaller one refaults', () => {
    const host = startedHost('extent-tree', { params: { spare: 0 }, contiguity: 1 });
    host.event(OP_MAP, 0, 64, PROT_READ);
    touch(host, 0, 64);
    host.failAllocations({});
    holeAt(host, 40);
    const left = present(host, 0, 64);
    expect(left.slice(0, 40)).not.toContain(false);
    expect(left.slice(40)).not.toContain(true);
    expect(host.state.count(COUNT_DEGRADED)).toBe(1);
    expect(host.state.count(COUNT_COLLATERAL)).toBe(23);
    holeAt(host, 10);
    expect(present(host, 0, 64).flatMap((is, page) => (is ? [page] : []))[0]).toBe(11);
    host.failAllocations(null);
    expect(host.access(63, false)).toBe(OK);
    expect(stopHost(host)).toBe(0);
  });
});

it('an update without memory changes nothing', () => {
  const host = oneExtent();
  host.event(OP_MAP, BLOCK, BLOCK, PROT_READ);
  const before = host.translations(host.regionAddress(0), 0, 2 * BLOCK);
  host.failAllocations({});
  expect(host.access(BLOCK, false)).not.toBe(OK);
  expect(host.translations(host.regionAddress(0), 0, 2 * BLOCK)).toEqual(before);
  host.failAllocations(null);
  expect(host.access(BLOCK, false)).toBe(OK);
  expect(stopHost(host)).toBe(0);
});
