import {
  TEARDOWN_DEFERRED,
  TEARDOWN_NAIVE,
  TEARDOWN_REFCOUNT,
  TEARDOWN_STRONG,
} from '../../core/abi/terms.ts';
import * as event from '../../core/abi/trace-event.ts';
import type { LogicalRole, LogicalThreadPlan, Scenario, Step } from './scenario.ts';

const BLOCK = 512;
const READ_WRITE = event.PROT_READ | event.PROT_WRITE;

const at = (op: number, first: number, count: number, arg = 0): Step => ({
  kind: 'event',
  op,
  first,
  count,
  arg,
});
const map = (first: number, count: number) => at(event.OP_MAP, first, count, READ_WRITE);
const mapHuge = (first: number, count: number) =>
  at(event.OP_MAP, first, count, READ_WRITE | event.VMA_HUGE);
const touch = (first: number, count = 1) => at(event.OP_FAULT, first, count, event.FAULT_WRITE);
const clear = (first: number, count = 1) =>
  at(event.OP_INVALIDATE, first, count, event.EVENT_CLEAR);
const unmap = (first: number, count: number) =>
  at(event.OP_INVALIDATE, first, count, event.EVENT_UNMAP);
const reap = (first: number, count: number) =>
  at(event.OP_INVALIDATE, first, count, event.EVENT_CLEAR | event.NON_BLOCKABLE);
const protect = (first: number, count: number) =>
  at(event.OP_INVALIDATE, first, count, event.EVENT_PROTECTION_PAGE);
const split = () => at(event.OP_SPLIT, 0, BLOCK);
const collapse = () => at(event.OP_COLLAPSE, 0, BLOCK);
const read = (page: number): Step => ({ kind: 'access', page, write: false });
const write = (page: number): Step => ({ kind: 'access', page, write: true });
const maintain: Step = { kind: 'maintain' };

function thread(
  role: LogicalRole,
  name: string,
  steps: readonly Step[],
  before: readonly Step[] = [],
): LogicalThreadPlan {
  return { role, name, steps, before };
}

/** One block, one region over it, nothing fails. */
function small(
  name: string,
  summary: string,
  threads: readonly LogicalThreadPlan[],
  checkedPages: readonly number[],
  more: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    summary,
    threads,
    checkedPages,
    pageCount: BLOCK,
    regions: [{ firstPage: 0, pageCount: BLOCK }],
    failNthUpTo: 0,
    teardown: TEARDOWN_STRONG,
    ...more,
  };
}

/** OS steps that give one page a 4 KiB mapping, or the block a 2 MiB one. */
export const mapped = (page: number): readonly Step[] => [map(0, BLOCK), touch(page)];
export const mappedHuge = (): readonly Step[] => [mapHuge(0, BLOCK), touch(0)];

/** A scenario over one block for purposes other than exploring. */
export function blockScenario(name: string, threads: readonly LogicalThreadPlan[]): Scenario {
  return small(name, name, threads, []);
}

function unregistration(name: string, teardown: number): Scenario {
  return small(
    name,
    'the unregistration of a region against a callback and a fault in flight',
    [
      thread('os', 'os', [clear(3)], [map(0, BLOCK), touch(3), touch(4)]),
      thread('os', 'registration', [{ kind: 'unregister', region: 0 }]),
      thread('device', 'device', [read(3), read(4)], [read(3)]),
    ],
    [3],
    { teardown },
  );
}

function reregistration(name: string, teardown: number): Scenario {
  const restore: Step = { kind: 'restore' };
  return small(
    name,
    'a region that is registered again while faults still hold the old one',
    [
      thread('os', 'os', [], [map(0, BLOCK), touch(3), touch(4)]),
      thread('os', 'registration', [{ kind: 'unregister', region: 0 }, restore, restore]),
      thread('device', 'device', [read(4)], [read(3)]),
    ],
    [3],
    { teardown },
  );
}

/** Frees first and unregisters later: not explored by default, because it must fail. */
export const naiveTeardown: Scenario = unregistration('unregister-naive', TEARDOWN_NAIVE);

/** The situations every strategy is explored in. Each is the smallest in which its race can happen. */
export const scenarios: readonly Scenario[] = [
  small(
    'fault-invalidate',
    'a device fault against an invalidation of the same page',
    [
      thread('os', 'os', [clear(3), touch(3)], [map(0, BLOCK), touch(3)]),
      thread('device', 'device', [read(3), write(3)]),
    ],
    [3],
  ),
  small(
    'faults-break',
    'two faults of one block against the break of its 2 MiB mapping',
    [
      thread('os', 'os', [split()], [mapHuge(0, BLOCK), touch(0)]),
      thread('device', 'device 1', [read(5), read(5)]),
      thread('device', 'device 2', [write(9)]),
    ],
    [5, 9],
  ),
  small(
    'break-collapse',
    'the break of a 2 MiB mapping against the collapse of the same block',
    [
      thread('os', 'os 1', [split()], [mapHuge(0, BLOCK), touch(0)]),
      thread('os', 'os 2', [collapse()]),
      thread('device', 'device', [read(7)], [read(7)]),
    ],
    [7, 300],
  ),
  small(
    'invalidate-cache',
    "an invalidation against translations through the device's cache",
    [
      thread('os', 'os', [clear(3)], [map(0, BLOCK), touch(3)]),
      thread('device', 'device', [read(3), read(3)], [read(3)]),
    ],
    [3],
  ),
  small(
    'protect-write',
    'a loss of the write right against device writes',
    [
      thread('os', 'os', [protect(3, 1)], [map(0, BLOCK), touch(3)]),
      thread('device', 'device', [write(3), write(3)], [write(3)]),
    ],
    [3],
  ),
  small(
    'update-failure',
    'an update whose nth allocation fails while another thread invalidates',
    [
      thread('os', 'os', [clear(0, 16)], [map(0, BLOCK), touch(0, 16)]),
      thread('device', 'device 1', [read(3), read(3)]),
      thread('device', 'device 2', [read(12)]),
    ],
    [3, 12],
    { failNthUpTo: 4 },
  ),
  small(
    'maintain-update',
    'background maintenance against an update of a table it may free',
    [
      thread('os', 'os', [clear(3)], [map(0, BLOCK), touch(3), touch(40)]),
      thread('device', 'device', [read(40)], [read(3)]),
      thread('maintenance', 'maintenance', [maintain, maintain]),
    ],
    [3, 40],
  ),
  small(
    'unmap-maintain',
    'an unmap of the whole block against maintenance and a fault',
    [
      thread('os', 'os', [unmap(0, BLOCK)], [map(0, BLOCK), touch(3)]),
      thread('device', 'device', [read(3)], [read(3)]),
      thread('maintenance', 'maintenance', [maintain]),
    ],
    [3],
  ),
  small(
    'unmap-walk',
    'an unmap of the whole block against walks of its table',
    [
      thread('os', 'os', [unmap(0, BLOCK)], [map(0, BLOCK), touch(3, 4)]),
      thread('device', 'device 1', [read(3)], [read(3), read(4), read(5), read(6)]),
      thread('device', 'device 2', [read(3), read(4), read(5), read(6)]),
      thread('device', 'device 3', [read(6), read(5), read(4), read(3)]),
    ],
    [3],
  ),
  unregistration('unregister-callback', TEARDOWN_STRONG),
  unregistration('unregister-deferred', TEARDOWN_DEFERRED),
  unregistration('unregister-refcount', TEARDOWN_REFCOUNT),
  reregistration('reregister-deferred', TEARDOWN_DEFERRED),
  reregistration('reregister-refcount', TEARDOWN_REFCOUNT),
  small(
    'register-window',
    'the registration of a region while invalidation windows are open',
    [
      thread(
        'os',
        'os',
        [clear(3), clear(BLOCK + 3)],
        [map(0, 2 * BLOCK), touch(3), touch(BLOCK + 3)],
      ),
      thread('os', 'registration', [{ kind: 'register', region: 1 }]),
      thread('device', 'device', [read(BLOCK + 3), read(3)]),
    ],
    [3, BLOCK + 3],
    {
      pageCount: 2 * BLOCK,
      regions: [
        { firstPage: 0, pageCount: BLOCK },
        { firstPage: BLOCK, pageCount: BLOCK },
      ],
    },
  ),
  small(
    'overlapping-invalidations',
    'two invalidations that overlap and a fault on a page of both',
    [
      thread('os', 'os 1', [clear(0, 8), touch(5)], [map(0, BLOCK), touch(5)]),
      thread('os', 'os 2', [clear(4, 8)]),
      thread('device', 'device', [write(5), read(5)]),
    ],
    [5],
  ),
  small(
    'non-blockable',
    'an invalidation that may not sleep against a fault that holds the lock',
    [
      thread('os', 'os', [reap(0, 8)], [map(0, BLOCK), touch(3)]),
      thread('device', 'device', [write(3), write(3)]),
    ],
    [3],
  ),
  small(
    'non-blockable-maintain',
    'an invalidation that may not sleep against the maintenance of what it takes from',
    [
      thread('os', 'os', [reap(BLOCK, BLOCK)], [mapHuge(0, 2 * BLOCK), touch(0), touch(BLOCK)]),
      thread('device', 'device', [read(BLOCK + 3)], [read(3), read(BLOCK + 3)]),
      thread('os', 'os 2', [clear(0, BLOCK)]),
      thread('maintenance', 'maintenance', [maintain]),
    ],
    [3, BLOCK + 3],
    {
      pageCount: 2 * BLOCK,
      regions: [{ firstPage: 0, pageCount: 2 * BLOCK }],
    },
  ),
];
