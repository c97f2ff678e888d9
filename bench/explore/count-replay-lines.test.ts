import { expect, it } from 'vitest';
import { manifest } from '../../strategies/manifest.ts';
import type { CellInputs } from '../cell/cell-setup.ts';
import { deviceCostsOf } from '../devices/device-costs.ts';
import { findDevice } from '../devices/find-device.ts';
import { cellSchema } from '../suites/cell.ts';
import { findWorkload } from '../workloads/workload-catalogue.ts';
import { countReplayLines } from './count-replay-lines.ts';
import { countingModules } from './counting-modules.ts';

const SEED = 5;

function inputsOf(strategy: string): CellInputs {
  const cell = cellSchema.parse({
    cellId: 'lines',
    strategy,
    params: {},
    workload: { id: 'reclaim', params: {} },
    device: 'ideal',
    mode: 'replay',
    fork: 0,
    seed: SEED,
    pace: { kind: 'asap' },
    access: { kind: 'uniform' },
    deviceThreads: 1,
    stormThreads: 1,
    maintenanceThreads: 1,
    windowSeconds: 1,
    timeoutSeconds: 10,
    memory: { profile: 'plenty' },
    comparison: false,
  });
  return {
    cell,
    entry: manifest.find(({ id }) => id === strategy)!,
    device: deviceCostsOf(findDevice('ideal')),
    trace: findWorkload('reclaim').make({}, SEED),
    draws: new Uint32Array(0),
  };
}

it('counts a replay exactly, device and CPU apart', async () => {
  const modules = (await countingModules({ id: 'flat-preallocated' }))!;
  const lines = countReplayLines(inputsOf('flat-preallocated'), modules)!;
  expect(countReplayLines(inputsOf('flat-preallocated'), modules)).toEqual(lines);
  // A walk of the flat table is the table's address and the entry, and stores nothing.
  expect(lines.device.calls).toBeGreaterThan(0);
  expect(lines.device.loads).toBe(2 * lines.device.calls);
  expect(lines.device.stores).toBe(0);
  expect(lines.device.lines).toBe(2 * lines.device.calls);
  expect(lines.cpu.stores).toBeGreaterThan(0);
  expect(lines.cpu.lines).toBeGreaterThan(lines.cpu.calls);
});
