import { expect, it } from 'vitest';
import { hugeHost, presentPages, stopHost } from '../bench/fixtures/started-host.ts';
import { COUNT_CACHE_INVALIDATIONS, COUNT_ENTRIES_WRITTEN, OK } from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_INVALIDATE, OP_SPLIT } from '../core/abi/trace-event.ts';

const BLOCK = 512;

it('holds no byte and writes no entry; only caches are invalidated', () => {
  const host = hugeHost('shared-cpu-table', 4);
  host.failAllocations({});
  host.event(OP_SPLIT, 0, BLOCK);
  expect(host.access(9, true)).toBe(OK);
  const before = host.state.count(COUNT_CACHE_INVALIDATIONS);
  host.event(OP_INVALIDATE, 0, BLOCK, EVENT_CLEAR);
  expect(host.state.count(COUNT_CACHE_INVALIDATIONS)).toBeGreaterThan(before);
  expect(host.cached((page, order) => page + 2 ** order <= BLOCK)).toEqual([]);
  expect(presentPages(host, 0, BLOCK)).toEqual([]);
  // What the CPU maps, the device translates: nobody has to fault it in.
  expect(presentPages(host, BLOCK, 4 * BLOCK)).toHaveLength(3 * BLOCK);
  expect(host.heldPages).toBe(0);
  expect(host.state.count(COUNT_ENTRIES_WRITTEN)).toBe(0);
  expect(host.injectedFailures).toBe(0);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});
