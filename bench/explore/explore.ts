import { setImmediate } from 'node:timers/promises';
import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import { conformanceCoverage } from './conformance-coverage.ts';
import { type CoverageReport, coverageOf } from './coverage.ts';
import { Exploration } from './exploration.ts';
import { type ExploredStrategy, loadExplored, type StrategySource } from './explored-strategy.ts';
import type { Scenario } from './scenario.ts';
import { scenarios as allScenarios } from './scenarios.ts';
import { formatSeed, type SchedulerKind } from './seed-token.ts';

export interface ExploreOptions {
  readonly strategies: readonly StrategySource[];
  /** Names; empty = all. */
  readonly scenarios: readonly string[];
  /** Schedules of each scenario (in each round at most, when `minutes` is given). */
  readonly schedules: number;
  /** Base seed: 0..2^32-1. */
  readonly seed: number;
  readonly scheduler: SchedulerKind;
  /** Go on in rounds until this time is over, and stop there; absent = one round. */
  readonly minutes?: number | undefined;
  /** Ends the exploration as the end of the time does: what was found until then is reported. */
  readonly signal?: AbortSignal | undefined;
  /** Let the conformance suite's accesses count as covered, too: about a second a strategy. */
  readonly conformance?: boolean;
  /** After each scenario of each round. */
  readonly onProgress?: (strategy: string, scenario: ScenarioReport) => void;
}

export interface ScenarioReport {
  readonly name: string;
  /** 0: not reached in the time. */
  readonly schedules: number;
  /** Schedules that broke an invariant, trapped or ended in a deadlock. */
  readonly violations: number;
  readonly livelocks: number;
  /** Schedules up to and with the first that failed; null = none did. */
  readonly schedulesToFirst: number | null;
  /** Token for replaySchedule; null = none failed. */
  readonly firstFailingSeed: string | null;
  /** What went wrong in it. */
  readonly firstFault: string | null;
  /** Over all schedules: the same seed gives the same hash. */
  readonly traceHash: string;
  readonly schedulesPerSecond: number;
}

export interface StrategyExploration {
  readonly id: string;
  readonly moduleHash: string;
  readonly scenarios: readonly ScenarioReport[];
  readonly coverage: CoverageReport;
}

export interface ExplorationReport {
  readonly schemaVersion: string;
  readonly seed: number;
  readonly scheduler: SchedulerKind;
  readonly strategies: readonly StrategyExploration[];
}

const SCHEMA_VERSION = '1.1.0';

/** A canary is found within so many schedules of a scenario (docs/exploring.md). */
const FIRST_ROUND_SCHEDULES = 100;
const ROUND_GROWTH = 4;
/** Between them an interruption is heard: some hundredths of a second. */
const SCHEDULES_PER_TURN = 64;

/**
 * Explores every strategy in every scenario under seeded schedules.
 *
 * @throws UsageError for an unknown scenario, or a module that cannot be explored
 */
export async function explore(options: ExploreOptions): Promise<ExplorationReport> {
  const scenarios =
    options.scenarios.length === 0 ? allScenarios : options.scenarios.map(findScenario);
  const { minutes, signal } = options;
  const endMs = minutes === undefined ? Infinity : performance.now() + minutes * 60_000;
  const timeIsOver = () => signal?.aborted === true || performance.now() >= endMs;
  const tallies: StrategyTally[] = [];
  for (const source of options.strategies) {
    tallies.push(new StrategyTally(await loadExplored(source), scenarios));
    await setImmediate();
    if (signal?.aborted) break;
  }
  for (let round = 0; round === 0 || (minutes !== undefined && !timeIsOver()); round++) {
    const schedules = minutes === undefined ? options.schedules : roundSize(round, options);
    for (const tally of tallies) await tally.round({ ...options, schedules }, timeIsOver);
    if (round > 0 || options.conformance !== true) continue;
    for (const tally of tallies) {
      if (!timeIsOver()) tally.coverConformance(options.seed);
      await setImmediate();
    }
  }
  return {
    schemaVersion: SCHEMA_VERSION,
    seed: options.seed,
    scheduler: options.scheduler,
    strategies: tallies.map((tally) => tally.report()),
  };
}

/** Short rounds first, so that a short time reaches every strategy; longer ones set up less often. */
function roundSize(round: number, { schedules }: ExploreOptions): number {
  return Math.min(schedules, FIRST_ROUND_SCHEDULES * ROUND_GROWTH ** round);
}

/** @throws UsageError naming the nearest scenario */
export function findScenario(name: string): Scenario {
  const found = allScenarios.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const names = allScenarios.map((scenario) => scenario.name);
  const near = nearestName(name, names);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new UsageError(`scenario "${name}": unknown${hint} (known: ${names.join(', ')})`);
}

/** Seed of the nth schedule of a base seed (splitmix32's finaliser). */
export function scheduleSeed(base: number, nth: number): number {
  let x = (Math.imul(base, 0x9e3779b9) + nth) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** What the rounds found in one strategy. */
class StrategyTally {
  readonly #explored: ExploredStrategy;
  readonly #scenarios: readonly { readonly scenario: Scenario; readonly tally: ScenarioTally }[];
  readonly #hit = new Set<number>();
  #hitByConformance: ReadonlySet<number> | null = null;

  constructor(explored: ExploredStrategy, scenarios: readonly Scenario[]) {
    this.#explored = explored;
    this.#scenarios = scenarios.map((scenario) => ({
      scenario,
      tally: new ScenarioTally(scenario.name, explored.moduleHash),
    }));
  }

  coverConformance(seed: number): void {
    this.#hitByConformance = conformanceCoverage(this.#explored, seed);
  }

  async round(options: ExploreOptions, timeIsOver: () => boolean): Promise<void> {
    for (const { scenario, tally } of this.#scenarios) {
      if (timeIsOver()) return;
      const exploration = new Exploration(this.#explored, scenario);
      await tally.run(exploration, options, timeIsOver);
      exploration.addCoverage(this.#hit);
      options.onProgress?.(this.#explored.entry.id, tally.report());
      await setImmediate();
    }
  }

  report(): StrategyExploration {
    const { entry, moduleHash } = this.#explored;
    return {
      id: entry.id,
      moduleHash,
      scenarios: this.#scenarios.map(({ tally }) => tally.report()),
      coverage: coverageOf(this.#explored, this.#hitByConformance, this.#hit),
    };
  }
}

class ScenarioTally {
  readonly #name: string;
  readonly #moduleHash: string;
  #schedules = 0;
  #violations = 0;
  #livelocks = 0;
  #first: { seed: string; text: string; nth: number } | null = null;
  #hashLow = 0x811c9dc5;
  #hashHigh = 0x01000193;
  #tookMs = 0;

  constructor(name: string, moduleHash: string) {
    this.#name = name;
    this.#moduleHash = moduleHash;
  }

  async run(
    exploration: Exploration,
    { scheduler, schedules, seed: base }: ExploreOptions,
    timeIsOver: () => boolean,
  ): Promise<void> {
    const startMs = performance.now();
    const end = this.#schedules + schedules;
    while (this.#schedules < end && !timeIsOver()) {
      const nth = this.#schedules++;
      if (nth % SCHEDULES_PER_TURN === 0) await setImmediate();
      const seed = scheduleSeed(base, nth);
      const { fault, hashHigh, hashLow } = exploration.seeded(scheduler, seed);
      this.#hashHigh = Math.imul(this.#hashHigh ^ hashHigh, 0x01000193);
      this.#hashLow = Math.imul(this.#hashLow ^ hashLow, 0x85ebca6b);
      if (fault === null) continue;
      if (fault.kind === 'livelock') this.#livelocks++;
      else this.#violations++;
      const scenario = this.#name;
      const moduleHash = this.#moduleHash;
      this.#first ??= {
        seed: formatSeed({ scheduler, scenario, seed, moduleHash }),
        text: fault.text,
        nth: nth + 1,
      };
    }
    this.#tookMs += performance.now() - startMs;
  }

  report(): ScenarioReport {
    const word = (half: number) => (half >>> 0).toString(16).padStart(8, '0');
    return {
      name: this.#name,
      schedules: this.#schedules,
      violations: this.#violations,
      livelocks: this.#livelocks,
      schedulesToFirst: this.#first?.nth ?? null,
      firstFailingSeed: this.#first?.seed ?? null,
      firstFault: this.#first?.text ?? null,
      traceHash: word(this.#hashHigh) + word(this.#hashLow),
      schedulesPerSecond:
        this.#schedules === 0 ? 0 : Math.round(this.#schedules / (this.#tookMs / 1000)),
    };
  }
}
