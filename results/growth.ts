import { strategyLabel } from './cell-identity.ts';
import type { CellRecord } from './cell-record.ts';
import { type FigureText, figureText } from './figure-text.ts';
import { groupBy } from './group-by.ts';
import { METRICS, type Metric } from './metrics.ts';
import { medianOf } from './statistics/hierarchical-bootstrap.ts';

/** How one figure of one strategy grows along one size, all else equal. */
export interface Growth {
  readonly strategy: string;
  /** What all points share, as text. */
  readonly scenario: string;
  readonly size: string;
  readonly metric: string;
  /** [size, median over forks], by size. */
  readonly points: readonly (readonly [number, number])[];
  /** Slope of the fitted line through the logarithms: 1 doubles with the size, 0 is flat. */
  readonly exponent: number;
  /** No point lies above the first one's figure times 1 + log2(size / first size). */
  readonly withinLog: boolean;
  readonly sentence: string;
}

interface Size {
  readonly name: string;
  readonly of: (record: CellRecord) => number | null;
  /** Workload parameter that it is; a suite may let another one grow with it. */
  readonly parameter?: string;
  readonly companion?: string;
}

const parameterOf =
  (name: string) =>
  ({ workloadParams }: CellRecord): number | null => {
    const value = workloadParams[name];
    return typeof value === 'number' && value > 0 ? value : null;
  };

const SIZES: readonly Size[] = [
  { name: 'regions', of: parameterOf('regions'), parameter: 'regions', companion: 'spaceMiB' },
  { name: 'mapped MiB', of: parameterOf('spaceMiB'), parameter: 'spaceMiB', companion: 'regions' },
  { name: 'device threads', of: ({ threads }) => threads.device },
  { name: 'storm threads', of: ({ threads }) => threads.storm },
];

const GROWING = METRICS.filter(({ id }) => ['notifier-p50', 'fault-p50'].includes(id));

/** Every sweep over one size that the passed cells hold, strategy by strategy. */
export function growthsOf(
  records: readonly CellRecord[],
  figure: FigureText = figureText,
): Growth[] {
  const storms = records.filter(
    ({ comparison, verdict, mode }) => comparison && verdict === 'passed' && mode === 'storm',
  );
  return SIZES.flatMap((size) => {
    const sized = storms.filter((record) => (size.of(record) ?? 0) > 0);
    return [...groupBy(sized, (record) => sharedKey(record, size)).values()].flatMap((sweep) =>
      GROWING.flatMap((metric) => growthOf(sweep, size, metric, figure)),
    );
  });
}

/** What the cells of a sweep have in common, beside what grows with its size. */
function sharedKey(record: CellRecord, size: Size): string {
  const { device, pressure, workload, workloadParams, threads, variant } = record;
  const others = Object.entries(workloadParams)
    .filter(([name]) => name !== size.parameter && name !== size.companion)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const fixed =
    size.parameter !== undefined
      ? [threads.device, threads.storm, variant]
      : [
          size.name === 'device threads' ? threads.storm : threads.device,
          variant?.replace(/(?:^|\.)d\d+s\d+(?=\.|$)/, '') || null,
          workloadParams.regions,
          workloadParams.spaceMiB,
        ];
  return JSON.stringify([strategyLabel(record), workload, device.profile, pressure, others, fixed]);
}

function growthOf(
  sweep: readonly CellRecord[],
  size: Size,
  metric: Metric,
  figure: FigureText,
): Growth[] {
  const bySize = groupBy(sweep, (record) => String(size.of(record)));
  const cells = new Set(sweep.map(({ cellId }) => cellId));
  // Two cells of one size differ in what else grew: that is no sweep over this size.
  if (bySize.size < 2 || cells.size > bySize.size) return [];
  const points = [...bySize].flatMap(([at, forks]): [number, number][] => {
    const values = forks.map(metric.of).filter((value) => value !== null && value > 0);
    return values.length === 0 ? [] : [[Number(at), medianOf(values as number[])]];
  });
  points.sort(([a], [b]) => a - b);
  if (points.length < 2) return [];
  const [first] = points as [[number, number]];
  const last = points.at(-1)!;
  const exponent = slopeOf(points);
  const withinLog = points.every(
    ([at, value]) => value <= first[1] * (1 + Math.log2(at / first[0])),
  );
  const record = sweep[0]!;
  const scenario = [record.workload, record.device.profile, record.pressure, fixedText(sweep, size)]
    .filter((part) => part !== null)
    .join(' · ');
  const text = (value: number) => figure(value, metric.unit);
  const sentence =
    `${metric.label} ${text(first[1])} at ${first[0]} ${size.name}, ${text(last[1])} at ${last[0]}: ` +
    `x${Number((2 ** exponent).toPrecision(3))} per doubling (exponent ${exponent.toFixed(2)}), ` +
    `${withinLog ? 'no worse than' : 'worse than'} O(log ${size.name})`;
  return [
    {
      ...{ strategy: strategyLabel(record), scenario, size: size.name, metric: metric.id },
      ...{ points, exponent, withinLog, sentence },
    },
  ];
}

/** The other kind of threads, or the parameter that a suite lets grow along. */
function fixedText(sweep: readonly CellRecord[], { name, companion }: Size): string | null {
  if (companion === undefined) {
    const { device, storm } = sweep[0]!.threads;
    return name === 'device threads' ? `storm threads=${storm}` : `device threads=${device}`;
  }
  const values = sweep.map(parameterOf(companion)).filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (values.length === 0) return null;
  return low === high ? `${companion}=${low}` : `${companion}=${low} to ${high} with it`;
}

/** Least squares through the logarithms. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([at, value]) => [Math.log(at), Math.log(value)] as const);
  const mean = (axis: 0 | 1) => logs.reduce((sum, log) => sum + log[axis], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0);
  return covariance / logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0);
}
