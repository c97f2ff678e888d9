import type { CellRecord } from './cell-record.ts';
import type { LatencySummary } from './latency-summary.ts';

export type MetricUnit = 'ns' | 'bytes' | 'count' | 'share' | 'per second';

/** One figure of a record: how it is named, read and judged, in every output alike. */
export interface Metric {
  readonly id: string;
  readonly label: string;
  readonly unit: MetricUnit;
  readonly better: 'lower' | 'higher';
  /** Relative difference below which nobody should act, e.g. 0.03 = 3 %. */
  readonly threshold: number;
  /** A regression in this metric decides the exit code of `compare`. */
  readonly gate: boolean;
  /** Replay makes it from counts alone: equal seeds give equal values on any machine. */
  readonly exactInReplay: boolean;
  /** Null where the record has no such figure. */
  readonly of: (record: CellRecord) => number | null;
  /** Where it is a percentile: of which distribution, and which one, so that forks can be pooled. */
  readonly percentile?: { readonly latency: LatencyKind; readonly perTenThousand: number };
}

export type LatencyKind = 'notifier' | 'fault' | 'translate' | 'teardown';

const MEDIAN_THRESHOLD = 0.03;
const TAIL_THRESHOLD = 0.1;
const MAX_THRESHOLD = 0.5;

type LatencyField = keyof LatencySummary & ('p50Ns' | 'p90Ns' | 'p99Ns' | 'p999Ns' | 'maxNs');

const LATENCY_FIELDS: readonly (readonly [LatencyField, string, string, number, number])[] = [
  ['p50Ns', 'p50', 'p50', 5000, MEDIAN_THRESHOLD],
  ['p90Ns', 'p90', 'p90', 9000, 2 * MEDIAN_THRESHOLD],
  ['p99Ns', 'p99', 'p99', 9900, TAIL_THRESHOLD],
  ['p999Ns', 'p999', 'p99.9', 9990, TAIL_THRESHOLD],
  ['maxNs', 'max', 'max', 10_000, MAX_THRESHOLD],
];

/** Latencies whose median and p99 decide the gate: how long the OS, and the device, were held up. */
const GATED_KINDS: readonly LatencyKind[] = ['notifier', 'fault'];
const GATED_FIELDS: readonly LatencyField[] = ['p50Ns', 'p99Ns'];

function latencyMetrics(kind: LatencyKind, title: string): Metric[] {
  return LATENCY_FIELDS.map(([field, suffix, label, perTenThousand, threshold]) => {
    return {
      id: `${kind}-${suffix}`,
      label: `${title} ${label}`,
      unit: 'ns',
      better: 'lower',
      threshold,
      gate: GATED_KINDS.includes(kind) && GATED_FIELDS.includes(field),
      exactInReplay: true,
      of: (record: CellRecord) => record.latency[kind][field],
      percentile: { latency: kind, perTenThousand },
    } as const;
  });
}

type CountMetric = readonly [
  id: string,
  label: string,
  unit: MetricUnit,
  gate: boolean,
  of: (record: CellRecord) => number | null,
];

/** Sum over the allocation table; null for a cell that never came to count. */
function allocationSum(record: CellRecord, field: 'attempts' | 'failures'): number | null {
  if (record.verdict !== 'passed' && record.verdict !== 'failed') return null;
  return record.allocations.reduce((sum, row) => sum + row[field], 0);
}

const COUNT_METRICS: readonly CountMetric[] = [
  ['table-bytes-mean', 'table bytes, mean', 'bytes', false, (r) => r.memory.tableBytesMean],
  ['table-bytes-peak', 'table bytes, peak', 'bytes', true, (r) => r.memory.tableBytesPeak],
  ['staging-bytes-peak', 'staging bytes, peak', 'bytes', false, (r) => r.memory.stagingBytesPeak],
  ['reserve-bytes-peak', 'reserve bytes, peak', 'bytes', false, (r) => r.memory.reserveBytesPeak],
  ['bytes-per-gib', 'bytes per mapped GiB', 'bytes', false, (r) => r.memory.bytesPerMappedGiB],
  ['allocations', 'allocations', 'count', false, (r) => allocationSum(r, 'attempts')],
  [
    'allocation-failures',
    'allocation failures',
    'count',
    true,
    (r) => allocationSum(r, 'failures'),
  ],
  ['degraded', 'failures that degraded', 'count', false, (r) => r.failures.degraded],
  ['retried', 'failures that were retried', 'count', false, (r) => r.failures.retried],
  ['update-failed', 'updates failed', 'count', true, (r) => r.failures.updateFailed],
  ['notifier-failed', 'notifiers failed', 'count', true, (r) => r.failures.notifierFailed],
  ['commands', 'device commands', 'count', false, (r) => r.device.commands],
  ['entries-written', 'entries written', 'count', false, (r) => r.device.entriesWritten],
  ['entries-zapped', 'entries zapped', 'count', false, (r) => r.device.entriesZapped],
  [
    'cache-invalidations',
    'cache invalidations',
    'count',
    false,
    (r) => r.device.cacheInvalidations,
  ],
  ['cache-lines', 'cache lines written', 'count', false, (r) => r.model.cacheLines],
  [
    'device-lines',
    'cache lines of walks',
    'count',
    true,
    (r) => r.model.lines?.device.lines ?? null,
  ],
  [
    'cpu-lines',
    'cache lines of the driver',
    'count',
    true,
    (r) => r.model.lines?.cpu.lines ?? null,
  ],
  ['cpu-loads', 'loads of the driver', 'count', false, (r) => r.model.lines?.cpu.loads ?? null],
  ['cpu-stores', 'stores of the driver', 'count', false, (r) => r.model.lines?.cpu.stores ?? null],
  ['collateral', 'collateral entries', 'count', false, (r) => r.collateral.entries],
  ['spurious-faults', 'spurious faults', 'count', false, (r) => r.collateral.spuriousFaults],
  ['notifier-retries', 'collision retries', 'count', false, (r) => r.notifier.retries],
  ['modelled-time', 'modelled device time', 'ns', true, (r) => r.model.modelledNs],
];

/** Every metric of a record, in the order in which tables show them. */
export const METRICS: readonly Metric[] = [
  ...latencyMetrics('notifier', 'notifier'),
  ...latencyMetrics('fault', 'fault'),
  {
    id: 'stall-share',
    label: 'device stall share',
    unit: 'share',
    better: 'lower',
    threshold: TAIL_THRESHOLD,
    gate: false,
    exactInReplay: false,
    of: (record) => record.device.stallShare,
  },
  ...COUNT_METRICS.map(
    ([id, label, unit, gate, of]): Metric => ({
      id,
      label,
      unit,
      better: 'lower',
      threshold: MEDIAN_THRESHOLD,
      gate,
      exactInReplay: true,
      of,
    }),
  ),
  {
    id: 'achieved-rate',
    label: 'achieved rate',
    unit: 'per second',
    better: 'higher',
    threshold: MEDIAN_THRESHOLD,
    gate: false,
    exactInReplay: false,
    of: (record) => record.load.achievedPerSecond,
  },
  ...latencyMetrics('teardown', 'teardown'),
  ...latencyMetrics('translate', 'translate'),
];

const LEAF_NAMES: readonly (readonly [number, string])[] = [
  [2 ** 30, 'G'],
  [2 ** 20, 'M'],
  [2 ** 10, 'K'],
];

/** `map 256x4K`: the name an operation has in the tables of Linux page-table patches. */
export function microLabel(row: {
  readonly operation: string;
  readonly leafBytes: number;
  readonly leaves: number;
}): string {
  const [unitBytes, suffix] = LEAF_NAMES.find(([bytes]) => row.leafBytes % bytes === 0) ?? [1, ''];
  return `${row.operation} ${row.leaves}x${row.leafBytes / unitBytes}${suffix}`;
}

/**
 * One metric for each row of the micro table that any of the records carries: the 5th percentile of the fork's
 * batches. The mean says as much of what else ran on the processor's other thread, the fastest batch is now and
 * then a tenth below all others; identical forks differ by up to 2 in the first, by 15 % in the second and by 2 %
 * in this.
 */
export function microMetrics(records: readonly CellRecord[]): Metric[] {
  const labels = new Set(records.flatMap((record) => record.micro.map(microLabel)));
  return [...labels].flatMap((label) => [microTime(label), microLines(label)]);
}

function microTime(label: string): Metric {
  return {
    id: `micro:${label.replace(' ', ':')}`,
    label,
    unit: 'ns',
    better: 'lower',
    threshold: MEDIAN_THRESHOLD,
    gate: true,
    exactInReplay: false,
    of: (record) => record.micro.find((row) => microLabel(row) === label)?.p5Ns ?? null,
  };
}

/** Exact, so any difference counts. */
function microLines(label: string): Metric {
  return {
    id: `micro-lines:${label.replace(' ', ':')}`,
    label: `${label}, cache lines`,
    unit: 'count',
    better: 'lower',
    threshold: 0,
    gate: true,
    exactInReplay: false,
    of: (record) => record.micro.find((row) => microLabel(row) === label)?.lines ?? null,
  };
}

/** The fixed metrics and those of the records' micro rows. */
export function metricsOf(records: readonly CellRecord[]): Metric[] {
  return [...METRICS, ...microMetrics(records)];
}
