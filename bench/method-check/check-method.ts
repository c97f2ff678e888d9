// Checks the measuring method on this machine with real runs: one strategy against itself (A/A), in a storm
// and in micro mode, and against itself with a planted slowdown in micro mode. Usage:
// node dist/bench/method-check/check-method.js [repetitions] [forks] [storm|micro|planted]. Takes about a second a
// fork and side.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type CellRecord, createCellRecord } from '../../results/cell-record.ts';
import { compareStrategies } from '../../results/compare/compare-runs.ts';
import type { ComparisonRow } from '../../results/comparison.ts';
import { storedRunFixture } from '../../results/fixtures/run-fixture.ts';
import { compileWasm } from '../build/compile-wasm.ts';
import { packageRoot } from '../package-root.ts';
import { runCellProcess } from '../run/cell-child.ts';
import { TraceStore } from '../run/trace-store.ts';
import type { Cell } from '../suites/cell.ts';
import { SeededRandom } from '../workloads/seeded-random.ts';

const OPERATION = 'unmap 256x4K';
const METRICS = {
  storm: ['notifier-p50', 'notifier-p99'],
  micro: [`micro:${OPERATION.replace(' ', ':')}`],
} as const;
const BASE = 'flat-preallocated';

type CheckedMode = keyof typeof METRICS;

function cellOf(mode: CheckedMode, strategy: string, fork: number, seed: number): Cell {
  return {
    cellId: 'method-check',
    strategy,
    params: {},
    workload: { id: 'storm', params: {} },
    device: 'ideal',
    mode,
    ...(mode === 'micro' ? { operations: [OPERATION] } : {}),
    fork,
    seed,
    pace: { kind: 'recorded' },
    access: { kind: 'zipf', exponent: 0.99 },
    deviceThreads: 1,
    stormThreads: 1,
    maintenanceThreads: 0,
    windowSeconds: 0.5,
    timeoutSeconds: 60,
    memory: { profile: 'plenty' },
    comparison: true,
  };
}

/** One comparison: `forks` forks of both sides, neighbours in time, their order drawn. */
async function compareOnce(
  mode: CheckedMode,
  strategies: readonly [string, string],
  forks: number,
  seed: number,
): Promise<readonly ComparisonRow[]> {
  const random = new SeededRandom(seed);
  const traces = new TraceStore();
  const never = new AbortController().signal;
  const records: CellRecord[] = [];
  try {
    for (let fork = 0; fork < forks; fork++) {
      const forkSeed = random.uint32();
      for (const side of random.shuffle([0, 1])) {
        const cell = cellOf(mode, strategies[side]!, fork, forkSeed);
        // Micro cells play no trace.
        const file = mode === 'micro' ? '' : await traces.fileOf(cell.workload, cell.seed);
        const figures = await runCellProcess(cell, file, never);
        records.push(
          createCellRecord({
            ...figures,
            cellId: `side-${side}`,
            strategy: BASE,
            alias: side === 0 ? 'a' : 'b',
            workload: 'storm',
            mode,
            fork,
            seed: forkSeed,
            conditionsHash: 'method-check',
          }),
        );
      }
    }
  } finally {
    traces.remove();
  }
  const { rows } = compareStrategies(storedRunFixture(records), 'a', ['b'], {
    metrics: METRICS[mode],
    seed,
    draws: 4000,
  });
  return rows;
}

async function compilePlanted(folder: string): Promise<string> {
  const out = join(folder, 'planted-slow.wasm');
  process.chdir(packageRoot);
  await compileWasm('core/testing/planted-slow.ts', relative('.', out));
  return out;
}

function tally(
  title: string,
  mode: CheckedMode,
  repetitions: readonly (readonly ComparisonRow[])[],
): void {
  for (const id of METRICS[mode]) {
    const rows = repetitions.flatMap((found) => found.filter(({ metric }) => metric === id));
    const words = new Map<string, number>();
    for (const { verdict } of rows) words.set(verdict, (words.get(verdict) ?? 0) + 1);
    const ratios = rows.flatMap(({ ratio }) => (ratio === null ? [] : [ratio]));
    const middle = ratios.map(({ estimate }) => estimate).sort((a, b) => a - b)[ratios.length >> 1];
    const covered = ratios.filter(
      ({ low, high }) => middle !== undefined && low <= middle && middle <= high,
    );
    process.stdout.write(
      `${title} ${id} (${mode}): ${[...words].map(([word, count]) => `${count} ${word}`).join(', ')}; ` +
        `median ratio ${middle?.toFixed(3)}, its interval holds it in ${covered.length} of ${rows.length}\n`,
    );
  }
}

interface Check {
  readonly title: string;
  readonly mode: CheckedMode;
  readonly sides: readonly [string, string];
  /** Of each repetition. */
  readonly found: (readonly ComparisonRow[])[];
}

const [repetitions = 20, forks = 10] = process.argv.slice(2, 4).map(Number);
const only = process.argv[4];
const folder = mkdtempSync(join(tmpdir(), 'xlt-bench-method-'));
try {
  const planted = await compilePlanted(folder);
  const all: Check[] = [
    { title: 'A/A', mode: 'storm', sides: [BASE, BASE], found: [] },
    { title: 'A/A', mode: 'micro', sides: [BASE, BASE], found: [] },
    { title: 'planted', mode: 'micro', sides: [BASE, planted], found: [] },
  ];
  const checks = all.filter(
    ({ mode, title }) => only === undefined || [mode, title].includes(only),
  );
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const [index, { mode, sides, found }] of checks.entries()) {
      found.push(await compareOnce(mode, sides, forks, repetition + 1000 * index));
    }
    process.stderr.write(`repetition ${repetition} of ${repetitions}\n`);
  }
  for (const { title, mode, found } of checks) tally(title, mode, found);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
