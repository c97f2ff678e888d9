import { describe, expect, it } from 'vitest';
import * as layout from '../../core/abi/layout.ts';
import { benchmarkCell } from '../benchmarks/benchmark-cell.ts';
import { NO_COSTS } from '../micro/micro-machine.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { resolveWorkload } from '../run/resolve-workload.ts';
import type { Cell } from '../suites/cell.ts';
import { setUpCell } from './cell-setup.ts';

const STRATEGY = 'flat-preallocated';
const trace = await resolveWorkload({ id: 'redis-bgsave-lean', params: {} }, 1);

/** A plan word of a storm with these settings. */
function planWord(address: number, settings: Partial<Cell>): number {
  const cell = benchmarkCell(STRATEGY, 'storm', 0, settings);
  const { entry } = resolveStrategy(STRATEGY);
  const draws = new Uint32Array(0);
  return setUpCell({ cell, entry, device: NO_COSTS, trace, draws }).state.get(address);
}

describe('the window', () => {
  it.each([0.01, 1.5, 4296, 86_400])('of %d seconds is planned as long', (windowSeconds) => {
    expect(planWord(layout.PLAN_WINDOW_MS, { windowSeconds })).toBe(windowSeconds * 1000);
  });
});
