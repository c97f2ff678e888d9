import type { z } from 'zod';
import type { CellRecord } from '../../results/cell-record.ts';
import { seriesOf } from '../../results/compare/series.ts';
import { METRICS, type Metric } from '../../results/metrics.ts';
import { nearestName } from '../../results/nearest-name.ts';
import { bootstrapMedian } from '../../results/statistics/fork-bootstrap.ts';
import { MIN_FORKS } from '../../results/statistics/forks-needed.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { Cell } from '../suites/cell.ts';
import { numberBetween, strictShape, textUpTo } from '../suites/checked-input.ts';

/** When `--forks auto` is content; as plan.json keeps it. */
export const forkGoalSchema = strictShape({
  metricId: textUpTo(100),
  /** Half width of the 95 % interval of the median, as a share of it; of a median of 0, in its unit. */
  width: numberBetween(0.001, 1),
  /** Of one start of the run; one that is resumed has it anew. */
  budgetMs: numberBetween(0, 10_080 * 60_000),
});
export type ForkGoal = z.output<typeof forkGoalSchema>;

/** Most forks of one series; a noise that needs more has to be removed at its source. */
export const FORKS_PER_SERIES = 40;
/** Few draws do for a stopping rule; the verdict itself uses more. */
const DRAWS = 2000;

/**
 * Decides which series get another fork: those whose interval is still wider than asked, until the time
 * budget ends. Says what is missing when it stops.
 */
export class ForkExtension {
  readonly #goal: ForkGoal;
  readonly #seed: number;
  readonly #metric: Metric;
  readonly #startMs = performance.now();
  /** One line a series that did not reach the width. */
  missing: string[] = [];

  /**
   * @param seed of the bootstrap's draws
   * @throws UsageError for an unknown metric
   */
  constructor(goal: ForkGoal, seed: number) {
    const metric = METRICS.find(({ id }) => id === goal.metricId);
    if (metric === undefined) {
      const near = nearestName(
        goal.metricId,
        METRICS.map(({ id }) => id),
      );
      const hint = near === undefined ? 'see xlt-bench list metrics' : `did you mean ${near}?`;
      throw new UsageError(`--metric ${goal.metricId}: unknown; ${hint}`);
    }
    this.#goal = goal;
    this.#seed = seed;
    this.#metric = metric;
  }

  /**
   * @param planned all cells that could run, FORKS_PER_SERIES forks each
   * @param records what has run so far
   * @returns the next fork of each series that needs one, in the plan's order; empty: done
   */
  next(planned: readonly Cell[], records: readonly CellRecord[]): Cell[] {
    const wide = this.#wideSeries(records);
    this.missing = [...wide.values()];
    if (performance.now() - this.#startMs >= this.#goal.budgetMs) return [];
    const done = new Map<string, number>();
    for (const { cellId, fork } of records) {
      done.set(cellId, Math.max(done.get(cellId) ?? 0, fork + 1));
    }
    return planned.filter(({ cellId, fork }) => wide.has(cellId) && fork === done.get(cellId));
  }

  /** Cell ids whose interval is too wide, each with what its forks show. */
  #wideSeries(records: readonly CellRecord[]): Map<string, string> {
    const wide = new Map<string, string>();
    for (const series of seriesOf(records).values()) {
      const [first] = series.measured;
      if (first === undefined || first.mode === 'replay') continue;
      const samples = series.samples(this.#metric);
      if (samples.length === 0) continue;
      const { estimate, low, high } = bootstrapMedian(samples, {
        draws: DRAWS,
        seed: this.#seed,
      });
      // A median of 0 has no shares: the width is then meant in the metric's unit.
      const half = (high - low) / 2 / (Math.abs(estimate) || 1);
      if (samples.length >= MIN_FORKS && half <= this.#goal.width) continue;
      const text = (width: number): string =>
        estimate === 0
          ? `${Number(width.toPrecision(3))} ${this.#metric.unit}`
          : `${(width * 100).toFixed(1)} %`;
      wide.set(
        first.cellId,
        `${first.cellId}: ${this.#metric.label} +-${text(half)} after ${samples.length} forks, ` +
          `asked for +-${text(this.#goal.width)}`,
      );
    }
    return wide;
  }
}
