import { describe, expect, it } from 'vitest';
import { presentPages, startedHost, stopHost, touchAll } from '../bench/fixtures/started-host.ts';
import { COUNT_DEGRADED, COUNT_ENTRIES_WRITTEN, MEMORY_TABLE, OK } from '../core/abi/terms.ts';
import { OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const BLOCK = 512;
const DIRECTORY_PAGES = 1;

function mapped(breakBeforeMake: number) {
  const host = startedHost('build-aside', { params: { breakBeforeMake } });
  host.event(OP_MAP, 0, 4 * BLOCK, PROT_READ);
  return host;
}

describe.each([0, 1])('breakBeforeMake = %i', (breakBeforeMake) => {
  it('an update copies the table and switches; old and new are there together, then one', () => {
    const host = mapped(breakBeforeMake);
    touchAll(host, 0, 1);
    const before = host.state.count(COUNT_ENTRIES_WRITTEN);
    touchAll(host, 1, 2);
    // The copy, and the slot that switches to it.
    expect(host.state.count(COUNT_ENTRIES_WRITTEN) - before).toBe(BLOCK + 1);
    expect(presentPages(host, 0, BLOCK)).toEqual([0, 1]);
    expect(host.pagesOfKindPeak(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 2);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 1);
    expect(stopHost(host)).toBe(0);
  });

  it('without a page for the copy it writes in place, and says so', () => {
    const host = mapped(breakBeforeMake);
    touchAll(host, 0, 1);
    host.failAllocations({});
    expect(host.access(1, false)).toBe(OK);
    expect(host.state.count(COUNT_DEGRADED)).toBe(1);
    expect(presentPages(host, 0, BLOCK)).toEqual([0, 1]);
    expect(host.access(BLOCK, false)).not.toBe(OK);
    host.failAllocations(null);
    expect(stopHost(host)).toBe(0);
  });
});
