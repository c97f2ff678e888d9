import { beforeAll, expect, test } from 'vitest';
import * as terms from '../../core/abi/terms.ts';
import { benchmarkCell } from '../benchmarks/benchmark-cell.ts';
import { NO_COSTS } from '../micro/micro-machine.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { resolveWorkload } from '../run/resolve-workload.ts';
import type { PageTrace } from '../workloads/page-trace.ts';
import { setUpCell } from './cell-setup.ts';
import { instantiate, loadModules } from './thread-modules.ts';

const STRATEGY = 'flat-preallocated';
let trace: PageTrace;

beforeAll(async () => {
  trace = await resolveWorkload({ id: 'redis-bgsave-lean', params: {} }, 1);
});

/** Device faults of a replay whose device draws this share from what it faulted on last. */
function deviceFaults(hotShare: number): number {
  const access = { kind: 'hot-recent', hotShare } as const;
  const cell = benchmarkCell(STRATEGY, 'replay', 0, { access });
  const { entry } = resolveStrategy(STRATEGY);
  const draws = new Uint32Array(0);
  const { state } = setUpCell({ cell, entry, device: NO_COSTS, trace, draws });
  const { driver } = instantiate(loadModules({ id: STRATEGY }), state.memory, 1);
  driver.attach();
  for (const [index, { firstPage, pageCount }] of trace.regions.entries()) {
    driver.register(index, firstPage, pageCount);
  }
  driver.replayLoop();
  return state.count(terms.COUNT_FAULTS);
}

test('the more draws come from the hot set, the fewer of them fault', () => {
  const [cold, half, hot] = [0, 0.5, 0.99].map(deviceFaults) as [number, number, number];
  expect(half).toBeLessThan(cold);
  expect(hot).toBeLessThan(half);
});
