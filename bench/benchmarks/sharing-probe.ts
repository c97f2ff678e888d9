import { Worker } from 'node:worker_threads';
import * as layout from '../../core/abi/layout.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { MICRO_GEOMETRY, MicroMachine } from '../micro/micro-machine.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { benchmarkCell } from './benchmark-cell.ts';
import type { ProbeFigures } from './probe.ts';
import type { SharingWork } from './sharing-worker.ts';

const STRATEGY = 'flat-preallocated';
const REGION_PAGES = 131_072;
const ROUNDS = 2_000;
const TRIES = 5;
const workerFile = new URL('./sharing-worker.js', import.meta.url);

/**
 * False sharing: two threads on two regions of one device against one thread alone. What they share on
 * purpose is the device's epoch; all else stands on lines of its own. The best of several tries.
 */
export async function sharingProbe(): Promise<ProbeFigures> {
  let oneMs = Number.POSITIVE_INFINITY;
  let twoMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    oneMs = Math.min(oneMs, ...(await runThreads(1)));
    twoMs = Math.min(twoMs, Math.max(...(await runThreads(2))));
  }
  return { oneThreadMs: oneMs, twoThreadsMs: twoMs, throughputRatio: (2 * oneMs) / twoMs };
}

async function runThreads(threads: number): Promise<number[]> {
  const { entry } = resolveStrategy(STRATEGY);
  const modules = loadModules({ id: STRATEGY });
  const regions = [0, 1].map((i) => ({ firstPage: i * REGION_PAGES, pageCount: REGION_PAGES }));
  const cell = benchmarkCell(STRATEGY, 'micro', 0);
  const machine = new MicroMachine({ cell, entry }, modules, {
    ...MICRO_GEOMETRY,
    pageCount: 2 * REGION_PAGES,
    regions,
  });
  const { state } = machine;
  state.set(layout.PLAN_THREAD_COUNT, threads + 1);
  return Promise.all(
    Array.from({ length: threads }, (_, region) => {
      const work: SharingWork = {
        modules,
        memory: state.memory,
        thread: region + 1,
        region,
        parties: threads,
        rounds: ROUNDS,
      };
      return new Promise<number>((resolve, reject) => {
        const worker = new Worker(workerFile, { workerData: work });
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    }),
  );
}
