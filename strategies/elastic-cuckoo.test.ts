import { expect, it } from 'vitest';
import { presentPages, startedHost, stopHost, touchAll } from '../bench/fixtures/started-host.ts';
import { COUNT_ENTRIES_WRITTEN, COUNT_FENCES, MEMORY_TABLE, OK } from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_INVALIDATE, OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const PAGES = 16 * 512;

function mapped(pageCount = PAGES, params: Record<string, number> = {}) {
  const host = startedHost('elastic-cuckoo', { pageCount, params });
  host.event(OP_MAP, 0, pageCount, PROT_READ);
  return host;
}

it('doubles while it is in use, loses nothing, and halves again when it has emptied', () => {
  const host = mapped();
  const small = host.pagesOfKind(MEMORY_TABLE);
  touchAll(host, 0, PAGES);
  expect(presentPages(host, 0, PAGES)).toHaveLength(PAGES);
  const large = host.pagesOfKind(MEMORY_TABLE);
  // 1,024 lines of eight pages at 60 % of three ways: 1,024 lines a way, 16 pages each.
  expect(large).toBeGreaterThanOrEqual(small + 3 * 8);
  host.event(OP_INVALIDATE, 64, PAGES - 64, EVENT_CLEAR);
  for (let round = 0; round < 200; round++) host.maintain();
  expect(host.pagesOfKind(MEMORY_TABLE)).toBeLessThan(large);
  expect(presentPages(host, 0, PAGES)).toHaveLength(64);
  expect(stopHost(host)).toBe(0);
});

it('refused the memory to double, it fills up further', () => {
  const host = mapped();
  const small = host.pagesOfKind(MEMORY_TABLE);
  host.failAllocations({});
  // Three ways of 64 lines of eight pages: 60 % are 115 lines, 920 pages.
  touchAll(host, 0, 1000);
  expect(host.injectedFailures).toBeGreaterThan(0);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(small);
  expect(presentPages(host, 0, 1000)).toHaveLength(1000);
  let page = 1000;
  while (page < PAGES && host.access(page, false) === OK) page += 8;
  expect(page).toBeLessThan(3 * 64 * 8 + 8);
  host.failAllocations(null);
  touchAll(host, page, page + 8);
  expect(stopHost(host)).toBe(0);
});

it.each([90, 95])(
  'doubles before it is %i percent full when no place can be made',
  (fullPercent) => {
    const host = mapped(PAGES, { fullPercent });
    // Every 513th line of eight: neighbours would fill the ways evenly.
    for (let i = 0; i < PAGES / 8; i++) {
      expect(host.access((i * 513 * 8) % PAGES, false)).toBe(OK);
    }
    expect(presentPages(host, 0, PAGES)).toHaveLength(PAGES / 8);
    expect(stopHost(host)).toBe(0);
  },
);

it('refuses percentages by which a halved table would double again', () => {
  expect(() => mapped(PAGES, { fullPercent: 50, emptyPercent: 25 })).toThrow('-22');
  expect(stopHost(mapped(PAGES, { fullPercent: 50, emptyPercent: 24 }))).toBe(0);
});

it('tells the device about the lines it moves, and maintain fences only when it moved some', () => {
  const host = mapped();
  touchAll(host, 0, 16 * 8);
  host.maintain();
  const fences = host.state.count(COUNT_FENCES);
  host.maintain();
  expect(host.state.count(COUNT_FENCES)).toBe(fences);
  // 115 lines are 60 % of three ways of 64; those in the table when it doubles are written twice.
  touchAll(host, 16 * 8, 2000);
  for (let round = 0; round < 4; round++) host.maintain();
  expect(host.state.count(COUNT_ENTRIES_WRITTEN)).toBeGreaterThan(2000 + 115 * 8);
  expect(host.state.count(COUNT_FENCES)).toBeGreaterThan(fences + 1);
  expect(stopHost(host)).toBe(0);
});
