import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { workerData } from 'node:worker_threads';
import { hrtimeNs } from '../environment/clock-check.ts';
import {
  FIRST_WORKER_THREAD,
  type RoleOrder,
  type RoleResult,
  type RoleTask,
} from './role-task.ts';
import { SharedState } from './shared-state.ts';
import { type DriverExports, instantiate } from './thread-modules.ts';

/** What each worker of a cell gets when it starts. */
export interface CellWorkerData {
  readonly memory: WebAssembly.Memory;
  /** Threads that meet at the start barrier. */
  readonly parties: number;
}

/** GC entries arrive through the event loop, some of them a few turns late. */
const GC_DRAIN_MS = 8;
/** Until the clock import is optimised it leaves garbage: 20 x 20,000 readings are enough. */
const CLOCK_WARM_UP = 20;
const CLOCK_WARM_UP_READINGS = 20_000;

let gcEvents = 0;
new PerformanceObserver((list) => {
  gcEvents += list.getEntries().length;
}).observe({ entryTypes: ['gc'], buffered: false });

export default async function runRole({ task, modules }: RoleOrder): Promise<RoleResult> {
  const { memory, parties } = workerData as CellWorkerData;
  const state = new SharedState(memory);
  const { driver } = instantiate(modules, memory, task.thread);
  const run = loopOf(driver, task);
  const clockCostNs = warmClock(driver);
  // The first call allocates what it reports in; the clock's optimised code arrives meanwhile.
  getHeapStatistics();
  await sleep(GC_DRAIN_MS);
  gcEvents = 0;
  let message = '';
  let handoverNs: number | null = null;
  let before = 0;
  let after = 0;
  try {
    driver.barrierWait(parties);
    if (parties > 1) handoverNs = passLine(driver, task.thread);
    if (task.role === 'replay' || (task.role === 'storm' && task.index === 0)) {
      driver.openWindow();
    }
    driver.barrierWait(parties);
    before = getHeapStatistics().used_heap_size;
    run();
    after = getHeapStatistics().used_heap_size;
  } catch (cause) {
    // A trap: locks and counters are undefined from here on; end the other loops as well.
    message = cause instanceof Error ? cause.message : String(cause);
    state.stop();
  }
  await sleep(GC_DRAIN_MS);
  const heapGrowthBytes = Math.max(0, after - before);
  return { ok: message === '', message, gcEvents, heapGrowthBytes, handoverNs, clockCostNs };
}

/** Reads the clock until its code is optimised; what a reading then costs. */
function warmClock(driver: DriverExports): number {
  let fastestNs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < CLOCK_WARM_UP; i++) {
    const startNs = hrtimeNs();
    driver.warmClock(CLOCK_WARM_UP_READINGS);
    fastestNs = Math.min(fastestNs, hrtimeNs() - startNs);
  }
  return fastestNs / CLOCK_WARM_UP_READINGS;
}

/** The first two threads pass a cache line to and fro; the first one knows what a round trip took. */
function passLine(driver: DriverExports, thread: number): number | null {
  if (thread === FIRST_WORKER_THREAD + 1) driver.handoverFollow();
  return thread === FIRST_WORKER_THREAD ? driver.handoverLead() || null : null;
}

function loopOf(driver: DriverExports, task: RoleTask): () => void {
  switch (task.role) {
    case 'device':
      return () => driver.deviceLoop();
    case 'storm':
      return () => driver.stormLoop(task.index);
    case 'maintenance':
      return () => driver.maintenanceLoop();
    case 'registration':
      return () => driver.registrationLoop();
    case 'replay':
      return () => driver.replayLoop();
  }
}
