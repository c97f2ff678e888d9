import { describe, expect, it } from 'vitest';
import * as layout from '../../core/abi/layout.ts';
import { benchmarkCell } from '../benchmarks/benchmark-cell.ts';
import { NO_COSTS } from '../micro/micro-machine.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { resolveWorkload } from '../run/resolve-workload.ts';
import type { Cell } from '../suites/cell.ts';
import { setUpCell } from './cell-setup.ts';

const STRATEGY = 'flat-preallocated';
const params = { spaceMiB: 64, vmaMiB: 16, seconds: 0.1 };
const trace = await resolveWorkload({ id: 'storm', params }, 1);

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

describe('a trace is played again', () => {
  const events = trace.eventCount - trace.counts.setupEvents!;
  const recordedSeconds = (trace.durationNs - trace.counts.setupNs!) / 1e9;

  it.each<[string, Cell['pace'], number]>([
    ['a rate', { kind: 'rate', perSecond: events }, 1],
    ['the recorded pace', { kind: 'recorded' }, recordedSeconds],
    ['twice that', { kind: 'compressed', factor: 2 }, recordedSeconds / 2],
  ])('where the window is longer than its events take at %s', (_, pace, lapSeconds) => {
    const again = (windowSeconds: number): number =>
      planWord(layout.PLAN_REPEAT_TRACE, { pace, windowSeconds });
    expect(again(lapSeconds * 1.01)).toBe(1);
    expect(again(lapSeconds * 0.99)).toBe(0);
  });

  it('always as fast as possible: nobody knows how long that takes', () => {
    expect(planWord(layout.PLAN_REPEAT_TRACE, { pace: { kind: 'asap' } })).toBe(1);
  });
});
