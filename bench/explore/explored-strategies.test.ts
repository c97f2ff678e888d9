import { describe, expect, it } from 'vitest';
import { builtStrategies } from '../build/build-c.ts';
import { Exploration } from './exploration.ts';
import { explore, scheduleSeed } from './explore.ts';
import { loadExplored } from './explored-strategy.ts';
import { scenarios } from './scenarios.ts';

const SCHEDULES = 20;
const CANARY_SCHEDULES = 100;

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
  it(`is caught within ${CANARY_SCHEDULES} schedules`, async () => {
    const explored = await loadExplored({ entry });
    const caughtAfter = scenarios.map((scenario) => {
      const exploration = new Exploration(explored, scenario);
      for (let nth = 0; nth < CANARY_SCHEDULES; nth++) {
        if (exploration.seeded('random', scheduleSeed(7, nth)).fault !== null) return nth + 1;
      }
      return null;
    });
    expect(caughtAfter.some((schedules) => schedules !== null)).toBe(true);
  });
});
