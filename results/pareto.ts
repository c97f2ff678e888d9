import { scenarioKey, strategyLabel, workloadLabel } from './cell-identity.ts';
import type { CellRecord } from './cell-record.ts';
import { type FigureText, figureText } from './figure-text.ts';
import { groupBy } from './group-by.ts';
import { knownWrong } from './known-wrong.ts';
import { METRICS, type Metric } from './metrics.ts';
import {
  type Contender,
  compareValues,
  type Objective,
  type Recommendation,
  recommend,
} from './recommendation.ts';
import { medianOf } from './statistics/fork-bootstrap.ts';

export interface ParetoPoint {
  readonly strategy: string;
  readonly forks: number;
  /** Medians over forks, in the order of the set's objectives; null where not measured. */
  readonly values: readonly (number | null)[];
  readonly undominated: boolean;
  /** A strategy that is nowhere worse and somewhere better; null where there is none. */
  readonly dominatedBy: string | null;
}

export interface UnrankedStrategy {
  readonly strategy: string;
  readonly reason: string;
}

/** The trade-off of one scenario. */
export interface ParetoSet {
  readonly scenario: string;
  readonly workload: string;
  readonly device: string;
  readonly mode: string;
  readonly pressure: string | null;
  readonly objectives: readonly Omit<Objective, 'of'>[];
  readonly points: readonly ParetoPoint[];
  /** Did not pass, is known to be wrong, holds no translations, or lacks a figure. */
  readonly unranked: readonly UnrankedStrategy[];
  readonly recommendation: Recommendation | null;
}

/** Family name of strategies that hold no translations and only show the harness's own cost. */
export const FLOOR_FAMILY = 'floor';

function objective(id: Metric['id']): Objective {
  const metric = METRICS.find((candidate) => candidate.id === id)!;
  const { label, unit, threshold, of } = metric;
  return { id, label, unit, tolerance: threshold, of };
}

/** Updates and notifiers that failed, and failures that cost more than the asked-for work. */
const FAILURES: Objective = {
  id: 'failures',
  label: 'failures',
  unit: 'count',
  tolerance: 0,
  of: ({ failures: { degraded, updateFailed, notifierFailed } }) =>
    degraded === null || updateFailed === null || notifierFailed === null
      ? null
      : degraded + updateFailed + notifierFailed,
};

/** The farthest percentile that every strategy has enough samples for. */
const TAILS = ['notifier-p999', 'notifier-p99', 'notifier-p50'].map(objective);
const MEASURED = [objective('stall-share'), objective('table-bytes-peak'), FAILURES];
const COUNTED = [objective('modelled-time'), objective('table-bytes-peak'), FAILURES];

function objectivesOf(mode: string, strategies: readonly (readonly CellRecord[])[]): Objective[] {
  const measuredBy = (forks: readonly CellRecord[], { of }: Objective): boolean =>
    forks.some((record) => of(record) !== null);
  const tail = TAILS.find((one) => strategies.every((forks) => measuredBy(forks, one)));
  const all = mode === 'replay' ? COUNTED : [tail ?? TAILS[0]!, ...MEASURED];
  // What nobody measured says nothing; what only some measured cannot rank the others.
  return all.filter((one) => strategies.some((forks) => measuredBy(forks, one)));
}

function contenderOf(
  strategy: string,
  records: readonly CellRecord[],
  objectives: readonly Objective[],
): Contender {
  const values = objectives.map(({ of }) => {
    const measured = records.map(of).filter((value) => value !== null);
    return measured.length === 0 ? null : medianOf(measured);
  });
  return { strategy, forks: records.length, values };
}

/** Nowhere clearly worse and somewhere clearly better. */
function dominates(a: Contender, b: Contender, objectives: readonly Objective[]): boolean {
  const signs = objectives.map(({ tolerance }, i) =>
    compareValues(a.values[i]!, b.values[i]!, tolerance),
  );
  return signs.every((sign) => sign <= 0) && signs.some((sign) => sign < 0);
}

function whyUnranked(records: readonly CellRecord[]): string | null {
  const bad = records.find(({ verdict }) => verdict !== 'passed');
  if (bad !== undefined) return `${bad.verdict}: ${bad.reason ?? 'reason not stated'}`;
  if (records.some(({ family }) => family === FLOOR_FAMILY)) return 'holds no translations (floor)';
  return null;
}

function paretoSetOf(
  records: readonly CellRecord[],
  wrong: ReadonlyMap<string, string>,
  text: FigureText,
): ParetoSet {
  const first = records[0]!;
  const byStrategy = groupBy(records, strategyLabel);
  const unranked: UnrankedStrategy[] = [];
  const able = [...byStrategy].filter(([strategy, forks]) => {
    const reason = whyUnranked(forks) ?? wrong.get(strategy) ?? null;
    if (reason !== null) unranked.push({ strategy, reason });
    return reason === null;
  });
  const objectives = objectivesOf(
    first.mode,
    able.map(([, forks]) => forks),
  );
  const contenders = able
    .map(([strategy, forks]) => contenderOf(strategy, forks, objectives))
    .filter(({ strategy, values }) => {
      const missing = objectives.find((_, i) => values[i] === null);
      if (missing !== undefined) unranked.push({ strategy, reason: `no figure: ${missing.label}` });
      return missing === undefined;
    });
  const points = contenders.map((contender) => {
    const by = contenders.find((other) => dominates(other, contender, objectives));
    return { ...contender, undominated: by === undefined, dominatedBy: by?.strategy ?? null };
  });
  const { mode, pressure } = first;
  const [workload, device] = [workloadLabel(first), first.device.profile];
  const where = `${workload} on ${device}${pressure === null ? '' : `, memory ${pressure}`} (${mode})`;
  return {
    scenario: scenarioKey(first),
    workload,
    device,
    mode,
    pressure,
    objectives: objectives.map(({ of: _, ...named }) => named),
    points,
    unranked,
    recommendation: recommend(points, objectives, where, mode === 'replay', text),
  };
}

/**
 * Trade-off sets of every storm and replay scenario, in the order of the records: which strategies no
 * other one beats on the notifier's tail, device stall share, table bytes and failures together.
 *
 * @param records all cells of one run: a strategy that failed in any of them is ranked in none
 */
export function paretoSets(
  records: readonly CellRecord[],
  text: FigureText = figureText,
): ParetoSet[] {
  const ranked = records.filter(
    ({ mode, comparison }) => comparison && (mode === 'storm' || mode === 'replay'),
  );
  const wrong = knownWrong(records);
  return [...groupBy(ranked, scenarioKey).values()].map((set) => paretoSetOf(set, wrong, text));
}
