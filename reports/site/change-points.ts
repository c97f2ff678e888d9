/** One run's figure in a lane: one machine, scenario, strategy and metric. */
export interface LanePoint {
  /** Index of the run in the history. */
  readonly run: number;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
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

/**
 * Finds the runs at which a lane moves to another level. A run starts a new level when it differs
 * from the median of the level before by more than the metric's threshold, its interval excludes that
 * median, and the run after it does not fall back; a single outlier is no change.
 *
 * @param threshold relative difference that matters, e.g. 0.1
 */
export function changePoints(lane: readonly LanePoint[], threshold: number): ChangePoint[] {
  const changes: ChangePoint[] = [];
  let level: number[] = [];
  for (const [at, point] of lane.entries()) {
    const before = medianOfLast(level);
    if (before === null || !departs(point, before, threshold)) {
      level.push(point.value);
      continue;
    }
    const next = lane[at + 1];
    const sameWay = next !== undefined && next.value > before === point.value > before;
    if (next === undefined || (sameWay && departs(next, before, threshold))) {
      changes.push({ at, before, after: point.value, confirmed: next !== undefined });
      level = [point.value];
    }
    // An outlier belongs to no level.
  }
  return changes;
}

function departs({ value, low, high }: LanePoint, level: number, threshold: number): boolean {
  const far = value > level * (1 + threshold) || value < level / (1 + threshold);
  const excluded = low === null || high === null || level < low || level > high;
  return far && excluded;
}

function medianOfLast(level: readonly number[]): number | null {
  const last = level.slice(-LEVEL_RUNS).sort((a, b) => a - b);
  return last[last.length >> 1] ?? null;
}
