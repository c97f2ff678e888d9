import type { CellRecord } from '../../results/cell-record.ts';

/** The verdict of a series and how many of its forks have it. */
export interface SeriesVerdict {
  /** `partial`: some forks passed and none failed. */
  readonly verdict: CellRecord['verdict'] | 'partial';
  /** `1 of 6 forks` where the others ended differently, else empty. */
  readonly share: string;
}

/** As the report has it: one fork that failed fails the series, however fast the others were. */
export function seriesVerdict(forks: readonly CellRecord[]): SeriesVerdict {
  const count = (wanted: string): number =>
    forks.filter(({ verdict }) => verdict === wanted).length;
  const share = (of: number): string =>
    of === forks.length ? '' : `${of} of ${forks.length} forks`;
  const [failed, passed] = [count('failed'), count('passed')];
  if (failed > 0) return { verdict: 'failed', share: share(failed) };
  if (passed === forks.length) return { verdict: 'passed', share: '' };
  if (passed > 0) return { verdict: 'partial', share: share(passed) };
  const [first] = forks;
  return { verdict: first!.verdict, share: share(count(first!.verdict)) };
}
