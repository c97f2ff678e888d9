import { expect, it } from 'vitest';
import { hugeHost, startedHost, stopHost } from '../bench/fixtures/started-host.ts';
import { COUNT_FENCES, MEMORY_TABLE, OK } from '../core/abi/terms.ts';
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

it('drops the leaf when the OS breaks it, without memory, and refaults at 4 KiB', () => {
  const host = startedHost('coarse-zap');
  host.event(OP_MAP, 0, BLOCK, PROT_READ | VMA_HUGE);
  expect(host.access(0, false)).toBe(OK);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES);
  host.failAllocations({});
  host.event(OP_SPLIT, 0, BLOCK);
  expect(host.injectedFailures).toBe(0);
  host.failAllocations(null);
  const region = host.regionAddress(0);
  expect(host.translations(region, 0, BLOCK).every((entry) => entry === 0n)).toBe(true);
  expect(host.access(7, false)).toBe(OK);
  expect(host.translations(region, 0, BLOCK).filter((entry) => entry !== 0n)).toHaveLength(16);
  expect(host.pagesOfKind(MEMORY_TABLE)).toBe(DIRECTORY_PAGES + 1);
  expect(stopHost(host)).toBe(0);
});

it.each(['coarse-zap', 'bounded-reserve', 'dma-built-table', 'huge-then-4k'])(
  'maintain of %s fences, under the driver lock, only when it has unlinked a table',
  (id) => {
    const host = hugeHost(id, 1);
    host.event(OP_SPLIT, 0, BLOCK);
    expect(host.access(0, false)).toBe(OK);
    const tables = host.pagesOfKind(MEMORY_TABLE);
    const fencesOfMaintain = () => {
      const before = host.state.count(COUNT_FENCES);
      host.maintain();
      return host.state.count(COUNT_FENCES) - before;
    };
    expect(fencesOfMaintain()).toBe(0);
    host.event(OP_INVALIDATE, 0, BLOCK, EVENT_CLEAR);
    expect(fencesOfMaintain()).toBe(1);
    expect(host.pagesOfKind(MEMORY_TABLE)).toBe(tables - 1);
    expect(fencesOfMaintain()).toBe(0);
    expect(stopHost(host)).toBe(0);
  },
);
