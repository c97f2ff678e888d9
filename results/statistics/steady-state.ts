import { medianOf } from './fork-bootstrap.ts';

export type SteadyStateClass = 'flat' | 'warm-up' | 'slowdown' | 'none';

export interface SteadyState {
  /** Null: too few blocks to tell. */
  readonly class: SteadyStateClass | null;
  /** Blocks in which a new level starts, ascending. */
  readonly changePoints: readonly number[];
  /** First block of the final level; null where there is no steady state. */
  readonly steadyFromBlock: number | null;
}

export const MIN_STEADY_BLOCKS = 20;

/** Shortest level that counts as one: shorter ones are disturbances. */
const MIN_LEVEL_BLOCKS = 4;
/** Levels closer than this are one level. */
const LEVEL_TOLERANCE = 0.05;
/** The final level must fill this share of the window, else there is no steady state. */
const FINAL_SHARE = 0.25;
/** Outliers are pulled in to this many robust deviations: a stall is not a level. */
const OUTLIER_DEVIATIONS = 3;
/** 1 / 0.6745: median absolute deviation to standard deviation of a normal. */
const MAD_TO_DEVIATION = 1.4826;
const PENALTY_PER_LOG_BLOCKS = 8;

/** Spread of the noise around the level, insensitive to the levels: from successive differences. */
function noiseDeviation(values: readonly number[]): number {
  const steps = values.slice(1).map((value, i) => Math.abs(value - values[i]!));
  return (MAD_TO_DEVIATION * medianOf(steps)) / Math.SQRT2;
}

function pullInOutliers(values: readonly number[], deviation: number): number[] {
  return values.map((value, i) => {
    const from = Math.max(
      0,
      Math.min(i - MIN_LEVEL_BLOCKS, values.length - 2 * MIN_LEVEL_BLOCKS - 1),
    );
    const center = medianOf(values.slice(from, from + 2 * MIN_LEVEL_BLOCKS + 1));
    const reach = OUTLIER_DEVIATIONS * deviation;
    return Math.min(center + reach, Math.max(center - reach, value));
  });
}

/**
 * Optimal partition into constant levels: squared deviations over the noise plus a penalty per level
 * (the exact search that PELT prunes; Killick et al. 2012). O(n^2), n is a few hundred blocks.
 * @returns the first block of each level but the first, ascending
 */
function changePointsOf(values: readonly number[], deviation: number): number[] {
  const size = values.length;
  const sums = new Float64Array(size + 1);
  const squares = new Float64Array(size + 1);
  for (let i = 0; i < size; i++) {
    sums[i + 1] = sums[i]! + values[i]!;
    squares[i + 1] = squares[i]! + values[i]! ** 2;
  }
  const variance = deviation ** 2;
  const penalty = PENALTY_PER_LOG_BLOCKS * Math.log(size);
  const best = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY);
  const previous = new Int32Array(size + 1);
  best[0] = -penalty;
  for (let end = MIN_LEVEL_BLOCKS; end <= size; end++) {
    for (let start = 0; start <= end - MIN_LEVEL_BLOCKS; start++) {
      const sum = sums[end]! - sums[start]!;
      const deviations = squares[end]! - squares[start]! - sum ** 2 / (end - start);
      const cost = best[start]! + Math.max(0, deviations) / variance + penalty;
      if (cost < best[end]!) {
        best[end] = cost;
        previous[end] = start;
      }
    }
  }
  const points: number[] = [];
  for (let end = previous[size]!; end > 0; end = previous[end]!) points.unshift(end);
  return points;
}

interface Level {
  readonly start: number;
  readonly end: number;
  readonly value: number;
}

/** Joins neighbouring levels whose values are within tolerance of each other. */
function joinLevels(values: readonly number[], points: readonly number[]): Level[] {
  const levels: Level[] = [];
  const starts = [0, ...points];
  for (const [i, start] of starts.entries()) {
    const end = starts[i + 1] ?? values.length;
    const value = medianOf(values.slice(start, end));
    const last = levels.at(-1);
    if (last !== undefined && Math.abs(value - last.value) <= LEVEL_TOLERANCE * last.value) {
      levels[levels.length - 1] = {
        start: last.start,
        end,
        value: medianOf(values.slice(last.start, end)),
      };
    } else {
      levels.push({ start, end, value });
    }
  }
  return levels;
}

/**
 * Classifies the blocks of one fork after Barrett et al., OOPSLA 2017: `flat` (one level), `warm-up`
 * (the final level is the fastest), `slowdown` (an earlier level was faster), `none` (the level changed
 * again in the last quarter).
 *
 * @param blockMeansNs one figure per block, all > 0, in order of time
 */
export function classifySteadyState(blockMeansNs: readonly number[]): SteadyState {
  if (blockMeansNs.length < MIN_STEADY_BLOCKS) {
    return { class: null, changePoints: [], steadyFromBlock: null };
  }
  // A noise of 0 (equal blocks, or a coarse clock) must not make every step a level.
  const deviation = Math.max(noiseDeviation(blockMeansNs), 1e-3 * medianOf(blockMeansNs));
  const values = pullInOutliers(blockMeansNs, deviation);
  const levels = joinLevels(values, changePointsOf(values, deviation));
  const final = levels.at(-1)!;
  const changePoints = levels.slice(1).map(({ start }) => start);
  if (levels.length === 1) return { class: 'flat', changePoints, steadyFromBlock: 0 };
  if (final.end - final.start < FINAL_SHARE * values.length) {
    return { class: 'none', changePoints, steadyFromBlock: null };
  }
  const faster = levels.some(({ value }) => value < final.value * (1 - LEVEL_TOLERANCE));
  return {
    class: faster ? 'slowdown' : 'warm-up',
    changePoints,
    steadyFromBlock: final.start,
  };
}
