import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreThread } from '../bench/fixtures/core-thread.ts';
import * as layout from './abi/layout.ts';

const LOCK = layout.STATE_STRATEGY;
const CELL = layout.STATE_STRATEGY + 64;
const STALL_LOCK = 1;
const STALL_BARRIER = 2;

let host: CoreHost;
let workers: CoreThread[];

async function start(threads: number, waitLimitMs?: number): Promise<void> {
  host = await CoreHost.create(waitLimitMs === undefined ? {} : { waitLimitMs });
  workers = Array.from({ length: threads }, (_, i) => host.worker(i + 1));
}

beforeEach(() => {
  workers = [];
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.end()));
});

/** Wakes one sleeper on the word, once there is one: proof that a thread is parked there. */
async function wakeParked(word: number, settled: () => boolean): Promise<void> {
  const words = new Int32Array(host.state.memory.buffer);
  while (Atomics.notify(words, word >>> 2, 1) === 0) {
    if (settled()) throw new Error('the call came back without ever having slept');
    await new Promise(setImmediate);
  }
}

const stalled = (): number => host.state.get(layout.STATE_STALL);

describe('lock', () => {
  it('lets one thread in at a time', async () => {
    await start(3);
    const rounds = 20_000;
    await Promise.all(workers.map((worker) => worker.call('guardedCount', LOCK, CELL, rounds)));
    expect(host.state.get(CELL)).toBe(3 * rounds);
    expect(host.state.get(LOCK)).toBe(0);
  });

  it('sleeps while it is held, in spite of a wake-up that frees nothing, and is handed on', async () => {
    await start(1);
    const core = host.thread();
    core.lockAcquire(LOCK);
    let settled = false;
    const acquired = workers[0]!.call('lockAcquire', LOCK).then(() => {
      settled = true;
    });
    for (let i = 0; i < 2; i++) await wakeParked(LOCK, () => settled);
    expect(settled).toBe(false);
    core.lockRelease(LOCK);
    await acquired;
    expect(core.lockTry(LOCK)).toBe(0);
    await workers[0]!.call('lockRelease', LOCK);
    expect(core.lockTry(LOCK)).toBe(1);
  });

  it('traps when it is not released in time, and says which word it waited for', async () => {
    await start(1, 20);
    host.thread().lockAcquire(LOCK);
    await expect(workers[0]!.call('lockAcquire', LOCK)).rejects.toThrow('unreachable');
    expect(stalled()).toBe(STALL_LOCK);
    expect(host.state.get(layout.STATE_STALL + 4)).toBe(LOCK);
    expect(host.state.get(layout.STATE_STALL + 8)).not.toBe(0);
  });
});

describe('barrier', () => {
  const parked = layout.STATE_BARRIER + 4;

  it('holds all but the last, and can be used again at once', async () => {
    await start(2);
    for (let round = 0; round < 50; round++) {
      await Promise.all(workers.map((worker) => worker.call('barrierWait', 2)));
    }
    let settled = false;
    const first = workers[0]!.call('barrierWait', 2).then(() => {
      settled = true;
    });
    for (let i = 0; i < 2; i++) await wakeParked(parked, () => settled);
    expect(settled).toBe(false);
    await workers[1]!.call('barrierWait', 2);
    await first;
    expect(stalled()).toBe(0);
  });

  it('traps when a peer is missing, and says what it waited for', async () => {
    await start(1, 20);
    await expect(workers[0]!.call('barrierWait', 2)).rejects.toThrow('unreachable');
    expect(stalled()).toBe(STALL_BARRIER);
    expect(host.state.get(layout.STATE_STALL + 4)).toBe(layout.STATE_BARRIER);
    expect(host.state.get(layout.STATE_STALL + 8)).toBe(1);
  });
});
