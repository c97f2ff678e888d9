import type { ExploredStrategy } from './explored-strategy.ts';
import { judgeSchedule, type ScheduleFault } from './judge-schedule.ts';
import type { Scenario } from './scenario.ts';
import { type AccessObserver, ScheduleRunner } from './schedule-runner.ts';
import {
  type Decision,
  PctScheduler,
  RandomScheduler,
  type Scheduler,
  ScriptedScheduler,
} from './scheduler.ts';
import { WORD_COVERAGE } from './scheduler-words.ts';
import type { SchedulerKind } from './seed-token.ts';

/** Longest serial run; a scenario that takes more is itself a livelock. */
const SERIAL_LIMIT = 1_000_000;
/** A schedule is a livelock beyond this many times the points of the serial run. */
const LIVELOCK_FACTOR = 50;
const LIVELOCK_FLOOR = 10_000;

export interface ScheduleResult {
  readonly fault: ScheduleFault | null;
  /** Halves of the interleaving's hash: equal for equal schedules. */
  readonly hashHigh: number;
  readonly hashLow: number;
  readonly points: number;
  readonly switches: number;
}

export interface ScheduleTaps {
  readonly observer?: AccessObserver;
  readonly decisions?: Decision[];
}

/** One strategy in one scenario, ready to run any number of schedules. */
export class Exploration {
  readonly runner: ScheduleRunner;
  readonly scenario: Scenario;
  /** Points of the schedule in which the threads run one after another. */
  readonly serialPoints: number;
  readonly #limit: number;

  /** @throws UsageError when the strategy refuses to register in the scenario */
  constructor(explored: ExploredStrategy, scenario: Scenario) {
    this.scenario = scenario;
    this.runner = new ScheduleRunner(explored, scenario);
    this.#limit = SERIAL_LIMIT;
    this.serialPoints = this.#run(this.scripted([]), 0, {}).points;
    this.#limit = Math.min(SERIAL_LIMIT, this.serialPoints * LIVELOCK_FACTOR + LIVELOCK_FLOOR);
  }

  /** The schedule of a seed. */
  seeded(kind: SchedulerKind, seed: number, taps: ScheduleTaps = {}): ScheduleResult {
    const scheduler =
      kind === 'pct'
        ? new PctScheduler(seed, this.scenario.threads.length, this.serialPoints)
        : new RandomScheduler(seed);
    return this.#run(scheduler, seed, taps);
  }

  /** The schedule of explicit decisions; `seed` still says which allocation fails. */
  replayed(decisions: readonly Decision[], seed: number, taps: ScheduleTaps = {}): ScheduleResult {
    return this.#run(this.scripted(decisions), seed, taps);
  }

  scripted(decisions: readonly Decision[]): Scheduler {
    const threads = this.scenario.threads.length;
    return new ScriptedScheduler(decisions, threads, (thread) => this.runner.pointsOf(thread));
  }

  #run(scheduler: Scheduler, seed: number, taps: ScheduleTaps): ScheduleResult {
    const { world } = this.runner;
    const { failNthUpTo } = this.scenario;
    world.restore();
    world.failAllocation(failNthUpTo === 0 ? 0 : 1 + (seed % failNthUpTo));
    const end = this.runner.run(scheduler, this.#limit, taps);
    const { hashHigh, hashLow } = this.runner;
    return {
      fault: judgeSchedule(this.runner, end),
      hashHigh,
      hashLow,
      points: end.points,
      switches: end.switches,
    };
  }

  /** Adds the ids of the sites that were executed since the exploration was set up. */
  addCoverage(hit: Set<number>): void {
    const { state, explored } = this.runner.world;
    for (const { id } of explored.sites) {
      if (state.view.getUint8(WORD_COVERAGE + id) !== 0) hit.add(id);
    }
  }
}
