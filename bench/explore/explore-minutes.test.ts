import { afterEach, describe, expect, it, vi } from 'vitest';
import { manifest } from '../../strategies/manifest.ts';
import { explorationVerdict } from './exploration-verdict.ts';
import { explore } from './explore.ts';
import { renderExploration } from './render-exploration.ts';

const SCENARIOS = ['update-failure', 'fault-invalidate'];
/** More than any time here allows. */
const ENDLESS_SCHEDULES = 100_000_000;

afterEach(() => void vi.restoreAllMocks());

/** A clock that says a millisecond more each time: how far an exploration comes is no matter of speed. */
function exploreFor(readings: number, schedules: number, ...ids: string[]) {
  let nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs++);
  return explore({
    strategies: ids.map((id) => ({ entry: manifest.find((entry) => entry.id === id)! })),
    scenarios: SCENARIOS,
    schedules,
    seed: 1,
    scheduler: 'random',
    minutes: readings / 60_000,
  });
}

describe('an exploration that is interrupted', () => {
  it('inside a scenario reports what it found, and what it did not reach', async () => {
    const interrupted = new AbortController();
    const exploring = explore({
      strategies: [{ entry: manifest.find(({ id }) => id === 'canary-late-zap')! }],
      scenarios: SCENARIOS,
      schedules: ENDLESS_SCHEDULES,
      seed: 1,
      scheduler: 'random',
      signal: interrupted.signal,
    });
    setTimeout(() => interrupted.abort(), 2000);
    const [first, second] = schedulesOf(await exploring);
    expect(first).toBeLessThan(ENDLESS_SCHEDULES);
    expect(second).toBe(0);
  });
});

function schedulesOf({ strategies }: Awaited<ReturnType<typeof explore>>): number[] {
  return strategies.flatMap(({ scenarios }) => scenarios.map(({ schedules }) => schedules));
}

describe('explore with a limit of time', () => {
  it('stops inside a scenario, and says what it did not reach', async () => {
    const report = await exploreFor(150, ENDLESS_SCHEDULES, 'flat-preallocated', 'radix');
    const [first, second, ...radix] = schedulesOf(report);
    expect(first).toBe(100);
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThan(100);
    expect(radix).toEqual([0, 0]);
    const text = renderExploration(report);
    expect(text).toContain(`(${second} to 100 each)`);
    expect(text.slice(text.indexOf('radix: ')).split('\n')).toEqual([
      expect.stringMatching(/^radix: undecided; no schedule, 0 of \d+ accesses reached/),
      '  not reached: 2 scenarios (update-failure, fault-invalidate)',
      'seed 1, random scheduler',
    ]);
    expect(JSON.stringify(report)).not.toContain('"schedulesPerSecond":null');
  });

  it('reaches every strategy before it goes into depth', async () => {
    const report = await exploreFor(600, ENDLESS_SCHEDULES, 'flat-preallocated', 'radix');
    const [first, ...others] = schedulesOf(report);
    expect(first).toBeGreaterThan(100);
    expect(first).toBeLessThan(500);
    expect(others).toEqual([100, 100, 100]);
  });

  it('makes no round longer than was asked', async () => {
    const counts = schedulesOf(await exploreFor(300, 20, 'flat-preallocated'));
    expect(counts[0]).toBeGreaterThan(100);
    expect(counts[0]! - counts[1]!).toBeGreaterThanOrEqual(0);
    expect(counts[0]! - counts[1]!).toBeLessThanOrEqual(20);
  });

  it('runs the schedules that one long round would', async () => {
    const report = await exploreFor(600, 70, 'flat-preallocated');
    const [cut] = report.strategies[0]!.scenarios;
    expect(cut!.schedules % 70).not.toBe(0);
    const whole = await explore({
      strategies: [{ entry: manifest.find(({ id }) => id === 'flat-preallocated')! }],
      scenarios: SCENARIOS.slice(0, 1),
      schedules: cut!.schedules,
      seed: 1,
      scheduler: 'random',
    });
    expect(whole.strategies[0]!.scenarios[0]!.traceHash).toBe(cut!.traceHash);
  });

  it('decides nothing about what it did not reach, a canary included', async () => {
    const { strategies } = await exploreFor(0, 1, 'flat-preallocated', 'canary-late-zap');
    expect(strategies.map(explorationVerdict)).toEqual(['undecided', 'undecided']);
  });
});
