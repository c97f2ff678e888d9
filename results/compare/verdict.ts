import type { ComparisonRow, VerdictWord } from '../comparison.ts';
import type { Metric } from '../metrics.ts';
import { MIN_FORKS } from '../statistics/forks-needed.ts';
import { type Contrast, NOISE_LIMIT_BANDS } from './contrast.ts';

/** What a verdict has to know of a metric. */
export type JudgedMetric = Pick<Metric, 'unit' | 'better' | 'threshold'>;

export type Verdict = Pick<ComparisonRow, 'verdict' | 'outcome' | 'reason' | 'forksNeeded'>;

/** The family that a p value is corrected in. */
export interface Family {
  readonly tests: number;
  readonly alpha: number;
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
const forkCount = (count: number): string => `${count} fork${count === 1 ? '' : 's'}`;

function moreForks(count: number | null): string {
  return count === null
    ? 'more forks alone will hardly settle it'
    : `needs about ${count} more fork${count === 1 ? '' : 's'} a side`;
}

function words(metric: JudgedMetric): { readonly gain: VerdictWord; readonly loss: VerdictWord } {
  return metric.unit === 'ns'
    ? { gain: 'faster', loss: 'slower' }
    : { gain: 'better', loss: 'worse' };
}

/** Figures that were counted: any difference is one. */
export function exactVerdict(metric: JudgedMetric, difference: number, reason: string): Verdict {
  if (difference === 0) return { verdict: 'equal', outcome: 'same', reason, forksNeeded: 0 };
  const improved = metric.better === 'lower' ? difference < 0 : difference > 0;
  const { gain, loss } = words(metric);
  return {
    verdict: improved ? gain : loss,
    outcome: improved ? 'improved' : 'regressed',
    reason,
    forksNeeded: 0,
  };
}

export function noVerdict(reason: string): Verdict {
  return { verdict: 'not comparable', outcome: 'undecided', reason, forksNeeded: null };
}

function tooNoisy(reason: string, forksNeeded: number | null): Verdict {
  return { verdict: 'too noisy', outcome: 'undecided', reason, forksNeeded };
}

/** Further forks a side until complete separation could pass the corrected test. */
function forksForFamily({ forks, smallestP }: Contrast, { tests, alpha }: Family): number {
  let enough = forks;
  while (smallestP(enough) * tests > alpha) enough++;
  return enough - forks;
}

/**
 * The verdict on measured figures. A difference is named when the whole interval lies beyond the
 * practical threshold and the rank test, corrected for the family, agrees; "no difference seen" when
 * the interval holds 0 and is narrow enough to have shown one. Everything else is too noisy.
 */
export function statisticalVerdict(
  metric: JudgedMetric,
  contrast: Contrast,
  pHolm: number | null,
  family: Family,
): Verdict {
  const { interval, band, forks } = contrast;
  if (forks < MIN_FORKS || pHolm === null) {
    const missing = Math.max(MIN_FORKS - forks, contrast.forksNeeded ?? 0);
    return tooNoisy(`${forkCount(forks)} a side carry no verdict; ${moreForks(missing)}`, missing);
  }
  const limits = `+-${percent(metric.threshold)}`;
  if (interval.low > band || interval.high < -band) {
    if (pHolm > family.alpha) {
      const missing = Math.max(1, forksForFamily(contrast, family));
      return tooNoisy(
        `interval beyond ${limits}, but p = ${pHolm.toPrecision(2)} after correction for ${family.tests} tests; ${moreForks(missing)}`,
        missing,
      );
    }
    const reason = `interval beyond ${limits}, corrected p = ${pHolm.toPrecision(2)}`;
    return exactVerdict(metric, interval.estimate, reason);
  }
  const same = { verdict: 'no difference seen', outcome: 'same', forksNeeded: 0 } as const;
  if (interval.low >= -band && interval.high <= band) {
    return { ...same, reason: `whole interval within ${limits}` };
  }
  const halfWidth = (interval.high - interval.low) / 2;
  const holdsZero = interval.low <= 0 && interval.high >= 0;
  if (holdsZero && Math.abs(interval.estimate) <= band && halfWidth <= NOISE_LIMIT_BANDS * band) {
    return { ...same, reason: `interval holds no difference and is not much wider than ${limits}` };
  }
  const leaning = holdsZero
    ? 'interval wider than the threshold'
    : 'interval reaches the threshold';
  const missing = contrast.forksNeeded === null ? null : Math.max(1, contrast.forksNeeded);
  return tooNoisy(`${leaning} of ${limits}; ${moreForks(missing)}`, missing);
}
