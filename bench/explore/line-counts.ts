import type { SharedState } from '../cell/shared-state.ts';
import { COUNT_ROW_BYTES, OPERATIONS, type Operation, WORD_COUNTS } from './scheduler-words.ts';

/** What calls of one strategy function touched. A line is 64 bytes, distinct within one call. */
export interface LineCount {
  readonly calls: number;
  readonly loads: number;
  readonly stores: number;
  readonly lines: number;
}

/** Starts counting anew. */
export function clearLineCounts(state: SharedState): void {
  const first = WORD_COUNTS >>> 2;
  state.words.fill(0, first, first + ((OPERATIONS.length + 1) * COUNT_ROW_BYTES) / 4);
}

/** Sums of the given functions since counting began. */
export function readLineCounts(state: SharedState, operations: readonly Operation[]): LineCount {
  const sum = { calls: 0, loads: 0, stores: 0, lines: 0 };
  for (const operation of operations) {
    const row = WORD_COUNTS + (OPERATIONS.indexOf(operation) + 1) * COUNT_ROW_BYTES;
    sum.calls += state.getLong(row);
    sum.loads += state.getLong(row + 8);
    sum.stores += state.getLong(row + 16);
    sum.lines += state.getLong(row + 24);
  }
  return sum;
}
