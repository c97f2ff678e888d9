import { expect, it } from 'vitest';
import { hugeHost, presentPages, stopHost } from '../bench/fixtures/started-host.ts';
import {
  COUNT_COMMANDS,
  COUNT_ENTRIES_WRITTEN,
  COUNT_FENCES,
  COUNT_VIOLATIONS,
  MEMORY_TABLE,
  OK,
} from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_COLLAPSE, OP_INVALIDATE, OP_SPLIT } from '../core/abi/trace-event.ts';

const BLOCK = 512;
const BLOCKS = 4;

it('one break flips the region to 4 KiB entries and back when all is huge for long enough', () => {
  const returnRounds = 3;
  const host = hugeHost('page-size-flip', BLOCKS, { params: { returnRounds } });
  const pages = host.pagesOfKind(MEMORY_TABLE);
  const written = () => host.state.count(COUNT_ENTRIES_WRITTEN);
  host.event(OP_SPLIT, 0, BLOCK);
  const beforeFlip = written();
  const commands = host.state.count(COUNT_COMMANDS);
  const fences = host.state.count(COUNT_FENCES);
  expect(host.access(0, false)).toBe(OK);
  // The whole region is written at 4 KiB: its three huge blocks, entry by entry.
  expect(written() - beforeFlip).toBeGreaterThanOrEqual((BLOCKS - 1) * BLOCK);
  // Two fences part the five steps: the old size, the largest one, the new one.
  expect(host.state.count(COUNT_FENCES) - fences).toBeGreaterThanOrEqual(2);
  expect(host.state.count(COUNT_COMMANDS) - commands).toBeGreaterThanOrEqual(5);
  expect(presentPages(host, BLOCK, BLOCKS * BLOCK)).toHaveLength((BLOCKS - 1) * BLOCK);
  host.event(OP_COLLAPSE, 0, BLOCK);
  expect(host.access(0, false)).toBe(OK);
  const beforeReturn = written();
  for (let round = 0; round < returnRounds - 1; round++) host.maintain();
  expect(written()).toBe(beforeReturn);
  host.maintain();
  host.maintain();
  expect(written()).toBeGreaterThan(beforeReturn);
  expect(presentPages(host, 0, BLOCKS * BLOCK)).toHaveLength(BLOCKS * BLOCK);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(pages);
  expect(stopHost(host)).toBe(0);
});

it('allocates nothing after registration, whatever flips', () => {
  const host = hugeHost('page-size-flip', BLOCKS);
  host.failAllocations({});
  host.event(OP_SPLIT, 0, BLOCKS * BLOCK);
  for (let block = 0; block < BLOCKS; block++) expect(host.access(block * BLOCK, false)).toBe(OK);
  expect(host.injectedFailures).toBe(0);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});

it('drops, with a huge block, the pages that the device cached while the region was at 4 KiB', () => {
  const host = hugeHost('page-size-flip', 2, { params: { returnRounds: 1 } });
  host.event(OP_SPLIT, 0, BLOCK);
  expect(host.access(0, false)).toBe(OK);
  // Block 1 is still huge for the CPU; its pages are cached one by one now.
  host.event(OP_INVALIDATE, BLOCK, 1, EVENT_CLEAR);
  host.event(OP_COLLAPSE, BLOCK, BLOCK);
  expect(host.access(BLOCK, false)).toBe(OK);
  expect(host.access(BLOCK + 300, false)).toBe(OK);
  host.event(OP_COLLAPSE, 0, BLOCK);
  for (let round = 0; round < 2; round++) host.maintain();
  expect(host.invalidate(0, BLOCK + 5, 1, EVENT_CLEAR)).toBe(OK);
  host.event(OP_INVALIDATE, BLOCK + 300, 1, EVENT_CLEAR);
  host.access(BLOCK + 300, false);
  expect(host.state.count(COUNT_VIOLATIONS)).toBe(0);
  expect(stopHost(host)).toBe(0);
});
