import { DEFAULT_ALPHA, settle, weigh } from '../../results/compare/judge.ts';
import { METRICS, type Metric } from '../../results/metrics.ts';
import { compareValues } from '../../results/recommendation.ts';
import { type ChangePoint, changePoints, type Departs } from './change-points.ts';
import {
  HISTORY_METRICS,
  isCounted,
  type LaneName,
  laneName,
  type RunEntry,
  type SiteHistory,
} from './site-history.ts';

/** A change of level, with the run in which it was first seen. */
export interface HistoryChange extends ChangePoint, LaneName {
  readonly run: RunEntry;
}

/** Every change of every lane, newest first. All history metrics are better when lower. */
export function historyChanges(history: SiteHistory): HistoryChange[] {
  const changes = [...history.lanes].flatMap(([key, lane]) =>
    laneChanges(history, key).map((change): HistoryChange => {
      const run = history.runs[lane[change.at]!.run]!;
      return { ...change, ...laneName(key), run };
    }),
  );
  return changes.sort(
    (a, b) =>
      (a.run.createdAt < b.run.createdAt ? 1 : a.run.createdAt > b.run.createdAt ? -1 : 0) ||
      b.after / b.before - a.after / a.before,
  );
}

/** The changes of level of one lane: those that `compare` would name between its two runs. */
export function laneChanges(history: SiteHistory, key: string): ChangePoint[] {
  const lane = history.lanes.get(key) ?? [];
  const name = laneName(key);
  const metric = METRICS.find(({ id }) => id === name.metric);
  if (lane.length < 2 || metric === undefined || !HISTORY_METRICS.includes(metric.id)) return [];
  return changePoints(lane, departure(metric, isCounted(name), lanesOf(history, name)));
}

/** Lanes of the same machine and metric: the family that p is corrected for. */
function lanesOf({ lanes }: SiteHistory, { machineId, metric }: LaneName): number {
  return [...lanes].filter(([key, lane]) => {
    const other = laneName(key);
    return lane.length > 1 && other.machineId === machineId && other.metric === metric;
  }).length;
}

/** The judge of `compare`, p corrected for all lanes at once (Bonferroni): a page has no later look. */
function departure(metric: Metric, counted: boolean, tests: number): Departs {
  return (before, after) => {
    // Counts differ by any little; and what is near needs no test.
    if (compareValues(before.value, after.value, metric.threshold) === 0) return false;
    const weighed = weigh(
      {
        ...{ metric, counted, baseline: before.forks, candidate: after.forks },
        ...{ pooled: [null, null], block: null },
      },
      { seed: 1, paired: false },
    );
    const [judgement] = settle([weighed], DEFAULT_ALPHA / Math.max(1, tests));
    return judgement!.outcome === 'regressed' || judgement!.outcome === 'improved';
  };
}

export function isRegression({ before, after }: ChangePoint): boolean {
  return after > before;
}
