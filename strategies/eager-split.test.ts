import { expect, it } from 'vitest';
import { hugeHost, presentPages, stopHost } from '../bench/fixtures/started-host.ts';
import {
  COUNT_COMMANDS,
  COUNT_DEGRADED,
  COUNT_FAULTS,
  COUNT_FENCES,
  COUNT_VIOLATIONS,
  MEMORY_TABLE,
  OK,
} from '../core/abi/terms.ts';
import { EVENT_CLEAR, EVENT_PROTECTION_VMA, OP_INVALIDATE } from '../core/abi/trace-event.ts';

const BLOCK = 512;
const BLOCKS = 8;
const DIRECTORY_PAGES = 1;
const tables = (host: ReturnType<typeof hugeHost>): number =>
  host.pagesOfKind(MEMORY_TABLE) - DIRECTORY_PAGES;

it('splits nothing before the OS starts to write-protect', () => {
  const host = hugeHost('eager-split', BLOCKS);
  for (let round = 0; round < 4; round++) host.maintain();
  expect(tables(host)).toBe(0);
  expect(stopHost(host)).toBe(0);
});

it('then splits a chunk a round, ahead of demand: no fault, no page that stops translating', () => {
  const host = hugeHost('eager-split', BLOCKS, { params: { chunk: 3 } });
  // Rights go from block 0 alone; the other seven keep their leaves.
  host.event(OP_INVALIDATE, 0, BLOCK, EVENT_PROTECTION_VMA);
  const faults = host.state.count(COUNT_FAULTS);
  const present = presentPages(host, BLOCK, BLOCKS * BLOCK);
  const seen = [1, 2, 3, 4].map(() => {
    host.maintain();
    return tables(host);
  });
  expect(seen.slice(0, 2)).toEqual([3, 6]);
  expect(seen[3]).toBe(seen[2]);
  expect(seen[3]).toBeGreaterThanOrEqual(BLOCKS - 1);
  expect(presentPages(host, BLOCK, BLOCKS * BLOCK)).toEqual(present);
  expect(host.state.count(COUNT_FAULTS)).toBe(faults);
  expect(stopHost(host)).toBe(0);
});

it('fences the tables it has written, and only those', () => {
  const host = hugeHost('eager-split', 3, { params: { chunk: 2 } });
  host.event(OP_INVALIDATE, 0, BLOCK, EVENT_PROTECTION_VMA);
  const fences = host.state.count(COUNT_FENCES);
  const commands = host.state.count(COUNT_COMMANDS);
  for (let round = 0; round < 4; round++) host.maintain();
  expect(host.state.count(COUNT_COMMANDS) - commands).toBe(3);
  expect(host.state.count(COUNT_FENCES) - fences).toBe(2);
  expect(stopHost(host)).toBe(0);
});

it('leaves the leaf when there is no memory, and says so', () => {
  const host = hugeHost('eager-split', BLOCKS);
  host.event(OP_INVALIDATE, 0, BLOCK, EVENT_PROTECTION_VMA);
  const present = presentPages(host, 0, BLOCKS * BLOCK);
  host.failAllocations({});
  host.maintain();
  expect(host.state.count(COUNT_DEGRADED)).toBe(1);
  expect(presentPages(host, 0, BLOCKS * BLOCK)).toEqual(present);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});

it('drops, with a leaf, the pages that the device cached at 4 KiB before the block was huge again', () => {
  const host = hugeHost('eager-split', 1, { params: { quietRounds: 2 } });
  host.event(OP_INVALIDATE, 0, BLOCK, EVENT_PROTECTION_VMA);
  host.maintain();
  expect(tables(host)).toBe(1);
  expect(host.access(300, false)).toBe(OK);
  for (let round = 0; round < 2; round++) host.maintain();
  expect(host.access(0, true)).toBe(OK);
  expect(tables(host)).toBe(0);
  expect(host.invalidate(0, 5, 1, EVENT_CLEAR)).toBe(OK);
  host.event(OP_INVALIDATE, 300, 1, EVENT_CLEAR);
  host.access(300, false);
  expect(host.state.count(COUNT_VIOLATIONS)).toBe(0);
  expect(stopHost(host)).toBe(0);
});
