import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrapContrast, type Interval } from '../../results/statistics/fork-bootstrap.ts';
import type { CellInputs } from '../cell/cell-setup.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { MICRO_GEOMETRY, type MicroGeometry } from '../micro/micro-machine.ts';
import { MICRO_OPERATIONS } from '../micro/micro-operations.ts';
import type { MicroOperation } from '../micro/micro-step.ts';
import type { Cell } from '../suites/cell.ts';
import { buildNativeRunner } from './build-runner.ts';
import { compileLinked } from './linked-module.ts';
import { NativeSession } from './native-session.ts';
import { recordCalls } from './recorded-calls.ts';
import type { TableSession } from './table-session.ts';
import { WasmSession } from './wasm-session.ts';

/** Strategies that have a C twin in bench/native. */
export const TWINS = ['flat-preallocated', 'radix'] as const;
export type Twin = (typeof TWINS)[number];

/** One operation, measured in turn on both sides. */
export interface NativeRow {
  readonly strategy: Twin;
  readonly operation: MicroOperation;
  /** By round, nanoseconds an operation: the three modules of a cell, the C twin, */
  readonly wasmNs: readonly number[];
  readonly nativeNs: readonly number[];
  /** and the three modules' sources compiled into one. */
  readonly linkedNs: readonly number[];
  /** wasm / C and linked wasm / C, with their bootstrap intervals over paired rounds. */
  readonly ratio: Interval;
  readonly linkedRatio: Interval;
}

export type NativeComparison =
  | { readonly compiler: string; readonly rows: readonly NativeRow[] }
  | { readonly refusal: string };

const COMPARED = new Set([
  'translate-random 4096 1',
  'translate-sequential 4096 1',
  'map 4096 1',
  'map 4096 256',
  'map 2097152 1',
  'unmap 4096 1',
  'unmap 4096 256',
  'unmap 2097152 1',
  'split 2097152 1',
  'update 4096 512',
  'invalidate 4096 1',
  'invalidate 4096 512',
]);
/** Measurements of one side in a round: the fastest counts, the others were disturbed. */
const TRIES = 5;
/** Least length of one measurement, nanoseconds. */
const MEASURE_NS = 400_000;

/** Rounds of a comparison are paired: both sides ran within the same moment. */
export interface NativeOptions {
  readonly rounds: number;
  /** A replay cell whose table calls are recorded once and played on both sides. */
  readonly replay: CellInputs;
  readonly strategies?: readonly Twin[];
}

/**
 * Runs each operation of the C twins and of the wasm modules in alternation, `rounds` times, the order
 * of the two sides changing every round. Compared is the table alone: strategy, device counters, fences
 * and page allocator; no oracle, no address space, no notifier window.
 */
export async function compareWithC(options: NativeOptions): Promise<NativeComparison> {
  const runner = buildNativeRunner();
  if ('refusal' in runner) return runner;
  try {
    const rows: NativeRow[] = [];
    const operations = MICRO_OPERATIONS.filter(({ operation, leafBytes, leaves }) =>
      COMPARED.has(`${operation} ${leafBytes} ${leaves}`),
    );
    const recorded = recordCalls(options.replay, loadModules({ id: options.replay.entry.id }));
    const replay = replayOperation(recorded.updates + recorded.invalidates + recorded.translates);
    for (const strategy of options.strategies ?? TWINS) {
      await compileLinked(strategy, linkedFile(runner, strategy));
      const compare = (geometry: MicroGeometry, all: readonly MicroOperation[]) =>
        comparePair(runner, strategy, options, geometry, all);
      rows.push(...(await compare(MICRO_GEOMETRY, operations)));
      rows.push(...(await compare(recorded.geometry, [replay])));
    }
    return { compiler: runner.compiler, rows };
  } finally {
    rmSync(runner.folder, { recursive: true, force: true });
  }
}

/** The whole recorded stream as one batch; the table is emptied after each. */
function replayOperation(calls: number): MicroOperation {
  return {
    operation: 'replay-calls',
    leafBytes: 4096,
    leaves: 1,
    batchSize: calls,
    prepare: [{ call: 'clear' }],
    timed: [{ call: 'calls' }],
    restore: [{ call: 'clear' }],
    hits: null,
  };
}

function linkedFile({ folder }: { readonly folder: string }, strategy: Twin): string {
  return join(folder, `linked-${strategy}.wasm`);
}

async function comparePair(
  runner: { readonly file: string; readonly folder: string },
  strategy: Twin,
  { rounds, replay }: NativeOptions,
  geometry: MicroGeometry,
  operations: readonly MicroOperation[],
): Promise<NativeRow[]> {
  const native = await NativeSession.open(runner, strategy, geometry);
  const cell: Cell = { ...replay.cell, strategy, mode: 'micro' };
  const wasm = await WasmSession.open(cell, geometry);
  const linked = await WasmSession.open(cell, geometry, linkedFile(runner, strategy));
  try {
    const rows: NativeRow[] = [];
    for (const operation of operations) {
      rows.push(await compareOperation({ native, wasm, linked }, strategy, operation, rounds));
    }
    return rows;
  } finally {
    native.close();
    wasm.close();
    linked.close();
  }
}

interface Sides {
  readonly native: TableSession;
  readonly wasm: TableSession;
  readonly linked: TableSession;
}

async function compareOperation(
  sides: Sides,
  strategy: Twin,
  operation: MicroOperation,
  rounds: number,
): Promise<NativeRow> {
  const sessions = [sides.native, sides.wasm, sides.linked];
  for (const session of sessions) await session.prepare(operation.prepare);
  const batches = await batchesFor(sides.native, operation);
  const times: number[][] = sessions.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < sessions.length; turn++) {
      const side = (turn + round + 1) % sessions.length;
      const ns = await measure(sessions[side]!, operation, batches);
      // The first round only warms up.
      if (round >= 0) times[side]!.push(ns);
    }
  }
  await sameHits(sessions, operation);
  const [nativeNs, wasmNs, linkedNs] = times as [number[], number[], number[]];
  return {
    strategy,
    operation,
    wasmNs,
    nativeNs,
    linkedNs,
    ratio: ratioOf(nativeNs, wasmNs),
    linkedRatio: ratioOf(nativeNs, linkedNs),
  };
}

function ratioOf(baseline: readonly number[], candidate: readonly number[]): Interval {
  const samples = (values: readonly number[]) => values.map((value, fork) => ({ fork, value }));
  return bootstrapContrast(samples(baseline), samples(candidate), (b, c) => c / b, {
    paired: true,
  });
}

/** How many batches make a measurement long enough for the clock. */
async function batchesFor(native: TableSession, { timed, restore }: MicroOperation) {
  const { ns } = await native.measure(4, timed, restore);
  return Math.max(1, Math.ceil(MEASURE_NS / (ns / 4)));
}

async function measure(
  session: TableSession,
  { timed, restore, batchSize }: MicroOperation,
  batches: number,
): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const { ns } = await session.measure(batches, timed, restore);
    best = Math.min(best, ns / batches / batchSize);
  }
  return best;
}

/** All tables must have answered alike, or they did not do the same work. */
async function sameHits(
  sessions: readonly TableSession[],
  { operation, timed, restore }: MicroOperation,
): Promise<void> {
  const hits: number[] = [];
  for (const session of sessions) hits.push((await session.measure(1, timed, restore)).hits);
  if (new Set(hits).size > 1) {
    throw new Error(`${operation}: the tables answered ${hits.join(', ')} times (C, wasm, linked)`);
  }
}
