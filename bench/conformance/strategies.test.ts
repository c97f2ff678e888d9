import { describe, expect, it } from 'vitest';
import { builtStrategies } from '../build/build-c.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { runCases } from './run-cases.ts';

const EXCUSED_SHARE = 0.15;

describe.each(builtStrategies().filter(({ kind }) => kind === 'strategy' || kind === 'floor'))(
  '$id',
  (entry) => {
    it('passes every conformance case that is not excused', () => {
      const strategy = { entry, modules: loadModules({ id: entry.id }), params: {} };
      const { passed, excused, failed } = runCases(strategy, { size: 'small', seed: 1 });
      expect(failed).toEqual([]);
      expect(excused.length / (passed.length + excused.length)).toBeLessThanOrEqual(EXCUSED_SHARE);
    });
  },
);

describe.each(builtStrategies().filter(({ kind }) => kind === 'canary' || kind === 'control'))(
  '$id',
  (entry) => {
    it('is caught, in two groups of cases', () => {
      const strategy = { entry, modules: loadModules({ id: entry.id }), params: {} };
      const groups = ['hmm/', 'pt/', 'invariant/', 'model/exhaustive'].filter((only) => {
        const selection = { size: 'small', seed: 1, only, stopsAtFailure: true } as const;
        return runCases(strategy, selection).failed.length > 0;
      });
      expect(groups.length).toBeGreaterThanOrEqual(2);
    });
  },
);
