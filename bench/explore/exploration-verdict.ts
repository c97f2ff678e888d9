import { manifest } from '../../strategies/manifest.ts';
import type { StrategyExploration } from './explore.ts';

/** 'undecided': nothing was found, and the time was over before each scenario had its turn. */
export type ExplorationVerdict = 'as expected' | 'NOT as expected' | 'undecided';

/** A canary or a control must be found; of a strategy nothing may be. */
export function explorationVerdict({ id, scenarios }: StrategyExploration): ExplorationVerdict {
  const kind = manifest.find((entry) => entry.id === id)?.kind ?? 'strategy';
  const mustBeFound = kind === 'canary' || kind === 'control';
  const found = scenarios.some(({ violations, livelocks }) => violations + livelocks > 0);
  if (!found && scenarios.some(({ schedules }) => schedules === 0)) return 'undecided';
  return found === mustBeFound ? 'as expected' : 'NOT as expected';
}
