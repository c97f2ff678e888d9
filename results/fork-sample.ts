import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { CellRecord } from './cell-record.ts';
import type { Metric } from './metrics.ts';
import type { ForkSample } from './statistics/hierarchical-bootstrap.ts';

/** Fewer blocks say nothing about how firmly a fork's figure stands. */
const MIN_BLOCKS = 5;

/**
 * A fork's figure with its error, where every block of the measured window has the figure too.
 * @returns null where the fork did not measure it
 */
export function forkSample(record: CellRecord, metric: Metric): ForkSample | null {
  const value = metric.of(record);
  if (value === null) return null;
  const { ofWindow } = metric;
  const blocks = ofWindow === undefined ? [] : record.windows.map(ofWindow);
  const whole = blocks.filter((block) => block !== null);
  const error = whole.length === blocks.length ? relativeError(whole) : 0;
  return error === 0 ? { fork: record.fork, value } : { fork: record.fork, value, error };
}

/** Standard error of the mean of the blocks, as a share of it: in ten-thousandths, as reports store it. */
function relativeError(blocks: number[]): number {
  if (blocks.length < MIN_BLOCKS) return 0;
  const centre = mean(blocks);
  if (centre <= 0) return 0;
  const error = sampleStandardDeviation(blocks) / Math.sqrt(blocks.length) / centre;
  return Math.round(error * 1e4) / 1e4;
}
