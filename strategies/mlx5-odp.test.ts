import { describe, expect, it } from 'vitest';
import { startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import { PLAN_MAX_ORDER, REGION_STRATEGY } from '../core/abi/layout.ts';
import {
  CONTEXT_ATOMIC,
  COUNT_COLLATERAL,
  COUNT_DEGRADED,
  COUNT_EMERGENCY,
  COUNT_ENTRIES_ZAPPED,
  COUNT_SPURIOUS_FAULTS,
  MEMORY_STAGING,
  OK,
} from '../core/abi/terms.ts';
import {
  EVENT_CLEAR,
  NON_BLOCKABLE,
  OP_INVALIDATE,
  OP_MAP,
  PROT_READ,
  PROT_WRITE,
} from '../core/abi/trace-event.ts';

const GIB_PAGES = 262_144;
const RIGHTS = PROT_READ | PROT_WRITE;
const MAPPED = REGION_STRATEGY + 128;
const STAGING = 1 << 0;

/** Registers one GiB; what its first zap took. */
function registerGiB(params: Record<string, number>, maxOrder: number, failStaging = false) {
  const host = startedHost('mlx5-odp', {
    params,
    pageCount: GIB_PAGES,
    arenaPages: 1024,
    prepare: (fresh) => {
      fresh.state.set(PLAN_MAX_ORDER, maxOrder);
      if (failStaging) fresh.failAllocations({ sites: STAGING });
    },
  });
  const taken = {
    commands: host.commandsPosted,
    entries: host.state.count(COUNT_ENTRIES_ZAPPED),
    emergencies: host.state.count(COUNT_EMERGENCY),
    degraded: host.state.count(COUNT_DEGRADED),
    stagingPages: host.pagesOfKindPeak(MEMORY_STAGING) - 1,
  };
  expect(stopHost(host)).toBe(0);
  return taken;
}

/** Four blocks of mapped memory of which the device has read the first `pages` pages. */
function mappedHost(pages: number) {
  const host = startedHost('mlx5-odp');
  host.event(OP_MAP, 0, 2048, RIGHTS);
  for (let page = 0; page < pages; page++) expect(host.access(page, false)).toBe(OK);
  return host;
}

const present = (entry: bigint) => (entry & 1n) !== 0n;

describe('the staging ladder, zapping one new GiB of entries', () => {
  it('takes 3 commands with the big buffer: 131,064 + 131,064 + 16', () => {
    expect(registerGiB({}, 8)).toEqual({
      commands: 3,
      entries: GIB_PAGES,
      emergencies: 0,
      degraded: 0,
      stagingPages: 256,
    });
  });

  it('takes 32 with 64 KiB, when no block of order 8 is left', () => {
    expect(registerGiB({}, 7)).toMatchObject({ commands: 32, degraded: 1, stagingPages: 16 });
  });

  it('takes 512 with one page, today', () => {
    expect(registerGiB({}, 2)).toMatchObject({
      commands: 512,
      degraded: 2,
      emergencies: 0,
      stagingPages: 1,
    });
  });

  it('takes 512 with the emergency page where the 2019 ladder has no one-page step', () => {
    expect(registerGiB({ ladder: 2019 }, 2)).toMatchObject({
      commands: 512,
      degraded: 2,
      emergencies: 1,
      stagingPages: 0,
    });
  });

  it('takes 512 with the emergency page when every staging allocation fails', () => {
    expect(registerGiB({}, 10, true)).toMatchObject({
      commands: 512,
      degraded: 3,
      emergencies: 1,
      stagingPages: 0,
    });
  });
});

describe('granules of 8 entries', () => {
  it('drops the neighbours of a page that is zapped, and gets them back by a spurious fault', () => {
    const host = mappedHost(16);
    host.event(OP_INVALIDATE, 3, 1, EVENT_CLEAR);
    const entries = host.translations(host.regionAddress(0), 0, 16).map(present);
    expect(entries).toEqual([...Array(8).fill(false), ...Array(8).fill(true)]);
    expect(host.state.count(COUNT_COLLATERAL)).toBe(7);
    expect(host.access(0, false)).toBe(OK);
    expect(host.state.count(COUNT_SPURIOUS_FAULTS)).toBe(1);
    expect(stopHost(host)).toBe(0);
  });

  it('zaps in one command up to a hole that starts a granule', () => {
    const host = mappedHost(64);
    host.event(OP_INVALIDATE, 8, 8, EVENT_CLEAR);
    const before = host.commandsPosted;
    host.event(OP_INVALIDATE, 0, 32, EVENT_CLEAR);
    // Two runs, each a zap and an invalidation of the caches.
    expect(host.commandsPosted - before).toBe(4);
    expect(stopHost(host)).toBe(0);
  });

  it('counts what is mapped, not what is written', () => {
    const host = mappedHost(16);
    for (const page of [1, 9, 2, 9]) {
      host.event(OP_INVALIDATE, page, 1, EVENT_CLEAR);
      expect(host.access(page, false)).toBe(OK);
      const region = host.regionAddress(0);
      const real = host.translations(region, 0, 2048).filter(present).length;
      expect(host.state.get(region + MAPPED)).toBe(real);
    }
    expect(stopHost(host)).toBe(0);
  });
});

it('refuses a range that may not block and leaves it as it was', () => {
  const host = mappedHost(16);
  host.event(OP_INVALIDATE, 0, 16, EVENT_CLEAR | NON_BLOCKABLE);
  expect(host.translations(host.regionAddress(0), 0, 16).every(present)).toBe(true);
  expect(stopHost(host)).toBe(0);
});

it('never enters reclaim once the region is registered', () => {
  const host = mappedHost(64);
  host.event(OP_INVALIDATE, 0, 64, EVENT_CLEAR);
  // Registration stages 2,048 entries in order 2; what came after fits one page.
  const later = host.state.allocations().filter(({ site, order }) => site === 0 && order === 0);
  expect(later.map(({ context }) => context)).toEqual([CONTEXT_ATOMIC]);
  expect(stopHost(host)).toBe(0);
});
