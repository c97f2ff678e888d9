import { describe, expect, it } from 'vitest';
import { manifest } from '../../strategies/manifest.ts';
import { explorationVerdict } from './exploration-verdict.ts';
import { explore } from './explore.ts';
import { renderExploration } from './render-exploration.ts';

/** More than any machine explores in the time that is given here. */
const ENDLESS_SCHEDULES = 100_000_000;

function exploreFor(minutes: number, schedules: number, ...ids: string[]) {
  return explore({
    strategies: ids.map((id) => ({ entry: manifest.find((entry) => entry.id === id)! })),
    scenarios: ['update-failure', 'fault-invalidate'],
    schedules,
    seed: 1,
    scheduler: 'random',
    minutes,
  });
}

describe('explore with a limit of time', () => {
  it('stops inside a scenario, and says what it did not reach', async () => {
    const report = await exploreFor(0.05, ENDLESS_SCHEDULES, 'flat-preallocated', 'radix');
    const [flat, radix] = report.strategies;
    expect(flat!.scenarios[0]!.schedules).toBeLessThan(ENDLESS_SCHEDULES);
    expect(flat!.scenarios[1]!.schedules).toBe(0);
    expect(radix!.scenarios.map(({ schedules }) => schedules)).toEqual([0, 0]);
    const text = renderExploration(report);
    expect(text).toContain('  not reached: 2 scenarios (update-failure, fault-invalidate)');
    expect(text).toContain('radix: undecided; no schedule, ');
    expect(JSON.stringify(report)).not.toMatch(/schedulesPerSecond":(null|-)/);
  });

  it('decides nothing about what it did not reach, a canary included', async () => {
    const { strategies } = await exploreFor(0, 1, 'flat-preallocated', 'canary-late-zap');
    expect(strategies.map(explorationVerdict)).toEqual(['undecided', 'undecided']);
  });

  it('goes on in rounds with schedules that are new', async () => {
    const report = await exploreFor(0.1, 20, 'flat-preallocated');
    const [first, second] = report.strategies[0]!.scenarios;
    // A slow machine may not come to the end of one round; any other makes many.
    expect(first!.schedules).toBeGreaterThanOrEqual(second!.schedules);
    expect(first!.schedules - second!.schedules).toBeLessThanOrEqual(20);
    const once = await explore({
      strategies: [{ entry: manifest.find(({ id }) => id === 'flat-preallocated')! }],
      scenarios: ['update-failure'],
      schedules: Math.max(1, first!.schedules),
      seed: 1,
      scheduler: 'random',
    });
    if (first!.schedules > 0) {
      expect(once.strategies[0]!.scenarios[0]!.traceHash).toBe(first!.traceHash);
    }
  });
});
