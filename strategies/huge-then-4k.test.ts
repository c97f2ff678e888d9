import { expect, it } from 'vitest';
import { hugeHost, presentPages, stopHost } from '../bench/fixtures/started-host.ts';
import {
  COUNT_COLLATERAL,
  COUNT_DEGRADED,
  COUNT_NOTIFIER_FAILED,
  MEMORY_TABLE,
  OK,
} from '../core/abi/terms.ts';
import { EVENT_CLEAR, EVENT_UNMAP, OP_INVALIDATE, OP_SPLIT } from '../core/abi/trace-event.ts';

const BLOCK = 512;
const DIRECTORY_PAGES = 1;

it('allocates the table of a block when the OS breaks it, and frees it when the block goes', () => {
  const host = hugeHost('huge-then-4k', 4);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES);
  host.event(OP_SPLIT, 0, 2 * BLOCK);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 2);
  host.event(OP_INVALIDATE, 0, 2 * BLOCK, EVENT_UNMAP);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES);
  expect(stopHost(host)).toBe(0);
});

it('refused in the notifier it only zaps (degraded); refused in the fault the device waits', () => {
  const host = hugeHost('huge-then-4k', 1);
  host.failAllocations({});
  host.event(OP_SPLIT, 0, BLOCK);
  expect(host.state.count(COUNT_DEGRADED)).toBe(1);
  expect(host.state.count(COUNT_NOTIFIER_FAILED)).toBe(0);
  expect(presentPages(host, 0, BLOCK)).toEqual([]);
  expect(host.access(5, false)).not.toBe(OK);
  host.failAllocations(null);
  expect(host.access(5, false)).toBe(OK);
  expect(presentPages(host, 0, BLOCK)).toContain(5);
  expect(stopHost(host)).toBe(0);
});

it('maintain frees a table in which nothing is present', () => {
  const host = hugeHost('huge-then-4k', 1);
  host.event(OP_SPLIT, 0, BLOCK);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 1);
  host.maintain();
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES);
  expect(stopHost(host)).toBe(0);
});

it('counts the pages of a leaf that go with the one that was asked for', () => {
  const host = hugeHost('huge-then-4k', 1);
  expect(host.invalidate(0, 5, 1, EVENT_CLEAR)).toBe(OK);
  expect(host.state.count(COUNT_COLLATERAL)).toBe(BLOCK - 1);
  expect(stopHost(host)).toBe(0);
});
