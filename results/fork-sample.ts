import type { CellRecord } from './cell-record.ts';
import type { Metric } from './metrics.ts';
import type { ForkSample } from './statistics/fork-bootstrap.ts';

/** A fork's figure. @returns null where the fork did not measure it */
export function forkSample(record: CellRecord, metric: Metric): ForkSample | null {
  const value = metric.of(record);
  return value === null ? null : { fork: record.fork, value };
}
