import { quantileSorted } from 'simple-statistics';
import { Bench } from 'tinybench';
import type { MicroRow } from '../../results/cell-record.ts';
import type { CellInputs } from '../cell/cell-setup.ts';
import type { CellModules } from '../cell/thread-modules.ts';
import { MicroMachine } from './micro-machine.ts';
import { MICRO_OPERATIONS } from './micro-operations.ts';
import type { MicroOperation } from './micro-step.ts';

/** A row of the micro table without what counting modules add. */
export type MicroTimes = Omit<MicroRow, 'loads' | 'stores' | 'lines'>;

/**
 * Time budget of one operation, undoing included, milliseconds: as one of the whole table, and at most. What runs on
 * the core's other thread is busy for some 100 ms at a time; a row that is measured for longer has batches without it.
 */
const OPERATION_MS = 60;
const OPERATION_MS_MAX = 600;
const TABLE_MS = 2400;
const WARM_UP_MS = 15;
const BATCHES_MIN = 30;
const WARM_UP_BATCHES = 5;

/**
 * Measures every operation of the micro table on one strategy, in this process (flags: CELL_FLAGS). A
 * sample is the mean of one batch; its percentiles are those of batch means, not of single operations.
 * @throws Error when the strategy refuses, a call fails, a hit is missed or table memory leaks
 */
export function runMicroCell(
  inputs: Pick<CellInputs, 'cell' | 'entry'>,
  modules: CellModules,
  operations: readonly MicroOperation[] = MICRO_OPERATIONS,
): MicroTimes[] {
  const machine = new MicroMachine(inputs, modules);
  const { translates } = inputs.entry.guarantees;
  const timeMs = Math.min(OPERATION_MS_MAX, Math.max(OPERATION_MS, TABLE_MS / operations.length));
  const rows = operations.map((operation) => measure(machine, operation, translates, timeMs));
  const leakedPages = machine.close();
  if (leakedPages > 0) throw new Error(`${leakedPages} table pages leaked after teardown`);
  return rows;
}

/** One operation in a Bench of its own: the tasks of one Bench would share their inline caches. */
function measure(
  machine: MicroMachine,
  operation: MicroOperation,
  translates: boolean,
  timeMs: number,
): MicroTimes {
  const { batchSize, timed, restore, prepare, hits } = operation;
  machine.run(prepare);
  const bench = new Bench({
    time: timeMs,
    iterations: BATCHES_MIN,
    warmupTime: WARM_UP_MS,
    warmupIterations: WARM_UP_BATCHES,
    throws: true,
    retainSamples: true,
  });
  const batch = () => {
    const startMs = performance.now();
    const outcome = machine.run(timed);
    machine.run(restore);
    if (translates && hits !== null && outcome.hits !== hits) {
      throw new Error(
        `${operation.operation}: ${outcome.hits} of ${hits} accesses were translated`,
      );
    }
    return {
      overriddenDuration: outcome.ns / batchSize / 1e6,
      overriddenIterationCost: performance.now() - startMs,
    };
  };
  bench.add(operation.operation, batch, { async: false });
  const [task] = bench.runSync();
  const result = task!.result;
  if (result.state !== 'completed') throw new Error(`${operation.operation}: ${result.state}`);
  const { mean, min, p50, p99, samplesCount, samples = [] } = result.latency;
  return {
    operation: operation.operation,
    leafBytes: operation.leafBytes,
    leaves: operation.leaves,
    avgNs: mean * 1e6,
    minNs: min * 1e6,
    p5Ns: quantileSorted([...samples], 0.05) * 1e6,
    p50Ns: p50 * 1e6,
    p99Ns: p99 * 1e6,
    samples: samplesCount,
    batchSize,
  };
}
