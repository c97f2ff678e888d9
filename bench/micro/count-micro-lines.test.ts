import { expect, it } from 'vitest';
import { microLabel } from '../../results/metrics.ts';
import { manifest } from '../../strategies/manifest.ts';
import { countingModules } from '../explore/counting-modules.ts';
import { cellSchema } from '../suites/cell.ts';
import { countMicroLines } from './count-micro-lines.ts';
import { MICRO_OPERATIONS } from './micro-operations.ts';

const cell = cellSchema.parse({
  cellId: 'lines',
  strategy: 'flat-preallocated',
  params: {},
  workload: { id: 'storm', params: {} },
  device: 'ideal',
  mode: 'micro',
  fork: 0,
  seed: 1,
  pace: { kind: 'asap' },
  access: { kind: 'uniform' },
  deviceThreads: 1,
  stormThreads: 1,
  maintenanceThreads: 0,
  windowSeconds: 1,
  timeoutSeconds: 10,
  memory: { profile: 'plenty' },
  comparison: false,
});

it('counts what one operation of the flat table touches, as by hand', async () => {
  const entry = manifest.find(({ id }) => id === cell.strategy)!;
  const modules = (await countingModules({ id: entry.id }))!;
  const rows = ['translate-random 1x4K', 'unmap 1x4K', 'unmap 256x4K'].map(
    (label) => MICRO_OPERATIONS.find((operation) => microLabel(operation) === label)!,
  );
  const [walk, one, many] = countMicroLines({ cell, entry }, modules, rows);
  // The child's address in the region's record, and the entry.
  expect(walk).toEqual({ loads: 2, stores: 0, lines: 2 });
  // The child's address, and the entry before and after.
  expect(one).toEqual({ loads: 2, stores: 1, lines: 2 });
  // 256 entries of 8 bytes are 32 lines.
  expect(many).toMatchObject({ stores: 256, lines: 1 + 32 });
});
