import { copyFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CellRecord } from '../../results/cell-record.ts';
import { RunBench, runCommand } from '../fixtures/command-run.ts';
import { testModule } from '../fixtures/test-module.ts';

const STALL_NS = 20e6;
/** Events a second; about one in four is an invalidation. */
const RATE = 20_000;
/** A storm of less than a hundredth of the second that it is played for, again and again. */
const LAP = { id: 'storm', params: { spaceMiB: 64, vmaMiB: 16, hugeShare: 1, seconds: 0.01 } };
const LAPPED_RATE = 60_000;

let bench: RunBench;
let open: CellRecord;
let closed: CellRecord;
let lapped: CellRecord;

beforeAll(async () => {
  bench = new RunBench();
  const strategy = bench.path('one-stall.wasm');
  copyFileSync(await testModule('one-stall'), strategy);
  const common = { strategies: [strategy], workloads: ['storm'], devices: 'ideal' };
  const pace = { kind: 'rate', perSecond: RATE };
  const suite = bench.suite(
    'one-stall',
    { ...common, windowSeconds: 0.5, pace },
    { ...common, windowSeconds: 0.5, pace: { kind: 'asap' } },
    { ...common, workloads: [LAP], pace: { ...pace, perSecond: LAPPED_RATE } },
  );
  await runCommand('run', suite, '--seed', '3', '--out', bench.path('run'));
  [lapped, open, closed] = [...bench.records('run')].sort(
    (a, b) => (b.load.offeredPerSecond ?? 0) - (a.load.offeredPerSecond ?? 0),
  ) as [CellRecord, CellRecord, CellRecord];
});

afterAll(() => bench.remove());

it('a stall of 20 ms happens once in either loop', () => {
  for (const { verdict, reason, latency } of [open, closed, lapped]) {
    expect({ verdict, reason }).toEqual({ verdict: 'passed', reason: null });
    expect(latency.notifier.maxNs).toBeGreaterThanOrEqual(STALL_NS);
    expect(latency.notifier.count).toBeGreaterThan(500);
  }
});

it('an open loop counts the arrivals that waited behind it: its p99 shows the stall', () => {
  // They are 4 % of the window's arrivals and waited 20 ms, ... 0: where nothing else is late, 1 % waited 15 ms.
  expect(open.latency.notifier.p99Ns).toBeGreaterThan(STALL_NS / 10);
});

it('a window is measured to its end, however short the trace is', () => {
  const measuredSeconds = [open, closed, lapped].map(({ measuredNs }) => measuredNs! / 1e9);
  [0.5, 0.5, 1].forEach((seconds, i) => {
    expect(measuredSeconds[i]).toBeGreaterThanOrEqual(seconds * 0.999);
  });
});

it('an open loop that plays its trace again forgives no backlog where a lap ends', () => {
  // The stall is 2 % of the window and several laps long.
  expect(lapped.latency.notifier.p99Ns).toBeGreaterThan(STALL_NS / 10);
});

it('a closed loop sends nothing meanwhile: one long operation is beyond any p99', () => {
  expect(closed.latency.notifier.p99Ns).toBeLessThan(STALL_NS / 10);
});
