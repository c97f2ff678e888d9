import { expect, it } from 'vitest';
import { presentPages, startedHost, stopHost, touchAll } from '../bench/fixtures/started-host.ts';
import { MEMORY_TABLE, OK } from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_INVALIDATE, OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const PAGES = 16 * 512;

function mapped() {
  const host = startedHost('elastic-cuckoo', { pageCount: PAGES });
  host.event(OP_MAP, 0, PAGES, PROT_READ);
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
