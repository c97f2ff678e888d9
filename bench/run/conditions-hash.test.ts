import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { benchmarkCell } from '../benchmarks/benchmark-cell.ts';
import { findDevice } from '../devices/find-device.ts';
import { moduleHash } from '../environment/capture-host.ts';
import { importTrace } from '../import/import-trace.ts';
import { packageRoot } from '../package-root.ts';
import { conditionsHash } from './conditions-hash.ts';
import { modulesOf } from './module-hashes.ts';
import { TraceStore } from './trace-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'xlt-conditions-'));
const device = join(folder, 'own.yaml');
const recording = join(folder, 'own.xlt');

afterAll(() => rmSync(folder, { recursive: true }));

async function record(source: string): Promise<void> {
  const inputs = [join(packageRoot, 'bench', 'traces', source)];
  await importTrace({ inputs, out: recording, force: true });
}

function chargeFaults(faultNs: number): void {
  const ideal = structuredClone(findDevice('ideal')) as { costs: { faultNs: { value: number } } };
  ideal.costs.faultNs.value = faultNs;
  writeFileSync(device, JSON.stringify({ ...ideal, id: 'own' }));
}

/** Of a cell as a run would measure it now. */
async function hashNow(id: string, seed = 1): Promise<string> {
  const workload = { id, params: {} };
  const cell = { ...benchmarkCell('noop', 'replay', 0, { workload, device }), seed };
  const traces = new TraceStore();
  try {
    await traces.fileOf(workload, seed);
    return conditionsHash(cell, traces.recordingHash(workload));
  } finally {
    traces.remove();
  }
}

it('conditions are what a recording and a device hold, not the paths they are read from', async () => {
  await record('thp-forced.tracefs-full.txt.gz');
  chargeFaults(1000);
  const first = await hashNow(recording);
  await record('thp-forced.perfscript.txt.gz');
  const recordedAgain = await hashNow(recording);
  await record('thp-forced.tracefs-full.txt.gz');
  expect(await hashNow(recording, 2)).toBe(first);
  chargeFaults(2000);
  const charged = await hashNow(recording);
  expect(new Set([first, recordedAgain, charged]).size).toBe(3);
});

it('the forks of a storm run under one condition, whatever their seeds make of it', async () => {
  expect(await hashNow('storm', 2)).toBe(await hashNow('storm', 1));
});

it('the modules of a cell are core, driver and its strategy, wherever that lies', () => {
  const built = { core: 'c', driver: 'd', 'strategies/noop': 'n', 'strategies/radix': 'r' };
  expect(modulesOf('noop', built)).toEqual({ core: 'c', driver: 'd', 'strategies/noop': 'n' });
  const own = join(folder, 'own.wasm');
  writeFileSync(own, 'a module');
  expect(modulesOf(own, built)).toEqual({ core: 'c', driver: 'd', [own]: moduleHash(own) });
});
