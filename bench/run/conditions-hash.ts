import { createHash } from 'node:crypto';
import { deviceCostsOf } from '../devices/device-costs.ts';
import { findDevice } from '../devices/find-device.ts';
import type { Cell } from '../suites/cell.ts';

/**
 * Digest of all that shapes the figures but the strategy, the seed and the machine: the cell's settings,
 * and what its device and its recording hold, whatever file they came from.
 * @param recording TraceStore.recordingHash of its workload
 */
export function conditionsHash(cell: Cell, recording: string | null): string {
  const { cellId, strategy, params, fork, seed, comparison, timeoutSeconds, ...settings } = cell;
  const conditions = { ...settings, costs: deviceCostsOf(findDevice(cell.device)), recording };
  return createHash('sha256').update(JSON.stringify(conditions)).digest('hex').slice(0, 16);
}
