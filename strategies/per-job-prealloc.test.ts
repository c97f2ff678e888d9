import { expect, it } from 'vitest';
import { startedHost, stopHost, touchAll } from '../bench/fixtures/started-host.ts';
import { MEMORY_TABLE, OK } from '../core/abi/terms.ts';
import { OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const BLOCK = 512;
const DIRECTORY_PAGES = 1;

function mapped() {
  const host = startedHost('per-job-prealloc');
  host.event(OP_MAP, 0, 4 * BLOCK, PROT_READ);
  return host;
}

it('counts the worst case: a job asks for its table although the block has one, and frees it', () => {
  const host = mapped();
  touchAll(host, 0, 1);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 1);
  host.failAllocations({});
  expect(host.access(1, false)).not.toBe(OK);
  expect(host.injectedFailures).toBeGreaterThan(0);
  host.failAllocations(null);
  touchAll(host, 1, 2);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 1);
  expect(host.pagesOfKindPeak(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 2);
  expect(stopHost(host)).toBe(0);
});
