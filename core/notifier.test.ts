import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreInternals } from '../bench/fixtures/core-internals.ts';
import type { CoreThread } from '../bench/fixtures/core-thread.ts';
import * as layout from './abi/layout.ts';
import * as terms from './abi/terms.ts';

const SEQUENCE = layout.STATE_NOTIFIER + 64;
const ACTIVE = layout.STATE_NOTIFIER + 72;
const STALL_REMOVE = 4;
const { REGION_FREE, REGION_INSERTING, REGION_LIVE, REGION_REMOVING } = terms;

let host: CoreHost;
let core: CoreInternals;
let workers: CoreThread[];

async function start(waitLimitMs?: number): Promise<void> {
  host = await CoreHost.create(waitLimitMs === undefined ? {} : { waitLimitMs });
  core = host.thread();
  core.notifierInit();
}

beforeEach(async () => {
  workers = [];
  await start();
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.end()));
});

function worker(thread: number): CoreThread {
  const made = host.worker(thread);
  workers.push(made);
  return made;
}

/** Region `id` over its own 256 pages, not inserted yet. */
function region(id: number): number {
  const record = core.regionAt(id);
  host.state.set(record + layout.REGION_ID, id);
  host.state.set(record + layout.REGION_FIRST_PAGE, id * 256);
  host.state.set(record + layout.REGION_PAGE_COUNT, 256);
  return record;
}

function inserted(id: number): number {
  const record = region(id);
  core.notifierInsert(record);
  return record;
}

const stateOf = (record: number): number => host.state.get(record + layout.REGION_STATE);
const sequenceOf = (record: number): number => host.state.get(record + layout.REGION_SEQUENCE);
const sequence = (): number => host.state.get(SEQUENCE);
const isFound = (id: number): boolean => core.treeNextOverlap(id * 256, id * 256 + 1, 0) !== 0;

/** An invalidation that hits the region, up to the point where the CPU's table changes. */
function hit(record: number): void {
  const first = host.state.get(record + layout.REGION_FIRST_PAGE);
  expect(core.notifierStart(first, first + 1)).toBe(record);
  expect(sequence() & 1).toBe(1);
  core.notifierSetSequence(record, sequence());
}

/** Wakes one sleeper on the sequence, once there is one: proof that a thread is parked there. */
async function wakeParked(settled: () => boolean): Promise<void> {
  const words = new Int32Array(host.state.memory.buffer);
  while (Atomics.notify(words, SEQUENCE >>> 2, 1) === 0) {
    if (settled()) throw new Error('the call came back without having waited');
    await new Promise(setImmediate);
  }
}

describe('windows', () => {
  it('idle: a region is live at once and its faults publish', () => {
    const record = inserted(0);
    expect(stateOf(record)).toBe(REGION_LIVE);
    core.notifierReadBegin(record);
    expect(core.notifierReadRetry(record)).toBe(0);
  });

  it('partial: a window that meets no region leaves the sequence even and the tree open', () => {
    const record = inserted(0);
    expect(core.notifierStart(300, 400)).toBe(0);
    expect(sequence() & 1).toBe(0);
    core.notifierReadBegin(record);
    expect(core.notifierReadRetry(record)).toBe(0);
    core.notifierRemove(record);
    expect(stateOf(record)).toBe(REGION_FREE);
    expect(isFound(0)).toBe(false);
    core.notifierEnd();
    expect(host.state.get(ACTIVE)).toBe(0);
  });

  it('partial: a region inserted under an open window starts as being invalidated', () => {
    core.notifierStart(0, 1024);
    const record = inserted(1);
    expect(stateOf(record)).toBe(REGION_LIVE);
    expect(sequence() & 1).toBe(1);
    expect(sequenceOf(record)).toBe(sequence());
    core.notifierEnd();
    expect(sequenceOf(record)).not.toBe(sequence());
    core.notifierReadBegin(record);
    expect(core.notifierReadRetry(record)).toBe(0);
  });

  it('full: a fault that began before the invalidation is turned back, one after it is not', () => {
    const record = inserted(0);
    core.notifierReadBegin(record);
    hit(record);
    expect(core.notifierReadRetry(record)).toBe(1);
    core.notifierEnd();
    expect(core.notifierReadRetry(record)).toBe(1);
    core.notifierReadBegin(record);
    expect(core.notifierReadRetry(record)).toBe(0);
  });

  it('full: a region that no window hits goes on publishing', () => {
    const [bystander, target] = [inserted(0), inserted(1)];
    core.notifierReadBegin(bystander);
    hit(target!);
    expect(core.notifierReadRetry(bystander)).toBe(0);
    core.notifierReadBegin(bystander);
    core.notifierEnd();
    expect(core.notifierReadRetry(bystander)).toBe(0);
  });

  it('the sequence moves when the last of several windows ends', () => {
    const record = inserted(0);
    hit(record);
    const during = sequence();
    hit(record);
    expect(sequence()).toBe(during);
    core.notifierEnd();
    expect(sequence()).toBe(during);
    core.notifierEnd();
    expect(sequence()).toBe(during + 1);
  });

  it('full: inserts wait for the end', () => {
    hit(inserted(0));
    const record = inserted(1);
    expect(stateOf(record)).toBe(REGION_INSERTING);
    expect(isFound(1)).toBe(false);
    core.notifierEnd();
    expect(stateOf(record)).toBe(REGION_LIVE);
    expect(isFound(1)).toBe(true);
    expect(sequenceOf(record)).not.toBe(sequence());
  });
});

describe('with other threads', () => {
  it('read_begin waits while an invalidation that hit the region runs', async () => {
    const record = inserted(0);
    hit(record);
    let settled = false;
    const reader = worker(1);
    const began = reader.call('notifierReadBegin', record).then(() => {
      settled = true;
    });
    for (let i = 0; i < 2; i++) await wakeParked(() => settled);
    expect(settled).toBe(false);
    core.notifierEnd();
    await began;
    expect(host.state.count(terms.COUNT_WINDOW_COLLISIONS)).toBe(1);
    // Its snapshot is of the sequence it waited out, so that it may publish now.
    expect(await reader.call('notifierReadRetry', record)).toBe(0);
  });

  it('remove is a strong fence: it returns after the invalidations that may run in the region', async () => {
    const record = inserted(0);
    hit(record);
    let settled = false;
    const removed = worker(1)
      .call('notifierRemove', record)
      .then(() => {
        settled = true;
      });
    for (let i = 0; i < 2; i++) await wakeParked(() => settled);
    expect(stateOf(record)).toBe(REGION_REMOVING);
    expect(isFound(0)).toBe(true);
    core.notifierEnd();
    await removed;
    expect(stateOf(record)).toBe(REGION_FREE);
    expect(isFound(0)).toBe(false);
    expect(core.notifierStart(0, 1)).toBe(0);
    core.notifierEnd();
  });

  it('a region that is removed before its deferred insert never enters the tree', async () => {
    hit(inserted(0));
    const record = inserted(1);
    let settled = false;
    const removed = worker(1)
      .call('notifierRemove', record)
      .then(() => {
        settled = true;
      });
    await wakeParked(() => settled);
    core.notifierEnd();
    await removed;
    expect(stateOf(record)).toBe(REGION_FREE);
    expect(isFound(1)).toBe(false);
  });

  it('when remove returns the record is out of the tree, however short the window was', async () => {
    const remover = worker(1);
    const words = new Int32Array(host.state.memory.buffer);
    for (let round = 0; round < 300; round++) {
      const record = inserted(0);
      hit(record);
      const state = remover.call('removeThenState', record);
      while (Atomics.load(words, (record + layout.REGION_STATE) >>> 2) !== REGION_REMOVING) {
        await new Promise(setImmediate);
      }
      core.notifierEnd();
      expect(await state).toBe(REGION_FREE);
    }
  });

  it('a removal that nobody lets through traps and says what it waited for', async () => {
    await start(20);
    const record = inserted(0);
    hit(record);
    await expect(worker(1).call('notifierRemove', record)).rejects.toThrow('unreachable');
    expect(host.state.get(layout.STATE_STALL)).toBe(STALL_REMOVE);
    expect(host.state.get(layout.STATE_STALL + 4)).toBe(SEQUENCE);
  });
});
