import { type ChangePoint, changePoints } from './change-points.ts';
import {
  HISTORY_METRICS,
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
  const changes: HistoryChange[] = [];
  for (const [key, lane] of history.lanes) {
    if (lane.length < 2) continue;
    const name = laneName(key);
    const metric = HISTORY_METRICS.find(({ id }) => id === name.metric);
    if (metric === undefined) continue;
    for (const change of changePoints(lane, metric.threshold)) {
      changes.push({ ...change, ...name, run: history.runs[lane[change.at]!.run]! });
    }
  }
  return changes.sort(
    (a, b) =>
      (a.run.createdAt < b.run.createdAt ? 1 : a.run.createdAt > b.run.createdAt ? -1 : 0) ||
      b.after / b.before - a.after / a.before,
  );
}

export function isRegression({ before, after }: ChangePoint): boolean {
  return after > before;
}
