import { describe, expect, it } from 'vitest';
import { builtStrategies } from '../build/build-c.ts';
import { Exploration } from './exploration.ts';
import { explore, scheduleSeed } from './explore.ts';
import { loadExplored } from './explored-strategy.ts';
import { scenarios } from './scenarios.ts';

const SCHEDULES = 20;
const CANARY_SCHEDULES = 100;
const BASE_SEEDS = 20;

describe.each(builtStrategies().filter((entry) => entry.breaks === undefined))('$id', (entry) => {
  it(`keeps every invariant in ${scenarios.length} scenarios x ${SCHEDULES} schedules`, async () => {
    const report = await explore({
      strategies: [{ entry }],
      scenarios: [],
      schedules: SCHEDULES,
      seed: 1,
      scheduler: 'random',
    });
    const failed = report.strategies[0]!.scenarios.filter(
      ({ violations, livelocks }) => violations + livelocks > 0,
    );
    expect(
      failed.map(({ name, firstFailingSeed, firstFault }) => [name, firstFailingSeed, firstFault]),
    ).toEqual([]);
  });
});

describe.each(builtStrategies().filter((entry) => entry.breaks !== undefined))('$id', (entry) => {
  it(`is caught within ${CANARY_SCHEDULES} schedules from each of ${BASE_SEEDS} base seeds`, async () => {
    const explored = await loadExplored({ entry });
    const missing = new Set(Array.from({ length: BASE_SEEDS }, (_, i) => i + 1));
    for (const scenario of scenarios) {
      if (missing.size === 0) break;
      const exploration = new Exploration(explored, scenario);
      for (const base of missing) {
        for (let nth = 0; nth < CANARY_SCHEDULES && missing.has(base); nth++) {
          const { fault } = exploration.seeded('random', scheduleSeed(base, nth));
          if (fault !== null) missing.delete(base);
        }
      }
    }
    expect([...missing]).toEqual([]);
  });
});
