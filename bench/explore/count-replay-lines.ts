import { type CellInputs, setUpCell, setupEvents } from '../cell/cell-setup.ts';
import { type CellModules, instantiate } from '../cell/thread-modules.ts';
import { clearLineCounts, type LineCount, readLineCounts } from './line-counts.ts';
import { MODE_COUNT, MODE_OFF, WORD_MODE } from './scheduler-words.ts';

/** Cache lines of a whole replay: what the device walked, and what the driver did. */
export interface ReplayLines {
  readonly device: LineCount;
  readonly cpu: LineCount;
}

const SETUP_THREAD = 0;
const REPLAY_THREAD = 1;

/**
 * Runs a replay cell once more with counting modules. Same events, same seed, so the counts belong to
 * the record of that cell; registration and the trace's setup events are not counted.
 *
 * @returns null when the strategy refuses registration
 */
export function countReplayLines(inputs: CellInputs, modules: CellModules): ReplayLines | null {
  const { state } = setUpCell({ ...inputs, counting: true });
  const host = instantiate(modules, state.memory, SETUP_THREAD);
  const replay = instantiate(modules, state.memory, REPLAY_THREAD);
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
