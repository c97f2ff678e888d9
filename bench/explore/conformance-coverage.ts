import { SharedState } from '../cell/shared-state.ts';
import { type CellModules, loadModules } from '../cell/thread-modules.ts';
import { sweepAllocations, sweepCommands } from '../conformance/failure-sweep.ts';
import { runCases } from '../conformance/run-cases.ts';
import { EndlessLoop } from './endless-loop.ts';
import type { ExploredStrategy } from './explored-strategy.ts';
import { sharedStack } from './logical-thread.ts';
import {
  MODE_COUNT,
  MODE_OFF,
  SITE_CAPACITY,
  TURNS_USED_UP,
  WORD_COVERAGE,
  WORD_MODE,
  WORD_TURNS,
} from './scheduler-words.ts';

/**
 * Turns of the module's loops in one memory, over all cases: the longest coverage of the tree needs 40
 * million. Once they are used up every loop traps, so a module that loops forever ends within seconds.
 */
const COVERAGE_TURNS = 200_000_000;

/**
 * Ids of the strategy's accesses that the conformance suite makes: its cases and failure sweeps (size
 * small), not its race of real threads. What fails there is for `verify` to say.
 *
 * The cases run in the very module that is explored, so its sites have the same ids there; core and
 * driver are the plain ones. Without an instrumented driver no operation is ever under way, so counting
 * comes down to the mark of each site. One thread runs: nothing is ever unwound.
 */
export function conformanceCoverage(explored: ExploredStrategy, seed: number): Set<number> {
  const { entry, file, params, strategy } = explored;
  const memories = new MarkedMemories();
  const modules: CellModules = {
    ...loadModules(file === undefined ? { id: entry.id } : { file }),
    strategy: strategy.module,
    imports: (memory) => memories.importsFor(memory),
  };
  const underTest = { entry, modules, file, params };
  const selection = { size: 'small', seed } as const;
  try {
    runCases(underTest, selection);
    sweepAllocations(underTest, selection);
    sweepCommands(underTest, selection);
  } finally {
    memories.close();
  }
  return new Set(strategy.sites.map(({ id }) => id).filter((id) => memories.marks(id)));
}

/** The memories of the cases' hosts, each of which is used again and again. */
class MarkedMemories {
  readonly #states = new Map<WebAssembly.Memory, SharedState>();

  importsFor(memory: WebAssembly.Memory): Record<string, Record<string, unknown>> {
    if (!this.#states.has(memory)) this.#open(memory);
    return {
      env: sharedStack(),
      explore: {
        pause: (_address: number, _packed: number, spins: number) => {
          if (spins === TURNS_USED_UP) throw new EndlessLoop();
        },
        park: () => {},
        wake: () => 0,
      },
    };
  }

  #open(memory: WebAssembly.Memory): void {
    const state = new SharedState(memory);
    new Uint8Array(memory.buffer, WORD_COVERAGE, SITE_CAPACITY).fill(0);
    state.set(WORD_MODE, MODE_COUNT);
    state.set(WORD_TURNS, COVERAGE_TURNS);
    this.#states.set(memory, state);
  }

  marks(site: number): boolean {
    return [...this.#states.values()].some(({ view }) => view.getUint8(WORD_COVERAGE + site) !== 0);
  }

  close(): void {
    for (const state of this.#states.values()) state.set(WORD_MODE, MODE_OFF);
  }
}
