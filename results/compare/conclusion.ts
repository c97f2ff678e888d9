import type { CellRecord } from '../cell-record.ts';
import type { Comparison, ComparisonRow, Conclusion, FlagCount } from '../comparison.ts';
import { MIN_FORKS } from '../statistics/forks-needed.ts';

/** Trust flags of the records, each with how many carry it; warnings first. */
export function countFlags(records: readonly CellRecord[]): FlagCount[] {
  const counts = new Map<string, FlagCount>();
  for (const record of new Set(records)) {
    for (const flag of record.flags) {
      counts.set(flag.code, { ...flag, cells: (counts.get(flag.code)?.cells ?? 0) + 1 });
    }
  }
  const rank = { warning: 0, note: 1 };
  return [...counts.values()].sort((a, b) => rank[a.severity] - rank[b.severity]);
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function worstRow(rows: readonly ComparisonRow[]): ComparisonRow | undefined {
  const size = ({ ratio }: ComparisonRow): number =>
    ratio === null ? Number.POSITIVE_INFINITY : Math.abs(Math.log(ratio.estimate));
  return [...rows].sort((a, b) => size(b) - size(a))[0];
}

function describeRow(row: ComparisonRow): string {
  const size =
    row.ratio === null
      ? `${row.baselineValue} -> ${row.candidateValue}`
      : `x${Number(row.ratio.estimate.toPrecision(3))}`;
  return `${row.candidate} ${row.label} in ${row.scenario}, ${size}`;
}

/**
 * The exit code and its sentence. Only gated rows count. 1: a figure regressed, or a candidate's cell
 * did not pass where it should; 4: the environments forbid a verdict; 3: a regression that matters
 * cannot be excluded, a series is gone, or there was nothing to compare; 0: no gated figure got worse.
 */
export function concludeComparison({
  rows,
  unmeasured,
  differences,
  vanished,
}: Pick<Comparison, 'rows' | 'unmeasured' | 'differences' | 'vanished'>): Conclusion {
  const asked = rows.filter(({ gate }) => gate);
  const gated = asked.filter(hasFigure);
  const by = (outcome: ComparisonRow['outcome']) => gated.filter((row) => row.outcome === outcome);
  const [regressed, undecided] = [by('regressed'), by('undecided')];
  const counts = {
    improved: by('improved').length,
    regressed: regressed.length,
    same: by('same').length,
    undecided: undecided.length,
  };
  const broken = unmeasured.filter(({ side, excused }) => side === 'candidate' && !excused);
  const of = `of ${plural(gated.length, 'gated figure')}`;
  if (regressed.length > 0 || broken.length > 0) {
    const parts = [];
    if (broken.length > 0) parts.push(`${plural(broken.length, 'candidate cell')} did not pass`);
    const worst = worstRow(regressed);
    if (worst !== undefined) {
      parts.push(`${regressed.length} ${of} regressed, most: ${describeRow(worst)}`);
    }
    return { exitCode: 1, text: parts.join('; '), ...counts };
  }
  const block = differences.find(({ severity }) => severity === 'blocks');
  if (block !== undefined) return { exitCode: 4, text: `no verdict: ${block.text}`, ...counts };
  if (gated.length === 0) {
    const text = `nothing to compare${withoutFigure(asked.length)}`;
    return { exitCode: 3, text, ...counts };
  }
  if (vanished.length > 0) {
    const text = `no regression seen, but the candidate lacks ${vanished.length} of the baseline's series: ${vanished[0]}`;
    return { exitCode: 3, text, ...counts };
  }
  const open = undecided.filter(leavesRegressionOpen);
  if (open.length > 0) {
    const text = `no regression seen, but ${open.length} ${of} undecided: ${open[0]!.label}: ${open[0]!.reason}`;
    return { exitCode: 3, text, ...counts };
  }
  const text = `no regression ${of}: ${counts.improved} improved, ${counts.same} without a difference${counts.undecided > 0 ? `, ${counts.undecided} not worse but too noisy to say more` : ''}${withoutFigure(asked.length - gated.length)}`;
  return { exitCode: 0, text, ...counts };
}

/** A percentile that neither side's forks carry is shown, but there is nothing in it to guard. */
function hasFigure({ baselineValue, candidateValue }: ComparisonRow): boolean {
  return baselineValue !== null || candidateValue !== null;
}

function withoutFigure(count: number): string {
  return count === 0
    ? ''
    : `; ${plural(count, 'percentile')} left out: too few samples on both sides`;
}

/** Whether an undecided row's interval still allows a regression that matters. */
function leavesRegressionOpen(row: ComparisonRow): boolean {
  if (row.ratio === null) return true;
  if (Math.min(row.baselineForks, row.candidateForks) < MIN_FORKS) return true;
  const { low, high } = row.ratio;
  return row.better === 'lower' ? high > 1 + row.threshold : low < 1 / (1 + row.threshold);
}
