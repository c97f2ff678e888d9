import type { CellInputs } from '../cell/cell-setup.ts';
import type { CellModules } from '../cell/thread-modules.ts';
import { clearLineCounts, readLineCounts } from '../explore/line-counts.ts';
import { MODE_COUNT, MODE_OFF, WORD_MODE } from '../explore/scheduler-words.ts';
import { MicroMachine } from './micro-machine.ts';
import type { MicroOperation } from './micro-step.ts';

/** Of one operation, the mean over a batch. */
export interface MicroLines {
  readonly loads: number;
  readonly stores: number;
  /** Distinct lines of 64 bytes, each call of the strategy for itself. */
  readonly lines: number;
}

/**
 * Counts what one batch of each operation touches, with counting modules: exact, and the same on every
 * machine.
 */
export function countMicroLines(
  inputs: Pick<CellInputs, 'cell' | 'entry'>,
  modules: CellModules,
  operations: readonly MicroOperation[],
): MicroLines[] {
  const machine = new MicroMachine({ ...inputs, counting: true }, modules);
  const { state } = machine;
  const rows = operations.map(({ prepare, timed, restore, batchSize }) => {
    machine.run(prepare);
    clearLineCounts(state);
    state.set(WORD_MODE, MODE_COUNT);
    machine.run(timed);
    state.set(WORD_MODE, MODE_OFF);
    machine.run(restore);
    const sum = readLineCounts(state, ['translate', 'update', 'invalidate', 'maintain']);
    return {
      loads: sum.loads / batchSize,
      stores: sum.stores / batchSize,
      lines: sum.lines / batchSize,
    };
  });
  machine.close();
  return rows;
}
