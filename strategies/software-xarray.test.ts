import { expect, it } from 'vitest';
import {
  hugeHost,
  presentPages,
  startedHost,
  stopHost,
  touchAll,
} from '../bench/fixtures/started-host.ts';
import { MEMORY_TABLE, OK } from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_INVALIDATE, OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const BLOCK = 512;

it('out of memory an update drops its range, and the refault brings it back', () => {
  const host = startedHost('software-xarray');
  host.event(OP_MAP, 0, 4 * BLOCK, PROT_READ);
  touchAll(host, 0, 8);
  host.failAllocations({});
  // Seven nodes a slab page: pages that far apart need one of their own sooner or later.
  let page = 64;
  while (page < 4 * BLOCK && host.access(page, false) === OK) page += 64;
  expect(page).toBeLessThan(4 * BLOCK);
  expect(presentPages(host, page, page + 64)).toEqual([]);
  expect(presentPages(host, 0, 8)).toHaveLength(8);
  host.failAllocations(null);
  expect(host.access(page, false)).toBe(OK);
  expect(stopHost(host)).toBe(0);
});

it('nodes go with the last page below them; erasing asks for nothing', () => {
  const host = startedHost('software-xarray');
  host.event(OP_MAP, 0, 4 * BLOCK, PROT_READ);
  touchAll(host, 0, 4 * BLOCK);
  // 32 leaves and the root, seven a page.
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(5);
  host.failAllocations({});
  host.event(OP_INVALIDATE, 0, 4 * BLOCK, EVENT_CLEAR);
  expect(host.injectedFailures).toBe(0);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(0);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});

it('multiIndex 1 stores a 2 MiB mapping in eight slots of one node', () => {
  const fine = hugeHost('software-xarray', 4);
  const pages = fine.pagesOfKind(MEMORY_TABLE);
  expect(presentPages(fine, 0, 4 * BLOCK)).toHaveLength(4 * BLOCK);
  expect(stopHost(fine)).toBe(0);
  const multi = hugeHost('software-xarray', 4, { params: { multiIndex: 1 } });
  expect(presentPages(multi, 0, 4 * BLOCK)).toHaveLength(4 * BLOCK);
  expect(pages).toBe(5);
  expect(multi.pagesOfKind(MEMORY_TABLE)).toBe(1);
  expect(stopHost(multi)).toBe(0);
});
