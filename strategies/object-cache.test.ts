import { describe, expect, it } from 'vitest';
import { startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import { COUNT_COLLATERAL, COUNT_ENTRIES_ZAPPED, MEMORY_RESERVE, OK } from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_INVALIDATE, OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const BLOCK = 512;

function mappedHost(limit: number) {
  const host = startedHost('object-cache', { params: { limit }, pageCount: 64 * BLOCK });
  host.event(OP_MAP, 0, 64 * BLOCK, PROT_READ);
  return host;
}

describe('the cache', () => {
  it('is filled by maintain, 8 objects a round, to twice the limit', () => {
    const host = mappedHost(10);
    const sizes = [1, 2, 3, 4].map(() => {
      host.maintain();
      return host.pagesOfKind(MEMORY_RESERVE);
    });
    expect(sizes).toEqual([8, 16, 20, 20]);
    expect(stopHost(host)).toBe(0);
  });

  it('is filled again only when it has fallen below the limit', () => {
    const host = mappedHost(4);
    host.maintain();
    host.maintain();
    const sizes = Array.from({ length: 5 }, (_, block) => {
      expect(host.access(block * BLOCK, false)).toBe(OK);
      host.maintain();
      return host.pagesOfKind(MEMORY_RESERVE);
    });
    expect(sizes).toEqual([7, 6, 5, 4, 8]);
    expect(stopHost(host)).toBe(0);
  });

  it('gives faults their object when the allocator has none', () => {
    const host = mappedHost(4);
    host.maintain();
    host.failAllocations({});
    for (let block = 0; block < 8; block++) expect(host.access(block * BLOCK, false)).toBe(OK);
    expect(host.access(8 * BLOCK, false)).not.toBe(OK);
    host.failAllocations(null);
    expect(stopHost(host)).toBe(0);
  });

  it('keeps no more than twice the limit of what comes back', () => {
    const host = mappedHost(2);
    for (let block = 0; block < 10; block++) host.access(block * BLOCK, false);
    host.event(OP_INVALIDATE, 0, 10 * BLOCK, EVENT_CLEAR);
    expect(host.pagesOfKind(MEMORY_RESERVE)).toBe(4);
    expect(stopHost(host)).toBe(0);
  });
});

it('revokes the object of the block with one entry, whatever the range', () => {
  const host = mappedHost(4);
  for (let page = 0; page < 64; page++) expect(host.access(page, false)).toBe(OK);
  host.access(BLOCK, false);
  const before = host.state.count(COUNT_ENTRIES_ZAPPED);
  host.event(OP_INVALIDATE, 5, 1, EVENT_CLEAR);
  expect(host.state.count(COUNT_ENTRIES_ZAPPED) - before).toBe(1);
  const entries = host.translations(host.regionAddress(0), 0, 2 * BLOCK);
  expect(entries.filter((entry) => (entry & 1n) !== 0n)).toHaveLength(1);
  expect(stopHost(host)).toBe(0);
});

it('counts as collateral what else the object held', () => {
  const host = mappedHost(4);
  for (let page = 0; page < 64; page++) expect(host.access(page, false)).toBe(OK);
  host.event(OP_INVALIDATE, 5, 2, EVENT_CLEAR);
  expect(host.state.count(COUNT_COLLATERAL)).toBe(62);
  expect(stopHost(host)).toBe(0);
});
