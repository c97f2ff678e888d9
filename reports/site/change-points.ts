import type { ForkSample } from '../../results/statistics/fork-bootstrap.ts';

/** One run's figure in a lane: one machine, scenario, strategy and metric. */
export interface LanePoint {
  /** Index of the run in the history. */
  readonly run: number;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  /** What it is the median of; empty where the history does not say, or the run may not be judged. */
  readonly forks: readonly ForkSample[];
}

export interface ChangePoint {
  /** Index into the lane. */
  readonly at: number;
  /** Median of the level before, and the new figure. */
  readonly before: number;
  readonly after: number;
  /** A later run agrees. The last run of a lane has none yet. */
  readonly confirmed: boolean;
}

/** Figures that a level is judged by: more would let a slow drift hide. */
const LEVEL_RUNS = 8;

/** Whether a figure differs from an earlier one of its lane. */
export type Departs = (before: LanePoint, after: LanePoint) => boolean;

/**
 * Finds the runs at which a lane moves to another level. A run starts a new level when it departs from the
 * median run of the level before and the run after it does not fall back; a single outlier is no change.
 */
export function changePoints(lane: readonly LanePoint[], departs: Departs): ChangePoint[] {
  const changes: ChangePoint[] = [];
  let level: LanePoint[] = [];
  for (const [at, point] of lane.entries()) {
    const before = medianOfLast(level);
    if (before === null || !departs(before, point)) {
      level.push(point);
      continue;
    }
    const next = lane[at + 1];
    const sameWay = next !== undefined && next.value > before.value === point.value > before.value;
    if (next === undefined || (sameWay && departs(before, next))) {
      const confirmed = next !== undefined;
      changes.push({ at, before: before.value, after: point.value, confirmed });
      level = [point];
    }
    // An outlier belongs to no level.
  }
  return changes;
}

function medianOfLast(level: readonly LanePoint[]): LanePoint | null {
  const last = level.slice(-LEVEL_RUNS).sort((a, b) => a.value - b.value);
  return last[last.length >> 1] ?? null;
}
