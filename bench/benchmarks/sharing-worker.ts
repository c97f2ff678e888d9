// A thread of the sharing probe: maps and unmaps pages of its own region between two barriers.
import { parentPort, workerData } from 'node:worker_threads';
import { EVENT_CLEAR } from '../../core/abi/trace-event.ts';
import { type CellModules, instantiate } from '../cell/thread-modules.ts';
import type { MicroExports } from '../micro/micro-machine.ts';

/** What a thread of the probe gets. */
export interface SharingWork {
  readonly modules: CellModules;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  readonly region: number;
  readonly parties: number;
  readonly rounds: number;
}

const { modules, memory, thread, region, parties, rounds } = workerData as SharingWork;
const driver = instantiate(modules, memory, thread).driver as MicroExports;
const BATCH = 512;
driver.microWords(0, 2);

function work(count: number): void {
  for (let round = 0; round < count; round++) {
    driver.microUpdate(region, 0, 1, 1, BATCH);
    driver.microInvalidate(region, 0, 1, 1, BATCH, EVENT_CLEAR);
  }
}

work(rounds / 10);
driver.barrierWait(parties);
const startMs = performance.now();
work(rounds);
parentPort?.postMessage(performance.now() - startMs);
