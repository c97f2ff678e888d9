import { expect, it } from 'vitest';
import { startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import { STATE_STRATEGY } from '../core/abi/layout.ts';
import { COUNT_CACHE_INVALIDATIONS, OK } from '../core/abi/terms.ts';
import { EVENT_CLEAR, OP_INVALIDATE, OP_MAP, PROT_READ } from '../core/abi/trace-event.ts';

const DUMMY = 16n;

it('points every page without a translation to the dummy page, which translates nothing', () => {
  const host = startedHost('poison-page');
  const dummy = BigInt(host.state.get(STATE_STRATEGY)) | DUMMY;
  const region = host.regionAddress(0);
  expect(new Set(host.translations(region, 0, 2048))).toEqual(new Set([dummy]));
  host.event(OP_MAP, 0, 2048, PROT_READ);
  expect(host.access(3, false)).toBe(OK);
  expect(host.translations(region, 0, 4)[3]! & (DUMMY | 1n)).toBe(1n);
  host.event(OP_INVALIDATE, 3, 1, EVENT_CLEAR);
  expect(host.translations(region, 3, 1)).toEqual([dummy]);
  expect(stopHost(host)).toBe(0);
});

it('flushes the caches on update, because a dummy is a translation to the device', () => {
  const host = startedHost('poison-page');
  host.event(OP_MAP, 0, 2048, PROT_READ);
  const before = host.state.count(COUNT_CACHE_INVALIDATIONS);
  expect(host.access(3, false)).toBe(OK);
  expect(host.state.count(COUNT_CACHE_INVALIDATIONS) - before).toBe(1);
  expect(stopHost(host)).toBe(0);
});
