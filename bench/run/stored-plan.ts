import { availableParallelism } from 'node:os';
import { replicateKey } from '../../results/cell-identity.ts';
import { readPlan } from '../../results/run-store.ts';
import { UsageError } from '../../results/usage-error.ts';
import { builtStrategies } from '../build/build-c.ts';
import { checkInput } from '../suites/checked-input.ts';
import { type Plan, type PlanContext, planSuite } from '../suites/plan.ts';
import { suiteSchema } from '../suites/suite.ts';
import { BUNDLED_TRACES } from '../trace/bundled-traces.ts';
import { type ForkGoal, forkGoalSchema } from './fork-extension.ts';

/** What suites are planned against: this tree and this machine. */
export function planContext(seed: number): PlanContext {
  return {
    strategies: builtStrategies(),
    recordings: BUNDLED_TRACES.map(({ id }) => id),
    cores: availableParallelism(),
    seed,
  };
}

/** A run's plan, what it came from, and what of it is to run at first. */
export interface RunnablePlan {
  /** The cells to run. */
  readonly plan: Plan;
  /** The forks that may follow among them. */
  readonly whole: Plan;
  /** Resolved configuration, kept in plan.json. */
  readonly config: Record<string, unknown>;
  /** With --forks auto. */
  readonly forkGoal?: ForkGoal | undefined;
}

/**
 * The plan of an earlier run, made again from its plan.json.
 * @throws UsageError when it cannot be planned any more
 */
export function planOfRun(folder: string): RunnablePlan {
  const stored = readPlan(folder);
  const suite = checkInput(suiteSchema, stored.config.suite, `${folder}/plan.json: config.suite`);
  const { forkGoal } = stored.config;
  const all = planSuite(suite, planContext(stored.seed));
  const planned = new Set(all.cells.map((cell) => replicateKey(cell)));
  const lost = stored.cells.find((cell) => !planned.has(replicateKey(cell)));
  if (lost !== undefined) {
    throw new UsageError(
      `${folder}: cell ${lost.cellId} cannot be planned any more (the machine's cores or the catalogue ` +
        'changed); start a new run',
    );
  }
  const known = new Set(stored.cells.map((cell) => replicateKey(cell)));
  const cellIds = new Set(stored.cells.map(({ cellId }) => cellId));
  return {
    plan: { ...all, cells: all.cells.filter((cell) => known.has(replicateKey(cell))) },
    whole: { ...all, cells: all.cells.filter(({ cellId }) => cellIds.has(cellId)) },
    config: stored.config,
    forkGoal:
      forkGoal === undefined
        ? undefined
        : checkInput(forkGoalSchema, forkGoal, `${folder}/plan.json: config.forkGoal`),
  };
}
