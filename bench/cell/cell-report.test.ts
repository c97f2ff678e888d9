import { expect, it } from 'vitest';
import * as layout from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import { benchmarkCell } from '../benchmarks/benchmark-cell.ts';
import { NO_COSTS } from '../micro/micro-machine.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { resolveWorkload } from '../run/resolve-workload.ts';
import { judgeCell, reportCell } from './cell-report.ts';
import { setUpCell } from './cell-setup.ts';
import type { CellOutcome } from './run-cell.ts';

const STRATEGY = 'flat-preallocated';
const params = { spaceMiB: 64, vmaMiB: 16, seconds: 0.1 };
const trace = await resolveWorkload({ id: 'storm', params }, 1);
const cell = benchmarkCell(STRATEGY, 'storm', 0, { stormThreads: 2 });

/** A cell of two storm threads that ended, with nothing counted yet. */
function outcome(): CellOutcome {
  const { entry } = resolveStrategy(STRATEGY);
  const setup = setUpCell({
    cell,
    entry,
    device: NO_COSTS,
    trace,
    draws: new Uint32Array(0),
  });
  const ended = { refusal: null, roles: [], leakedPages: 0, allocatorFaults: 0, modelledNs: 0 };
  return { ...setup, ...ended, peakPages: [0, 0, 0] };
}

/** A u64 of the thread that has this place among the cell's threads of the role. */
function put({ state, tasks }: CellOutcome, role: string, index: number, at: number, n: number) {
  const task = tasks.find((one) => one.role === role && one.index === index)!;
  state.view.setBigUint64(state.threadAddress(task.thread) + at, BigInt(n), true);
}

const counterAt = (counter: number): number => layout.THREAD_COUNTERS + counter * 8;

it('collisions with the notifier are no retries of failed allocations', () => {
  const made = outcome();
  put(made, 'device', 0, counterAt(terms.COUNT_FAULT_RETRIES), 43);
  put(made, 'device', 0, counterAt(terms.COUNT_RETRIED), 5);
  const { failures, notifier } = reportCell(made, { cell, siteNames: [] });
  expect(failures!.retried).toBe(5);
  expect(notifier!.retries).toBe(43);
});

it('the measured time is that of all storm threads, whose events it is divided into', () => {
  const made = outcome();
  const windows = [
    [2e9, 3e9],
    [1e9, 5e9],
  ] as const;
  windows.forEach(([startNs, endNs], index) => {
    put(made, 'storm', index, layout.THREAD_WINDOW_START_NS, startNs);
    put(made, 'storm', index, layout.THREAD_WINDOW_END_NS, endNs);
    put(made, 'storm', index, counterAt(terms.COUNT_EVENTS), 1000);
  });
  made.state.set(layout.PLAN_TRACE_FIRST, 400);
  const { measuredNs, load } = reportCell(made, { cell, siteNames: [] });
  expect(measuredNs).toBe(4e9);
  expect(load!.achievedPerSecond).toBe(400);
});

it.each([
  [1, '1 violation of the oracle'],
  [26, '26 violations of the oracle'],
])('%i wrong translations are counted in words', (violations, reason) => {
  const count = (counter: number) => (counter === terms.COUNT_VIOLATIONS ? violations : 0);
  const outcome = {
    state: { count, examples: () => [] },
    ...{ refusal: null, roles: [], tasks: [], leakedPages: 0, allocatorFaults: 0 },
  };
  const judged = judgeCell(outcome as unknown as Parameters<typeof judgeCell>[0]);
  expect(judged).toEqual({ verdict: 'failed', reason });
});
