import { type CellInputs, setUpCell, setupEvents } from '../cell/cell-setup.ts';
import { createMemory } from '../cell/memory-plan.ts';
import { SharedState } from '../cell/shared-state.ts';
import type { ExploredStrategy } from './explored-strategy.ts';
import { clearLineCounts, type LineCount, readLineCounts } from './line-counts.ts';
import { instantiateThread, type SchedulerImports, sharedStack } from './logical-thread.ts';
import {
  MODE_COUNT,
  MODE_OFF,
  TURNS,
  WORD_ARENA,
  WORD_ARENA_END,
  WORD_MODE,
  WORD_SHADOW,
  WORD_TURNS,
} from './scheduler-words.ts';

/** Cache lines of a whole replay: what the device walked, and what the driver did. */
export interface ReplayLines {
  readonly device: LineCount;
  readonly cpu: LineCount;
}

const LINE_BYTES = 64;
const SETUP_THREAD = 0;
const REPLAY_THREAD = 1;

/** One thread: nobody is switched to, and a long replay makes as many turns as it needs. */
function noScheduler(state: SharedState): SchedulerImports {
  return { pause: () => state.set(WORD_TURNS, TURNS), park: () => {}, wake: () => 0 };
}

/**
 * Runs a replay cell once more with counting modules. Same events, same seed, so the counts belong to
 * the record of that cell; registration and the trace's setup events are not counted.
 *
 * @returns null when the strategy refuses registration
 */
export function countReplayLines(
  inputs: CellInputs,
  explored: ExploredStrategy,
): ReplayLines | null {
  const { plan, state: planned } = setUpCell(inputs);
  const shadow = Math.ceil(plan.end / LINE_BYTES) * LINE_BYTES;
  const end = shadow + (plan.end / LINE_BYTES + 1) * 4;
  const state = new SharedState(createMemory({ ...plan, end }));
  state.words.set(planned.words.subarray(0, plan.end >>> 2));
  state.set(WORD_SHADOW, shadow);
  state.set(WORD_ARENA, plan.arenaBase);
  state.set(WORD_ARENA_END, plan.end);
  const asyncify = sharedStack();
  const scheduler = noScheduler(state);
  const host = instantiateThread(explored, state, SETUP_THREAD, asyncify, scheduler);
  const replay = instantiateThread(explored, state, REPLAY_THREAD, asyncify, scheduler);
  if (host.driver.attach() !== 0) return null;
  for (const [index, { firstPage, pageCount }] of inputs.trace.regions.entries()) {
    if (host.driver.register(index, firstPage, pageCount) !== 0) return null;
  }
  for (let event = 0; event < setupEvents(inputs.trace); event++) {
    host.driver.applyTraceEvent(event);
  }
  replay.driver.openWindow();
  clearLineCounts(state);
  state.set(WORD_MODE, MODE_COUNT);
  replay.driver.replayLoop();
  state.set(WORD_MODE, MODE_OFF);
  return {
    device: readLineCounts(state, ['translate']),
    cpu: readLineCounts(state, ['update', 'invalidate', 'maintain']),
  };
}
