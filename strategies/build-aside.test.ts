import { describe, expect, it } from 'vitest';
import {
  hugeHost,
  presentPages,
  startedHost,
  stopHost,
  touchAll,
} from '../bench/fixtures/started-host.ts';
import {
  COUNT_DEGRADED,
  COUNT_ENTRIES_WRITTEN,
  COUNT_VIOLATIONS,
  MEMORY_TABLE,
  OK,
} from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_INVALIDATE, OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const BLOCK = 512;
const DIRECTORY_PAGES = 1;

function mapped(breakBeforeMake: number) {
  const host = startedHost('build-aside', { params: { breakBeforeMake } });
  host.event(OP_MAP, 0, 4 * BLOCK, PROT_READ);
  return host;
}

describe.each([0, 1])('breakBeforeMake = %i', (breakBeforeMake) => {
  it('an update copies the table and switches; old and new are there together, then one', () => {
    const host = mapped(breakBeforeMake);
    touchAll(host, 0, 1);
    const before = host.state.count(COUNT_ENTRIES_WRITTEN);
    touchAll(host, 1, 2);
    // The copy, and the slot that switches to it.
    expect(host.state.count(COUNT_ENTRIES_WRITTEN) - before).toBe(BLOCK + 1);
    expect(presentPages(host, 0, BLOCK)).toEqual([0, 1]);
    expect(host.pagesOfKindPeak(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 2);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 1);
    expect(stopHost(host)).toBe(0);
  });

  it('without a page for the copy it writes in place, and says so', () => {
    const host = mapped(breakBeforeMake);
    touchAll(host, 0, 1);
    host.failAllocations({});
    expect(host.access(1, false)).toBe(OK);
    expect(host.state.count(COUNT_DEGRADED)).toBe(1);
    expect(presentPages(host, 0, BLOCK)).toEqual([0, 1]);
    expect(host.access(BLOCK, false)).not.toBe(OK);
    host.failAllocations(null);
    expect(stopHost(host)).toBe(0);
  });
});

it('drops, with a leaf it has no table for, the pages that the device cached at 4 KiB before', () => {
  const host = hugeHost('build-aside', 1);
  expect(host.invalidate(0, 5, 1, EVENT_CLEAR)).toBe(OK);
  expect(host.access(300, false)).toBe(OK);
  expect(host.access(5, false)).toBe(OK);
  host.failAllocations({});
  expect(host.invalidate(0, 5, 1, EVENT_CLEAR)).toBe(OK);
  host.failAllocations(null);
  host.event(OP_INVALIDATE, 300, 1, EVENT_CLEAR);
  host.access(300, false);
  expect(host.state.count(COUNT_DEGRADED)).toBe(1);
  expect(host.state.count(COUNT_VIOLATIONS)).toBe(0);
  expect(stopHost(host)).toBe(0);
});
