import type { CellRecord } from './cell-record.ts';
import { type FigureText, figureText } from './figure-text.ts';
import type { MetricUnit } from './metrics.ts';
import { MIN_FORKS } from './statistics/forks-needed.ts';

/** What a strategy is ranked by: always "lower is better". */
export interface Objective {
  readonly id: string;
  readonly label: string;
  readonly unit: MetricUnit;
  /** Values closer than this, relatively, count as equal. */
  readonly tolerance: number;
  readonly of: (record: CellRecord) => number | null;
}

/** A strategy's figures in one scenario. */
export interface Contender {
  readonly strategy: string;
  readonly forks: number;
  readonly values: readonly (number | null)[];
}

export interface Recommendation {
  readonly strategy: string;
  readonly sentence: string;
  /** One clause per fact the sentence rests on. */
  readonly evidence: readonly string[];
}

/** -1: a clearly below b, 1: clearly above, 0: within tolerance. */
export function compareValues(a: number, b: number, tolerance: number): number {
  if (a === b) return 0;
  const [low, high] = a < b ? [a, b] : [b, a];
  if (low > 0 && high / low <= 1 + tolerance) return 0;
  return a < b ? -1 : 1;
}

const describe = (point: Contender, objectives: readonly Objective[], text: FigureText): string =>
  objectives.map(({ label, unit }, i) => `${label} ${text(point.values[i]!, unit)}`).join(', ');

/**
 * Of the undominated: fewest failures first, then the shortest hold-up of the OS (modelled time in
 * replay), and among those within its tolerance the smallest table.
 *
 * @param counted a replay counted the figures: another fork would count the same
 */
export function recommend(
  points: readonly (Contender & { readonly undominated: boolean })[],
  objectives: readonly Objective[],
  where: string,
  counted: boolean,
  text: FigureText = figureText,
): Recommendation | null {
  const index = (id: string): number => objectives.findIndex((o) => o.id === id);
  const [failures, bytes, lead] = [index('failures'), index('table-bytes-peak'), 0];
  if (points.length === 0) return null;
  let best = points.filter(({ undominated }) => undominated);
  // Within the tolerances strategies may beat each other in a circle; then all of them stand.
  if (best.length === 0) best = [...points];
  for (const i of [failures, lead, bytes]) {
    if (i < 0) continue;
    const least = Math.min(...best.map(({ values }) => values[i]!));
    const { tolerance } = objectives[i]!;
    best = best.filter(({ values }) => compareValues(values[i]!, least, tolerance) === 0);
  }
  const chosen = best[0]!;
  const others = points.filter((point) => point.undominated && point !== chosen);
  const evidence = [chosen, ...others].map(
    (p) => `${p.strategy}: ${describe(p, objectives, text)}`,
  );
  const fewest = Math.min(...points.map(({ forks }) => forks));
  const few =
    counted || fewest >= MIN_FORKS
      ? ''
      : ` (${fewest} fork${fewest === 1 ? '' : 's'}: close figures may change places)`;
  const trade = others.flatMap((other) => {
    const smaller = bytes >= 0 && compareValues(other.values[bytes]!, chosen.values[bytes]!, 0) < 0;
    return smaller ? [`${other.strategy} takes less table memory at a higher price elsewhere`] : [];
  });
  const sentence = `${where}: ${chosen.strategy}, ${describe(chosen, objectives, text)}${trade.length > 0 ? `; ${trade[0]}` : ''}${few}.`;
  return { strategy: chosen.strategy, sentence, evidence };
}
