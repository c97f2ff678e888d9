import { describe, expect, it } from 'vitest';
import { startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import { REGION_STRATEGY } from '../core/abi/layout.ts';
import {
  COUNT_DEGRADED,
  COUNT_RETRIED,
  MEMORY_RESERVE,
  MEMORY_TABLE,
  OK,
} from '../core/abi/terms.ts';
import {
  EVENT_CLEAR,
  NON_BLOCKABLE,
  OP_INVALIDATE,
  OP_MAP,
  OP_SPLIT,
  PROT_READ,
  VMA_HUGE,
} from '../core/abi/trace-event.ts';

const BLOCK = 512;
const BLOCKS = 8;
const DIRECTORY_PAGES = 1;

/** Eight 2 MiB mappings, all in the table; from here on the allocator refuses everything. */
function hugeHost(params: Record<string, number>) {
  const host = startedHost('bounded-reserve', { params, pageCount: BLOCKS * BLOCK });
  host.event(OP_MAP, 0, BLOCKS * BLOCK, PROT_READ | VMA_HUGE);
  for (let block = 0; block < BLOCKS; block++) expect(host.access(block * BLOCK, false)).toBe(OK);
  host.failAllocations({});
  return host;
}

describe('R spare pages', () => {
  it('carry R breaks, and the faults after them, without the allocator', () => {
    const host = hugeHost({ spare: 3 });
    host.event(OP_SPLIT, 0, 3 * BLOCK);
    expect(host.state.count(COUNT_DEGRADED)).toBe(0);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 3);
    for (let block = 0; block < 3; block++) expect(host.access(block * BLOCK, false)).toBe(OK);
    expect(host.injectedFailures).toBe(0);
    host.failAllocations(null);
    expect(stopHost(host)).toBe(0);
  });

  it('leave the breaks after them to a coarse zap', () => {
    const host = hugeHost({ spare: 3 });
    host.event(OP_SPLIT, 0, 5 * BLOCK);
    expect(host.state.count(COUNT_DEGRADED)).toBe(2);
    const entries = host.translations(host.regionAddress(0), 0, 5 * BLOCK);
    expect(entries.every((entry) => (entry & 1n) === 0n)).toBe(true);
    host.failAllocations(null);
    expect(stopHost(host)).toBe(0);
  });

  it('are there again after maintain, and never more', () => {
    const host = hugeHost({ spare: 3 });
    host.event(OP_SPLIT, 0, 2 * BLOCK);
    expect(host.pagesOfKind(MEMORY_RESERVE)).toBe(1);
    host.failAllocations(null);
    host.maintain();
    host.maintain();
    expect(host.pagesOfKind(MEMORY_RESERVE)).toBe(3);
    expect(stopHost(host)).toBe(0);
  });
});

it('whenEmpty 1 waits, and drops the leaf all the same when nobody refills', () => {
  const host = hugeHost({ spare: 0, whenEmpty: 1 });
  host.event(OP_SPLIT, 0, BLOCK);
  expect(host.state.count(COUNT_RETRIED)).toBe(1);
  expect(host.state.count(COUNT_DEGRADED)).toBe(1);
  expect(host.translations(host.regionAddress(0), 0, 1)).toEqual([0n]);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});

it('may not block: does not wait for whoever refills, but drops the leaf', () => {
  const host = hugeHost({ spare: 3, whenEmpty: 1 });
  const lock = host.regionAddress(0) + REGION_STRATEGY + 132;
  host.state.set(lock, 1);
  host.event(OP_INVALIDATE, 0, BLOCK, EVENT_CLEAR | NON_BLOCKABLE);
  expect(host.stalled).toBe(false);
  expect(host.state.count(COUNT_DEGRADED)).toBe(1);
  expect(host.pagesOfKind(MEMORY_RESERVE)).toBe(3);
  host.state.set(lock, 0);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});
