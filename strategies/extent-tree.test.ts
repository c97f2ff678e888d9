import { describe, expect, it } from 'vitest';
import { presentPages, startedHost, stopHost, touchAll } from '../bench/fixtures/started-host.ts';
import {
  COUNT_COLLATERAL,
  COUNT_DEGRADED,
  COUNT_ENTRIES_WRITTEN,
  MEMORY_RESERVE,
  MEMORY_TABLE,
  OK,
} from '../core/abi/terms.ts';
import {
  EVENT_CLEAR,
  OP_FAULT,
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

describe('memory follows fragmentation', () => {
  it('a run of any length is one item of one page, and the page goes with it', () => {
    const host = oneExtent();
    expect(presentPages(host, 0, BLOCK)).toHaveLength(BLOCK);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(1);
    host.event(OP_INVALIDATE, 0, BLOCK, EVENT_CLEAR);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(0);
    expect(stopHost(host)).toBe(0);
  });

  it('scattered frames are an item each; leaves split when they are full', () => {
    const host = startedHost('extent-tree', { contiguity: 0 });
    host.event(OP_MAP, 0, 4 * BLOCK, PROT_READ);
    touchAll(host, 0, LEAF_EXTENTS - 1);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(1);
    touchAll(host, LEAF_EXTENTS - 1, 4 * BLOCK);
    expect(presentPages(host, 0, 4 * BLOCK)).toHaveLength(4 * BLOCK);
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
    touchAll(host, 0, 4 * BLOCK);
    expect(presentPages(host, 0, 4 * BLOCK)).toHaveLength(4 * BLOCK);
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
    touchAll(host, 0, 64);
    host.failAllocations({});
    holeAt(host, 40);
    expect(host.injectedFailures).toBe(0);
    expect(presentPages(host, 0, 64)).toEqual([...Array(64).keys()].filter((page) => page !== 40));
    expect(host.state.count(COUNT_COLLATERAL)).toBe(0);
    expect(host.pagesOfKind(MEMORY_RESERVE)).toBe(7);
    host.failAllocations(null);
    host.maintain();
    expect(host.pagesOfKind(MEMORY_RESERVE)).toBe(8);
    expect(stopHost(host)).toBe(0);
  });

  it('tells the device about every item of a node it copies', () => {
    const host = startedHost('extent-tree', { contiguity: 0 });
    host.event(OP_MAP, 0, 32, PROT_READ);
    host.event(OP_FAULT, 0, 32);
    touchAll(host, 0, 1);
    const first = host.state.count(COUNT_ENTRIES_WRITTEN);
    expect(first).toBe(16);
    touchAll(host, 16, 17);
    expect(host.state.count(COUNT_ENTRIES_WRITTEN) - first).toBe(32);
    expect(stopHost(host)).toBe(0);
    const one = oneExtent();
    const whole = one.state.count(COUNT_ENTRIES_WRITTEN);
    expect(one.invalidate(0, 40, 1, EVENT_CLEAR)).toBe(OK);
    expect(one.state.count(COUNT_ENTRIES_WRITTEN) - whole).toBe(2);
    expect(stopHost(one)).toBe(0);
  });

  it('keeps the larger rest when the spares are used up, and the smaller one refaults', () => {
    const host = startedHost('extent-tree', { params: { spare: 0 }, contiguity: 1 });
    host.event(OP_MAP, 0, 64, PROT_READ);
    touchAll(host, 0, 64);
    host.failAllocations({});
    holeAt(host, 40);
    expect(presentPages(host, 0, 64)).toEqual([...Array(40).keys()]);
    expect(host.state.count(COUNT_DEGRADED)).toBe(1);
    expect(host.state.count(COUNT_COLLATERAL)).toBe(23);
    holeAt(host, 10);
    expect(presentPages(host, 0, 64)[0]).toBe(11);
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
