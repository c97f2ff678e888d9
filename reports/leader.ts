import { judgePairs, type PlainSeries } from '../results/compare/judge-pairs.ts';
import { compareValues } from '../results/recommendation.ts';
import { MIN_FORKS } from '../results/statistics/forks-needed.ts';
import type { MetricHeader, ReportModel, Scenario, Series } from './report-model.ts';

/** Who has the lowest figure of a scenario in one metric, and what that is worth. */
export interface Leader {
  readonly metric: MetricHeader;
  readonly series: Series;
  /** Its figure may carry a claim: it was counted, or measured in as many forks as the judge asks for. */
  readonly decides: boolean;
  /** The judge sees no difference, or counted figures lie within the metric's threshold. */
  readonly alike: readonly Series[];
  /** The judge has no verdict on these. */
  readonly open: readonly Series[];
  /** Ranked strategies that have the figure, and all of them. */
  readonly measured: number;
  readonly ranked: number;
}

/**
 * The lowest figure, and which rivals the judge does not set apart from it.
 *
 * @param ranked the series that may be ranked
 * @returns null where none of them has the figure
 */
export function leaderOf(
  model: ReportModel,
  scenario: Scenario,
  ranked: readonly Series[],
  metric: MetricHeader,
): Leader | null {
  const { id, threshold } = metric;
  const measured = ranked.filter(({ estimates }) => estimates[id] != null);
  const figureOf = ({ estimates }: Series): number => estimates[id]!.value;
  measured.sort((a, b) => figureOf(a) - figureOf(b));
  const [first, ...rivals] = measured;
  if (first === undefined) return null;
  const judgements = judged(model, scenario, first, rivals, metric);
  // Counts differ by any little; the threshold says what of it matters.
  const within = (rival: Series, i: number) =>
    judgements[i]!.method === 'exact' &&
    compareValues(figureOf(first), figureOf(rival), threshold) === 0;
  const { kind, n } = first.estimates[id]!;
  const counted = scenario.mode === 'replay' && metric.exactInReplay;
  const alike = rivals.filter((rival, i) => judgements[i]!.outcome === 'same' || within(rival, i));
  return {
    metric,
    series: first,
    decides: counted || n >= MIN_FORKS || (kind === 'exact' && metric.unit !== 'ns'),
    alike,
    open: rivals.filter((rival, i) => {
      const { outcome } = judgements[i]!;
      return !alike.includes(rival) && (outcome === 'undecided' || outcome === 'improved');
    }),
    measured: measured.length,
    ranked: ranked.length,
  };
}

function judged(
  { runs }: ReportModel,
  { mode, run }: Scenario,
  first: Series,
  rivals: readonly Series[],
  metric: MetricHeader,
): ReturnType<typeof judgePairs> {
  const header = runs.find(({ id }) => id === run);
  const plain = (series: Series): PlainSeries => ({
    forks: series.forks
      .filter(({ verdict }) => verdict === 'passed')
      .map(({ fork, seed }) => [fork, seed] as const),
    values: series.values[metric.id] ?? [],
    conditions: series.conditions,
  });
  const pairs = rivals.map((rival) => ({ mode, baseline: plain(first), candidate: plain(rival) }));
  const options = { seed: header?.plan.seed ?? 1, paired: true, block: header?.block ?? null };
  return judgePairs(metric, pairs, options);
}
