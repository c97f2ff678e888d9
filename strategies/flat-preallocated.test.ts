import { expect, it } from 'vitest';
import { hugeHost, presentPages, startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import { COUNT_COLLATERAL, MEMORY_TABLE, OK } from '../core/abi/terms.ts';
import { OP_SPLIT } from '../core/abi/trace-event.ts';

const BLOCK = 512;

it('is refused at registration or never: eight bytes a page, held from then on', () => {
  expect(() => startedHost('flat-preallocated', { pageCount: 8 * BLOCK, arenaPages: 4 })).toThrow(
    'refused to start',
  );
  const host = hugeHost('flat-preallocated', 8);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(8);
  host.failAllocations({});
  host.event(OP_SPLIT, 0, 8 * BLOCK);
  for (let block = 0; block < 8; block++) expect(host.access(block * BLOCK, false)).toBe(OK);
  expect(host.injectedFailures).toBe(0);
  expect(host.state.count(COUNT_COLLATERAL)).toBe(0);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(8);
  expect(presentPages(host, 0, BLOCK)).toContain(0);
  host.failAllocations(null);
  expect(stopHost(host)).toBe(0);
});
