import { expect, it } from 'vitest';
import { hugeHost, startedHost, stopHost, touchAll } from '../bench/fixtures/started-host.ts';
import { MEMORY_RESERVE, MEMORY_TABLE, OK } from '../core/abi/terms.ts';
import { OP_MAP, OP_SPLIT, PROT_READ } from '../core/abi/trace-event.ts';

const BLOCK = 512;
const BLOCKS = 60;
const DIRECTORY_PAGES = 1;

function mapped(capacity?: number) {
  const params = capacity === undefined ? {} : { capacity };
  const host = startedHost('topped-up-cache', { params, pageCount: BLOCKS * BLOCK });
  host.event(OP_MAP, 0, BLOCKS * BLOCK, PROT_READ);
  return host;
}

it('fills the cache to its capacity with the first fault, KVM: 40 objects', () => {
  const host = mapped();
  expect(host.pagesOfKind(MEMORY_RESERVE)).toBe(0);
  touchAll(host, 0, 1);
  expect(host.pagesOfKind(MEMORY_RESERVE)).toBe(39);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 1);
  expect(stopHost(host)).toBe(0);
});

it('tops up only when fewer are left than a fault could need, and then to the full', () => {
  const host = mapped(3);
  const left = Array.from({ length: 5 }, (_, block) => {
    touchAll(host, block * BLOCK, block * BLOCK + 1);
    return host.pagesOfKind(MEMORY_RESERVE);
  });
  expect(left).toEqual([2, 1, 0, 2, 1]);
  expect(stopHost(host)).toBe(0);
});

it('carries as many faults as it holds pages when the allocator gives nothing', () => {
  const host = mapped(3);
  touchAll(host, 0, 1);
  host.failAllocations({});
  touchAll(host, BLOCK, BLOCK + 1);
  touchAll(host, 2 * BLOCK, 2 * BLOCK + 1);
  expect(host.injectedFailures).toBe(0);
  expect(host.access(3 * BLOCK, false)).not.toBe(OK);
  host.failAllocations(null);
  expect(host.access(3 * BLOCK, false)).toBe(OK);
  expect(stopHost(host)).toBe(0);
});

it('never allocates in the notifier: a break drops the leaf', () => {
  const host = hugeHost('topped-up-cache', 4);
  host.failAllocations({});
  host.event(OP_SPLIT, 0, 4 * BLOCK);
  expect(host.injectedFailures).toBe(0);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});
