import { afterEach, beforeEach, expect, it } from 'vitest';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreThread } from '../bench/fixtures/core-thread.ts';
import * as layout from './abi/layout.ts';

const WORD = layout.STATE_HANDOVER >>> 2;
const OVER = 0xffffffff;
const BATCH = 64;

let host: CoreHost;
let worker: CoreThread;

beforeEach(async () => {
  host = await CoreHost.create();
  worker = host.worker(1);
});

afterEach(() => worker.end());

async function until(value: number): Promise<void> {
  while (Atomics.load(host.state.words, WORD) !== value) {
    await new Promise(setImmediate);
  }
}

/** The worker's clock stands still but for this. */
function setClockNs(ns: number): void {
  const clock = host.state.threadAddress(1) + layout.THREAD_CLOCK;
  host.state.set(clock, Math.floor(ns / 1e9));
  host.state.set(clock + 4, ns % 1e9);
}

it('is the time of a whole batch by its rounds; a batch that is cut off does not count', async () => {
  const led = worker.call('handoverLead');
  for (let round = 0; round < BATCH; round++) {
    await until(2 * round + 1);
    if (round === BATCH - 1) setClockNs(6400);
    Atomics.store(host.state.words, WORD, 2 * round + 2);
  }
  await until(2 * BATCH + 1);
  setClockNs(3e9);
  expect(await led).toBe(100);
  expect(Atomics.load(host.state.words, WORD)).toBe(OVER);
});

it('is nothing when nobody answers in time', async () => {
  const led = worker.call('handoverLead');
  await until(1);
  setClockNs(3e9);
  expect(await led).toBe(0);
});

it('is answered, odd by even, until it is over', async () => {
  const followed = worker.call('handoverFollow');
  for (const value of [1, 3, 5]) {
    Atomics.store(host.state.words, WORD, value);
    await until(value + 1);
  }
  Atomics.store(host.state.words, WORD, OVER);
  await followed;
});
