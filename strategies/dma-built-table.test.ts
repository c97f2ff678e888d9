import { describe, expect, it } from 'vitest';
import { startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import { COUNT_COLLATERAL, MEMORY_TABLE, OK } from '../core/abi/terms.ts';
import {
  EVENT_CLEAR,
  OP_INVALIDATE,
  OP_MAP,
  OP_SPLIT,
  PROT_READ,
  VMA_HUGE,
} from '../core/abi/trace-event.ts';

const BLOCK = 512;
const DIRECTORY_PAGES = 1;

/** A 2 MiB mapping that the device used and the OS then broke: its frames are still one run. */
function brokenBlock(mergeOrder = 9) {
  const host = startedHost('dma-built-table', { params: { mergeOrder } });
  host.event(OP_MAP, 0, BLOCK, PROT_READ | VMA_HUGE);
  expect(host.access(0, false)).toBe(OK);
  host.event(OP_SPLIT, 0, BLOCK);
  return host;
}

/** Orders of the first `count` entries. */
function orders(host: ReturnType<typeof startedHost>, count: number): (number | null)[] {
  return host
    .translations(host.regionAddress(0), 0, count)
    .map((entry) => ((entry & 1n) === 0n ? null : Number((entry >> 52n) & 31n)));
}

describe('a broken block whose frames did not move', () => {
  it('comes back in 64 KiB pages', () => {
    const host = brokenBlock();
    expect(host.access(20, false)).toBe(OK);
    expect(orders(host, 48)).toEqual([
      ...Array(16).fill(null),
      ...Array(16).fill(4),
      ...Array(16).fill(null),
    ]);
    expect(stopHost(host)).toBe(0);
  });

  it('becomes one 2 MiB page again when all of it is back, and its table goes', () => {
    const host = brokenBlock();
    for (let page = 0; page < BLOCK - 16; page += 16) host.access(page, false);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 1);
    expect(host.access(BLOCK - 1, false)).toBe(OK);
    expect(orders(host, BLOCK)).toEqual(Array(BLOCK).fill(9));
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES);
    expect(stopHost(host)).toBe(0);
  });

  it('stays in 64 KiB pages with mergeOrder 4', () => {
    const host = brokenBlock(4);
    for (let page = 0; page < BLOCK; page += 16) host.access(page, false);
    expect(orders(host, BLOCK)).toEqual(Array(BLOCK).fill(4));
    expect(stopHost(host)).toBe(0);
  });
});

it('cuts a 64 KiB page without collateral, its rest at 4 KiB', () => {
  const host = brokenBlock(4);
  host.access(0, false);
  host.event(OP_INVALIDATE, 3, 2, EVENT_CLEAR);
  expect(orders(host, 16)).toEqual([0, 0, 0, null, null, ...Array(11).fill(0)]);
  expect(host.state.count(COUNT_COLLATERAL)).toBe(0);
  expect(stopHost(host)).toBe(0);
});

it('drops a cut 2 MiB page whole, counts the collateral, and forgets what was cached before the merge', () => {
  const host = brokenBlock();
  for (let page = 0; page < BLOCK; page += 16) host.access(page, false);
  expect(host.cached(() => true).length).toBeGreaterThan(1);
  host.event(OP_INVALIDATE, 100, 1, EVENT_CLEAR);
  expect(orders(host, BLOCK)).toEqual(Array(BLOCK).fill(null));
  expect(host.state.count(COUNT_COLLATERAL)).toBe(BLOCK - 1);
  expect(host.cached(() => true)).toEqual([]);
  expect(stopHost(host)).toBe(0);
});

it('keeps 4 KiB entries where frames are not contiguous', () => {
  const host = startedHost('dma-built-table', { contiguity: 0 });
  host.event(OP_MAP, 0, BLOCK, PROT_READ);
  for (let page = 0; page < 16; page++) host.access(page, false);
  expect(orders(host, 16)).toEqual(Array(16).fill(0));
  expect(stopHost(host)).toBe(0);
});
