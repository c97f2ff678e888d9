import { Exploration } from './exploration.ts';
import { findScenario } from './explore.ts';
import { type ExploredStrategy, loadExplored, type StrategySource } from './explored-strategy.ts';
import { Interleaving, type ObservedAccess } from './interleaving.ts';
import type { ScheduleFault } from './judge-schedule.ts';
import { printInterleaving } from './print-interleaving.ts';
import type { Scenario } from './scenario.ts';
import type { Decision } from './scheduler.ts';
import { checkModuleHash, formatSeed, parseSeed, type ScheduleSeed } from './seed-token.ts';
import { shrinkSchedule } from './shrink-schedule.ts';

export interface ReplayOptions {
  readonly strategy: StrategySource;
  /** Token that explore printed. */
  readonly seed: string;
}

export interface ScheduleReplay {
  readonly fault: ScheduleFault | null;
  /** Switches of the schedule as it was found, and of the one that is printed. */
  readonly switchesFound: number;
  readonly switches: number;
  readonly accesses: readonly ObservedAccess[];
  /** The interleaving: one column a thread, one line a shared access, what went wrong at the end. */
  readonly text: string;
}

/**
 * Runs the schedule of a seed again, shrinks it to the switches its failure needs, and prints it. A
 * schedule that does not fail is printed as it is.
 *
 * @throws UsageError for a seed of other modules, with both hashes
 */
export async function replaySchedule({ strategy, seed }: ReplayOptions): Promise<ScheduleReplay> {
  const parsed = parseSeed(seed);
  const scenario = findScenario(parsed.scenario);
  const explored = await loadExplored(strategy);
  checkModuleHash(parsed, explored.entry.id, explored.moduleHash);
  return replayIn(explored, scenario, parsed);
}

/** The same for a scenario that is not in the list. */
export function replayIn(
  explored: ExploredStrategy,
  scenario: Scenario,
  seed: ScheduleSeed,
): ScheduleReplay {
  const exploration = new Exploration(explored, scenario);
  const found: Decision[] = [];
  const { fault, switches } = exploration.seeded(seed.scheduler, seed.seed, { decisions: found });
  const kept = fault === null ? found : shrinkSchedule(exploration, found, seed.seed, fault);
  const interleaving = new Interleaving(exploration.runner.world);
  const shown = exploration.replayed(kept, seed.seed, { observer: interleaving.observer });
  interleaving.finish();
  const names = scenario.threads.map(({ name }) => name);
  const text = [
    `${explored.entry.id}, scenario ${scenario.name}: ${scenario.summary}`,
    `seed ${formatSeed(seed)}; ${switches} switches as found, ${shown.switches} after shrinking`,
    '',
    printInterleaving(names, interleaving.accesses),
    '',
    shown.fault === null ? 'no invariant is violated' : `violated: ${shown.fault.text}`,
  ].join('\n');
  return {
    fault: shown.fault,
    switchesFound: switches,
    switches: shown.switches,
    accesses: interleaving.accesses,
    text,
  };
}
