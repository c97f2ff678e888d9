import type { Scenario, Series } from './report-model.ts';

/** Whether a series may be ranked, marked as best or put on a frontier: it passed, and nothing says it is wrong. */
export function isRanked({ floor, status, wrong }: Series): boolean {
  return !floor && status === 'passed' && wrong === null;
}

/** The series of a scenario that may be ranked, in its order. */
export function rankedSeries({ series }: Scenario): Series[] {
  return series.filter(isRanked);
}
