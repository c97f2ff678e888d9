import { expect, it } from 'vitest';
import { startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import { COUNT_FENCES, COUNT_VIOLATIONS, OK } from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_INVALIDATE, OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

it.each([64, 0])(
  'is caught by the oracle on the next access, with a cache of %i entries',
  (cacheEntries) => {
    const host = startedHost('lazy-batch', { cacheEntries });
    host.event(OP_MAP, 0, 2048, PROT_READ);
    expect(host.access(3, false)).toBe(OK);
    expect(host.state.count(COUNT_VIOLATIONS)).toBe(0);
    host.event(OP_INVALIDATE, 3, 1, EVENT_CLEAR);
    host.access(3, false);
    expect(host.state.count(COUNT_VIOLATIONS)).toBe(1);
    expect(stopHost(host)).toBe(0);
  },
);

it('zaps and flushes at 250 queued ranges with one fence', () => {
  const host = startedHost('lazy-batch');
  const region = host.regionAddress(0);
  host.event(OP_MAP, 0, 2048, PROT_READ);
  for (let page = 0; page < 256; page++) expect(host.access(page, false)).toBe(OK);
  const fences = host.state.count(COUNT_FENCES);
  for (let page = 0; page < 249; page++) host.event(OP_INVALIDATE, page, 1, EVENT_CLEAR);
  expect(host.state.count(COUNT_FENCES)).toBe(fences);
  expect(host.translations(region, 0, 249).every((entry) => entry !== 0n)).toBe(true);
  host.event(OP_INVALIDATE, 249, 1, EVENT_CLEAR);
  expect(host.state.count(COUNT_FENCES)).toBe(fences + 1);
  expect(host.translations(region, 0, 250).every((entry) => entry === 0n)).toBe(true);
  expect(stopHost(host)).toBe(0);
});
