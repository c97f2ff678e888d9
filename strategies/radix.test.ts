import { describe, expect, it } from 'vitest';
import { presentPages, startedHost, stopHost, touchAll } from '../bench/fixtures/started-host.ts';
import { COUNT_COLLATERAL, MEMORY_TABLE } from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_INVALIDATE, OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const BLOCK = 512;
const GIB = 512 * BLOCK;
/** Root, level 3, level 2. */
const UPPER_PAGES = 3;

function mapped(params: Record<string, number> = {}, pageCount = 2 * BLOCK) {
  const host = startedHost('radix', { params, pageCount, contiguity: 1 });
  host.event(OP_MAP, 0, pageCount, PROT_READ);
  return host;
}

it('frees a table that an invalidation covers, and keeps the levels above it', () => {
  const host = mapped();
  touchAll(host, 0, 8);
  touchAll(host, BLOCK, BLOCK + 8);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(UPPER_PAGES + 2);
  host.event(OP_INVALIDATE, 0, BLOCK, EVENT_CLEAR);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(UPPER_PAGES + 1);
  host.event(OP_INVALIDATE, BLOCK, 8, EVENT_CLEAR);
  expect(presentPages(host, 0, 2 * BLOCK)).toEqual([]);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(UPPER_PAGES + 1);
  expect(stopHost(host)).toBe(0);
});

it('keeps a cursor on one GiB, which stays right when faults go back and forth between two', () => {
  const host = mapped({}, 2 * GIB);
  for (let page = 0; page < 64; page++) {
    touchAll(host, page, page + 1);
    touchAll(host, GIB + page, GIB + page + 1);
  }
  host.event(OP_INVALIDATE, GIB, 32, EVENT_CLEAR);
  expect(presentPages(host, 0, 64)).toHaveLength(64);
  expect(presentPages(host, GIB, GIB + 64)).toHaveLength(32);
  // A level 2 node a GiB.
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(UPPER_PAGES + 1 + 2);
  expect(stopHost(host)).toBe(0);
});

describe.each([0, 1, 2])('contiguous = %i', (contiguous) => {
  it('a hole in a run takes just its page, and no memory', () => {
    const host = mapped({ contiguous });
    touchAll(host, 0, 64);
    host.failAllocations({});
    host.event(OP_INVALIDATE, 21, 1, EVENT_CLEAR);
    expect(presentPages(host, 0, 64)).toEqual([...Array(64).keys()].filter((page) => page !== 21));
    expect(host.state.count(COUNT_COLLATERAL)).toBe(0);
    expect(host.injectedFailures).toBe(0);
    host.failAllocations(null);
    expect(stopHost(host)).toBe(0);
  });
});
