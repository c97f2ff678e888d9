import type { CellRecord } from '../../results/cell-record.ts';
import { seriesOf } from '../../results/compare/series.ts';
import { METRICS, type Metric } from '../../results/metrics.ts';
import { nearestName } from '../../results/nearest-name.ts';
import { MIN_FORKS } from '../../results/statistics/forks-needed.ts';
import { bootstrapMedian } from '../../results/statistics/hierarchical-bootstrap.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { Cell } from '../suites/cell.ts';

/** When `--forks auto` is content. */
export interface ForkGoal {
  readonly metricId: string;
  /** Half width of the 95 % interval of the median, as a share of it. */
  readonly width: number;
  readonly budgetMs: number;
  readonly seed: number;
}

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
  readonly #metric: Metric;
  readonly #startMs = performance.now();
  /** One line a series that did not reach the width. */
  missing: string[] = [];

  /** @throws UsageError for an unknown metric */
  constructor(goal: ForkGoal) {
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
        seed: this.#goal.seed,
      });
      const half = (high - low) / 2 / estimate;
      if (samples.length >= MIN_FORKS && half <= this.#goal.width) continue;
      const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
      wide.set(
        first.cellId,
        `${first.cellId}: ${this.#metric.label} +-${percent(half)} after ${samples.length} forks, ` +
          `asked for +-${percent(this.#goal.width)}`,
      );
    }
    return wide;
  }
}
