import { expect, it } from 'vitest';
import { hugeHost, presentPages, startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import {
  COUNT_COLLATERAL,
  COUNT_DEGRADED,
  COUNT_UPDATE_FAILED,
  MEMORY_TABLE,
  OK,
} from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_COLLAPSE, OP_SPLIT } from '../core/abi/trace-event.ts';

const BLOCK = 512;
const BLOCKS = 4;
const DIRECTORY_PAGES = 1;

it('parks a page a block at registration and holds just that, whatever the OS does', () => {
  const host = startedHost('deposit', { pageCount: BLOCKS * BLOCK });
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + BLOCKS);
  expect(stopHost(host)).toBe(0);
  const used = hugeHost('deposit', BLOCKS);
  for (const op of [OP_SPLIT, OP_COLLAPSE, OP_SPLIT]) {
    used.event(op, 0, BLOCKS * BLOCK);
    for (let block = 0; block < BLOCKS; block++) used.access(block * BLOCK, false);
    expect(used.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + BLOCKS);
  }
  expect(stopHost(used)).toBe(0);
});

it('withdraws without the allocator: breaks and their refaults cannot fail', () => {
  const host = hugeHost('deposit', BLOCKS);
  host.failAllocations({});
  host.event(OP_SPLIT, 0, BLOCKS * BLOCK);
  for (let block = 0; block < BLOCKS; block++) {
    expect(host.access(block * BLOCK + 3, false)).toBe(OK);
  }
  expect(host.injectedFailures).toBe(0);
  expect(host.state.count(COUNT_DEGRADED) + host.state.count(COUNT_UPDATE_FAILED)).toBe(0);
  expect(presentPages(host, 0, BLOCK)).toContain(3);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});

it('prepay 0 parks with the first mapping of a block, which may fail; its break may not', () => {
  const host = hugeHost('deposit', 1, { params: { prepay: 0 }, pageCount: 2 * BLOCK });
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 1);
  host.failAllocations({});
  host.event(OP_SPLIT, 0, BLOCK);
  expect(host.injectedFailures).toBe(0);
  expect(host.access(0, false)).toBe(OK);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});

it('counts the pages of a leaf that go with the one that was asked for', () => {
  const host = hugeHost('deposit', 1);
  expect(host.invalidate(0, 5, 1, EVENT_CLEAR)).toBe(OK);
  expect(host.state.count(COUNT_COLLATERAL)).toBe(BLOCK - 1);
  expect(stopHost(host)).toBe(0);
});
