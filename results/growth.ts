import { strategyLabel } from './cell-identity.ts';
import type { CellRecord } from './cell-record.ts';
import { type FigureText, figureText } from './figure-text.ts';
import { groupBy } from './group-by.ts';
import { METRICS, type Metric } from './metrics.ts';
import { medianOf } from './statistics/fork-bootstrap.ts';

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
  /**
   * The exponent is no larger than that of 1 + log2(size / first size) over the same sizes; null: too few
   * sizes to tell a logarithm from a line.
   */
  readonly withinLog: boolean | null;
  readonly sentence: string;
}

/** Over fewer sizes a logarithm and a line look alike: both may double from one size to the next. */
export const MIN_SIZES = 4;

interface Size {
  readonly name: string;
  /** For a size of 1. */
  readonly one?: string;
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
  {
    name: 'regions',
    one: 'region',
    of: parameterOf('regions'),
    parameter: 'regions',
    companion: 'spaceMiB',
  },
  { name: 'mapped MiB', of: parameterOf('spaceMiB'), parameter: 'spaceMiB', companion: 'regions' },
  { name: 'device threads', one: 'device thread', of: ({ threads }) => threads.device },
  { name: 'storm threads', one: 'storm thread', of: ({ threads }) => threads.storm },
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
  const exponent = slopeOf(points);
  const limit = logExponent(points);
  const withinLog = points.length < MIN_SIZES ? null : exponent <= limit;
  const record = sweep[0]!;
  const scenario = [record.workload, record.device.profile, record.pressure, fixedText(sweep, size)]
    .filter((part) => part !== null)
    .join(' · ');
  const forks = Math.min(...[...bySize.values()].map(({ length }) => length));
  const claim =
    withinLog === null
      ? `${points.length} sizes: too few to tell O(log n) from O(n), ${MIN_SIZES} are needed`
      : `${withinLog ? 'no worse than' : 'worse than'} O(log ${size.name}), whose exponent over these ${points.length} sizes is ${exponentText(limit)}`;
  const sentence = `${changeText(points, size, metric, figure)}, ${rateText(exponent)}; ${claim}${forks === 1 ? '; one fork a size' : ''}`;
  return [
    {
      ...{ strategy: strategyLabel(record), scenario, size: size.name, metric: metric.id },
      ...{ points, exponent, withinLog, sentence },
    },
  ];
}

/** Two decimals, and no minus before 0. */
export function exponentText(exponent: number): string {
  return (Math.round(exponent * 100) / 100 + 0).toFixed(2);
}

/** `notifier p50 90 ns at 1 region, 281 ns at 100000`. */
function changeText(
  points: Growth['points'],
  { name, one = name }: Size,
  metric: Metric,
  figure: FigureText,
): string {
  const text = (value: number) => figure(Number(value.toPrecision(3)), metric.unit);
  const [[from, before], [to, after]] = [points[0]!, points.at(-1)!];
  const unit = from === 1 ? one : name;
  return `${metric.label} ${text(before)} at ${from} ${unit}, ${text(after)} at ${to}`;
}

/** `x1.07 per doubling (exponent 0.09)`. */
function rateText(exponent: number): string {
  const shown = exponentText(exponent);
  if (shown === '0.00') return 'flat (exponent 0.00)';
  return `x${Number((2 ** exponent).toPrecision(3))} per doubling (exponent ${shown})`;
}

/** The exponent that growth with the logarithm itself would be given over the same sizes. */
function logExponent(points: Growth['points']): number {
  const [[first]] = points as [readonly [number, number]];
  return slopeOf(points.map(([at]) => [at, 1 + Math.log2(at / first)] as const));
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
