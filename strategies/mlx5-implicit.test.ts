import { describe, expect, it } from 'vitest';
import { startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import { PLAN_MAX_ORDER, REGION_STRATEGY } from '../core/abi/layout.ts';
import {
  COUNT_FAULT_RETRIES,
  COUNT_UPDATE_FAILED,
  ENOMEM,
  MEMORY_TABLE,
  OK,
} from '../core/abi/terms.ts';
import { EVENT_UNMAP, OP_INVALIDATE, OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const GIB_PAGES = 262_144;
const CHILD_TABLE_PAGES = 512 + 1;
const PARENT_PAGES = 1;

function mappedHost(pageCount: number, maxOrder = 10, params: Record<string, number> = {}) {
  const host = startedHost('mlx5-implicit', {
    pageCount,
    arenaPages: 2048,
    params,
    prepare: (fresh) => fresh.state.set(PLAN_MAX_ORDER, maxOrder),
  });
  host.event(OP_MAP, 0, pageCount, PROT_READ);
  return host;
}

describe('a child', () => {
  it.each([
    [10, 3],
    [7, 32],
    [2, 512],
  ])(
    'takes, at order %i and below, %i commands to zap, one to fill and one to link',
    (maxOrder, zaps) => {
      const host = mappedHost(GIB_PAGES, maxOrder);
      const before = host.commandsPosted;
      expect(host.access(0, false)).toBe(OK);
      expect(host.commandsPosted - before).toBe(zaps + 2);
      expect(stopHost(host)).toBe(0);
    },
  );

  it('exists for a GiB the device has used, and no other', () => {
    const host = mappedHost(2 * GIB_PAGES);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(PARENT_PAGES);
    expect(host.access(GIB_PAGES + 5, false)).toBe(OK);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(PARENT_PAGES + CHILD_TABLE_PAGES);
    expect(stopHost(host)).toBe(0);
  });

  it('is destroyed by maintain when its last page is gone, not by the notifier', () => {
    const host = mappedHost(2 * GIB_PAGES);
    for (const page of [0, 40_000, GIB_PAGES]) expect(host.access(page, false)).toBe(OK);
    host.event(OP_INVALIDATE, 0, 30_000, EVENT_UNMAP);
    host.maintain();
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(PARENT_PAGES + 2 * CHILD_TABLE_PAGES);
    host.event(OP_INVALIDATE, 30_000, 30_000, EVENT_UNMAP);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(PARENT_PAGES + 2 * CHILD_TABLE_PAGES);
    host.maintain();
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(PARENT_PAGES + CHILD_TABLE_PAGES);
    expect(host.access(GIB_PAGES, false)).toBe(OK);
    expect(stopHost(host)).toBe(0);
  });

  it('is made whole or not at all', () => {
    const host = mappedHost(GIB_PAGES);
    host.failAllocations({ nth: 300 });
    expect(host.access(0, false)).toBe(ENOMEM);
    expect(host.state.count(COUNT_UPDATE_FAILED)).toBe(1);
    expect(host.state.count(COUNT_FAULT_RETRIES)).toBe(0);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(PARENT_PAGES);
    expect(host.access(0, false)).toBe(OK);
    expect(stopHost(host)).toBe(0);
  });
});

it('is walked to nothing where a walk that unregistering overtook reads the freed parent', () => {
  const host = mappedHost(GIB_PAGES);
  expect(host.access(0, false)).toBe(OK);
  const region = host.regionAddress(0);
  const parent = host.state.get(region + REGION_STRATEGY + 128);
  const key = host.state.get(parent);
  host.state.set(parent, 0x6b6b6b6b);
  expect(host.translation(region, 0)).toBe(0n);
  host.state.set(parent, key);
  expect(host.translation(region, 0)).not.toBe(0n);
  expect(stopHost(host)).toBe(0);
});

it("initialises the kernel's parent of 131,072 entries with 3 commands and 2 MiB", () => {
  // Twice what the manifest lets a cell ask for: a 47-bit address space, as in the kernel.
  const host = startedHost('mlx5-implicit', { params: { parentGiB: 131_072 } });
  expect(host.commandsPosted).toBe(3);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(512);
  expect(stopHost(host)).toBe(0);
});
