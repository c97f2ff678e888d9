import type { Comparison, ComparisonRow } from '../comparison.ts';
import { concludeComparison } from './conclusion.ts';

/** Measurements of an offender in all, the first one included, and how many must agree. */
export const QUORUM = { of: 4, agree: 3 } as const;

const rowKey = ({ scenario, baseline, candidate, metric }: ComparisonRow): string =>
  [scenario, baseline, candidate, metric].join('\n');

/** Gated, measured rows that regressed: what has to be measured again before the gate may fail. */
export function offendersOf(comparison: Comparison): ComparisonRow[] {
  return comparison.rows.filter(
    ({ gate, outcome, method }) => gate && outcome === 'regressed' && method === 'statistical',
  );
}

/**
 * The first comparison, with each measured regression kept only if it regressed in 3 of 4 comparisons
 * in all; others become undecided. Counted regressions need no repetition.
 * @param repeats comparisons of the offenders measured again; fewer than 3 leave too few votes to fail
 */
export function applyQuorum(first: Comparison, repeats: readonly Comparison[]): Comparison {
  const offenders = new Set(offendersOf(first));
  const votes = [first, ...repeats].map(
    (comparison) => new Set(offendersOf(comparison).map(rowKey)),
  );
  const rows = first.rows.map((row): ComparisonRow => {
    if (!offenders.has(row)) return row;
    const agreeing = votes.filter((keys) => keys.has(rowKey(row))).length;
    const reason = `${row.reason}; regressed in ${agreeing} of ${votes.length} measurements`;
    if (agreeing >= QUORUM.agree) return { ...row, reason };
    return { ...row, verdict: 'too noisy', outcome: 'undecided', reason };
  });
  const conclusion = concludeComparison({ ...first, rows });
  return { ...first, rows, conclusion };
}
