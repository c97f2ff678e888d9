import type { ComparisonRow } from '../comparison.ts';
import type { BootstrapOptions, ForkSample } from '../statistics/fork-bootstrap.ts';
import { medianOf } from '../statistics/fork-bootstrap.ts';
import { holmAdjust } from '../statistics/rank-test.ts';
import { type Contrast, contrastOf } from './contrast.ts';
import {
  exactVerdict,
  type JudgedMetric,
  noVerdict,
  statisticalVerdict,
  type Verdict,
} from './verdict.ts';

/** Two series in one metric, and what is known about them beside their figures. */
export interface Question {
  readonly metric: JudgedMetric;
  readonly baseline: readonly ForkSample[];
  readonly candidate: readonly ForkSample[];
  /** A replay counted them: fork by fork, a fork number stands for one seed. */
  readonly counted: boolean;
  /** Over the samples of all forks, where both sides have the same forks; decides when no fork can. */
  readonly pooled: readonly [number | null, number | null];
  /** Why there may be no verdict, whatever the figures say; null: there may. */
  readonly block: string | null;
}

export type Evidence = Pick<
  ComparisonRow,
  | 'method'
  | 'baselineValue'
  | 'candidateValue'
  | 'ratio'
  | 'difference'
  | 'shift'
  | 'cliffsDelta'
  | 'p'
>;

/** Evidence with its verdict, or with what the verdict follows from once p is corrected. */
export interface Weighed {
  readonly metric: JudgedMetric;
  readonly evidence: Evidence;
  readonly verdict: Verdict | null;
  readonly contrast: Contrast | null;
}

export type Judgement = Evidence & Verdict & Pick<ComparisonRow, 'pHolm'>;

export const DEFAULT_ALPHA = 0.05;

/**
 * The one judge of figures: `compare`, the report and the pages of a site ask it. First every question of
 * a family is weighed, then the family is settled, because p is corrected for the number of tests in it.
 */
export function weigh(question: Question, options: BootstrapOptions): Weighed {
  const { metric, baseline, candidate, counted, block } = question;
  const constant = metric.unit !== 'ns' && isConstant(baseline) && isConstant(candidate);
  const evidence: Evidence = {
    method: counted || constant ? 'exact' : 'statistical',
    baselineValue: medianOrNull(baseline),
    candidateValue: medianOrNull(candidate),
    ratio: null,
    difference: null,
    shift: null,
    cliffsDelta: null,
    p: null,
  };
  const settled = (verdict: Verdict, known = evidence): Weighed => ({
    ...{ metric, evidence: known, verdict, contrast: null },
  });
  if (block !== null) return settled(noVerdict(block));
  if (baseline.length === 0 || candidate.length === 0) {
    const [a, b] = counted && baseline.length + candidate.length === 0 ? question.pooled : [];
    if (a == null || b == null) return settled(missingFigure(baseline.length, candidate.length));
    const reason = 'counted over all forks: too few samples in each for this percentile';
    const verdict = exactVerdict(metric, b - a, reason);
    return settled(verdict, withExactRatio({ ...evidence, baselineValue: a, candidateValue: b }));
  }
  if (evidence.method === 'exact') {
    return settled(countedVerdict(metric, baseline, candidate, counted), withExactRatio(evidence));
  }
  const contrast = contrastOf(baseline, candidate, metric, options);
  const { ratio, difference, shift, p, cliffsDelta } = contrast;
  return {
    metric,
    evidence: { ...evidence, ratio, difference, shift, p, cliffsDelta },
    verdict: null,
    contrast,
  };
}

/** Holm's correction over all tests of the family, then the verdicts that waited for it. */
export function settle(family: readonly Weighed[], alpha = DEFAULT_ALPHA): Judgement[] {
  const tested = family.filter(({ evidence }) => evidence.p !== null);
  const adjusted = holmAdjust(tested.map(({ evidence }) => evidence.p!));
  const pHolmOf = new Map(tested.map((weighed, i) => [weighed, adjusted[i]!]));
  return family.map((weighed) => {
    const pHolm = pHolmOf.get(weighed) ?? null;
    const verdict =
      weighed.verdict ??
      statisticalVerdict(weighed.metric, weighed.contrast!, pHolm, { tests: tested.length, alpha });
    return { ...weighed.evidence, pHolm, ...verdict };
  });
}

function isConstant(samples: readonly ForkSample[]): boolean {
  return samples.length > 1 && samples.every(({ value }) => value === samples[0]!.value);
}

function medianOrNull(samples: readonly ForkSample[]): number | null {
  return samples.length === 0 ? null : medianOf(samples.map(({ value }) => value));
}

function missingFigure(baselineForks: number, candidateForks: number): Verdict {
  if (baselineForks + candidateForks === 0) {
    return noVerdict('too few samples in each fork for this percentile; pooled figures only');
  }
  return noVerdict(`only the ${baselineForks > 0 ? 'baseline' : 'candidate'} has this figure`);
}

function withExactRatio(evidence: Evidence): Evidence {
  const [a, b] = [evidence.baselineValue!, evidence.candidateValue!];
  const point = (estimate: number) => ({ estimate, low: estimate, high: estimate });
  return a > 0 && b > 0
    ? { ...evidence, ratio: point(b / a) }
    : { ...evidence, difference: point(b - a) };
}

/** Counts: fork by fork in replay, where a fork number stands for one seed; else side by side. */
function countedVerdict(
  metric: JudgedMetric,
  a: readonly ForkSample[],
  b: readonly ForkSample[],
  replayed: boolean,
): Verdict {
  if (!replayed) {
    return exactVerdict(metric, b[0]!.value - a[0]!.value, 'the same in every fork of a side');
  }
  const byFork = new Map(b.map(({ fork, value }) => [fork, value]));
  const differences = a.flatMap(({ fork, value }) => {
    const other = byFork.get(fork);
    return other === undefined ? [] : [other - value];
  });
  if (differences.length === 0) return noVerdict('no fork number stands on both sides');
  const total = differences.reduce((sum, difference) => sum + difference, 0);
  const differing = differences.filter((difference) => difference !== 0).length;
  if (total === 0 && differing > 0) {
    return {
      verdict: 'no difference seen',
      outcome: 'same',
      reason: `${differing} of ${differences.length} forks differ, and cancel out`,
      forksNeeded: 0,
    };
  }
  return exactVerdict(metric, total, `counted: ${differing} of ${differences.length} forks differ`);
}
