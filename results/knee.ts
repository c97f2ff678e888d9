import { strategyLabel, workloadLabel } from './cell-identity.ts';
import type { CapacityPoint, CellRecord } from './cell-record.ts';
import { type FigureText, figureText } from './figure-text.ts';
import { groupBy } from './group-by.ts';
import { medianOf } from './statistics/fork-bootstrap.ts';

/** Less than this share of the offered rate is falling behind. */
const ACHIEVED_SHARE = 0.95;
/** A notifier p99 above this counts as behind too: half a scheduler tick at 250 Hz. */
export const P99_BOUND_NS = 2e6;

/** The open-loop rate sweep of one strategy, and where it bends. */
export interface Knee {
  readonly strategy: string;
  /** What all its cells share, as text. */
  readonly scenario: string;
  /** By offered rate, ascending; medians over forks. */
  readonly points: readonly CapacityPoint[];
  /** Lowest offered rate that it does not keep up with; null: it kept up with all. */
  readonly atPerSecond: number | null;
  readonly sentence: string;
}

const RATE = /(?:^|\.)(\d+)ps(?=\.|$)/;

/** The rate at which a cell's events were to arrive, ranges per second; null: no open loop. */
export function plannedRate({ variant }: Pick<CellRecord, 'variant'>): number | null {
  const match = variant?.match(RATE);
  return match == null ? null : Number(match[1]);
}

/** What the cells of one rate sweep share, as text. */
export function sweptScenario(record: CellRecord): string {
  const rest = record.variant?.replace(RATE, '').replace(/^\./, '') ?? '';
  const parts = [workloadLabel(record), record.device.profile, record.mode, record.pressure, rest];
  return parts.filter((part) => part !== null && part !== '').join(' · ');
}

/** Rate sweeps of the passed cells: at least two rates of one strategy in one scenario. */
export function kneesOf(records: readonly CellRecord[], text: FigureText = figureText): Knee[] {
  const open = records.filter(
    (record) => record.comparison && record.verdict === 'passed' && plannedRate(record) !== null,
  );
  const key = (record: CellRecord) => `${strategyLabel(record)}\n${sweptScenario(record)}`;
  return [...groupBy(open, key).values()].flatMap((sweep) => {
    const byRate = groupBy(sweep, (record) => String(plannedRate(record)));
    if (byRate.size < 2) return [];
    const points = [...byRate.values()].map(pointOf);
    points.sort((a, b) => a.offeredPerSecond - b.offeredPerSecond);
    return [kneeOf(strategyLabel(sweep[0]!), sweptScenario(sweep[0]!), points, text)];
  });
}

function pointOf(forks: readonly CellRecord[]): CapacityPoint {
  const median = (of: (record: CellRecord) => number | null): number | null => {
    const values = forks.map(of).filter((value) => value !== null);
    return values.length === 0 ? null : medianOf(values);
  };
  const planned = plannedRate(forks[0]!)!;
  const achievedPerSecond = median(({ load }) => load.achievedPerSecond);
  // A window's last event is late by chance; what was offered in it is what there was to achieve.
  const share = median(({ load }) =>
    load.achievedPerSecond === null
      ? null
      : load.achievedPerSecond / (load.offeredPerSecond ?? planned),
  );
  return {
    offeredPerSecond: planned,
    achievedPerSecond,
    notifierP50Ns: median(({ latency }) => latency.notifier.p50Ns),
    notifierP99Ns: median(({ latency }) => latency.notifier.p99Ns),
    notifierP999Ns: median(({ latency }) => latency.notifier.p999Ns),
    faultP99Ns: median(({ latency }) => latency.fault.p99Ns),
    saturated: share !== null && share < ACHIEVED_SHARE,
  };
}

function kneeOf(
  strategy: string,
  scenario: string,
  points: readonly CapacityPoint[],
  text: FigureText,
): Knee {
  const slow = ({ notifierP99Ns }: CapacityPoint) => (notifierP99Ns ?? 0) > P99_BOUND_NS;
  const at = points.findIndex((point) => point.saturated || slow(point));
  const rate = (value: number | null) => text(value, 'per second');
  const p99 = (point: CapacityPoint) => text(point.notifierP99Ns, 'ns');
  const knee = points[at];
  const last = points[at < 0 ? points.length - 1 : at - 1];
  const before =
    last === undefined ? '' : `; at ${rate(last.offeredPerSecond)} it keeps up, p99 ${p99(last)}`;
  const slowly = (point: CapacityPoint) =>
    `notifier p99 ${p99(point)} is above ${text(P99_BOUND_NS, 'ns')}`;
  const how =
    knee === undefined
      ? `no knee up to ${rate(points.at(-1)!.offeredPerSecond)}`
      : at === 0
        ? `at or below ${rate(knee.offeredPerSecond)}: ${knee.saturated ? `saturated from the first rate, ${rate(knee.achievedPerSecond)} achieved` : `behind from the first rate, ${slowly(knee)}`}`
        : knee.saturated
          ? `knee at ${rate(knee.offeredPerSecond)} offered, ${rate(knee.achievedPerSecond)} achieved`
          : `knee at ${rate(knee.offeredPerSecond)}: ${slowly(knee)}`;
  const atPerSecond = knee?.offeredPerSecond ?? null;
  return { strategy, scenario, points, atPerSecond, sentence: `${how}${before}` };
}
