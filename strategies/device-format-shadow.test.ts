import { expect, it } from 'vitest';
import { startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import {
  COUNT_COLLATERAL,
  COUNT_ENTRIES_WRITTEN,
  COUNT_ENTRIES_ZAPPED,
  OK,
} from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_INVALIDATE, OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const GIB_PAGES = 262_144;

it('zaps one page of a granule and leaves its neighbours, though the command carries all eight', () => {
  const host = startedHost('device-format-shadow');
  host.event(OP_MAP, 0, 2048, PROT_READ);
  for (let page = 0; page < 8; page++) expect(host.access(page, false)).toBe(OK);
  const zapped = host.state.count(COUNT_ENTRIES_ZAPPED);
  host.event(OP_INVALIDATE, 3, 1, EVENT_CLEAR);
  expect(host.state.count(COUNT_ENTRIES_ZAPPED) - zapped).toBe(8);
  const entries = host.translations(host.regionAddress(0), 0, 8).map((entry) => entry & 1n);
  expect(entries).toEqual([1n, 1n, 1n, 0n, 1n, 1n, 1n, 1n]);
  expect(host.state.count(COUNT_COLLATERAL)).toBe(0);
  expect(stopHost(host)).toBe(0);
});

it('takes one command an update and allocates only at registration', () => {
  const host = startedHost('device-format-shadow');
  host.event(OP_MAP, 0, 2048, PROT_READ);
  host.failAllocations({});
  const before = host.commandsPosted;
  expect(host.access(20, false)).toBe(OK);
  expect(host.commandsPosted - before).toBe(1);
  // The granules of the whole 64 KiB fault window.
  expect(host.state.count(COUNT_ENTRIES_WRITTEN)).toBe(16);
  expect(host.injectedFailures).toBe(0);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});

it('registers a GiB with commands of 65,536 pages', () => {
  const host = startedHost('device-format-shadow', { pageCount: GIB_PAGES });
  expect(host.commandsPosted).toBe(4);
  expect(stopHost(host)).toBe(0);
});
