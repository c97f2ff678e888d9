import { describe, expect, it } from 'vitest';
import { builtStrategies } from '../build/build-c.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { sweepAllocations, sweepCommands } from './failure-sweep.ts';

describe.each(builtStrategies().filter(({ kind }) => kind === 'strategy'))('$id', (entry) => {
  const strategy = { entry, modules: loadModules({ id: entry.id }), params: {} };

  it('survives each failing allocation, and each kind was made to fail', () => {
    const sweep = sweepAllocations(strategy, { size: 'small', seed: 1 });
    expect(sweep.failed).toEqual([]);
    expect(sweep.neverFailed).toEqual([]);
    expect([sweep.violations, sweep.leaks, sweep.hangs]).toEqual([0, 0, 0]);
    expect(sweep.sites.length > 0).toBe(entry.sites.length > 0);
  });

  it('survives failing commands and the death of the device', () => {
    const sweep = sweepCommands(strategy, { size: 'small', seed: 1 });
    expect(sweep.failed).toEqual([]);
    expect(sweep.commands).toBeGreaterThan(0);
  });
});
