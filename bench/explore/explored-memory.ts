import { createMemory, type MemoryPlan } from '../cell/memory-plan.ts';
import { SharedState } from '../cell/shared-state.ts';
import {
  DIRTY_GRANULE_LOG2,
  TURNS,
  WORD_DIRTY_COUNT,
  WORD_DIRTY_LIST,
  WORD_DIRTY_MAP,
  WORD_SHADOW,
  WORD_SNAPSHOT,
  WORD_TURNS,
} from './scheduler-words.ts';

/** Bytes in which one thread's stack is kept while it does not run. */
const STACK_BYTES = 65536;
const WASM_PAGE_BYTES = 65536;
const LINE_BYTES = 64;

/**
 * A cell's shared memory with the scheduler's own tables behind the model:
 *
 *   | words | model ... plan.end | snapshot of the model | dirty map | dirty list | stacks | shadow |
 *
 * Memories are reserved with large guards, so one is made for each size and used again: only the
 * exploration set up last of each size is alive.
 */
export class ExploredMemory {
  readonly state: SharedState;
  readonly plan: MemoryPlan;
  readonly stacks: readonly { readonly start: number; readonly end: number }[];
  readonly #snapshotBase: number;

  constructor(plan: MemoryPlan, threads: number) {
    this.plan = plan;
    let next = roundUp(plan.end);
    const take = (bytes: number): number => {
      const base = next;
      next = roundUp(next + bytes);
      return base;
    };
    this.#snapshotBase = take(plan.end);
    const granules = (roundUp(plan.end) >>> DIRTY_GRANULE_LOG2) + 1;
    const map = take(granules);
    const list = take(granules * 4);
    const stacks = Array.from({ length: threads }, () => take(STACK_BYTES));
    const shadow = take((plan.end / LINE_BYTES + 1) * 4);
    this.stacks = stacks.map((start) => ({ start, end: start + STACK_BYTES }));
    this.state = memoryOf({ ...plan, end: next });
    this.state.words.fill(0);
    this.state.set(WORD_SNAPSHOT, this.#snapshotBase);
    this.state.set(WORD_DIRTY_MAP, map);
    this.state.set(WORD_DIRTY_LIST, list);
    this.state.set(WORD_SHADOW, shadow);
    this.state.set(WORD_TURNS, TURNS);
  }

  /** What every later restore goes back to. */
  takeSnapshot(): void {
    const { words } = this.state;
    words.copyWithin(this.#snapshotBase >>> 2, 0, this.plan.end >>> 2);
    this.state.set(WORD_DIRTY_COUNT, 0);
  }
}

const memories = new Map<number, SharedState>();

function memoryOf(plan: MemoryPlan): SharedState {
  const known = memories.get(plan.end);
  if (known !== undefined) return known;
  const state = new SharedState(createMemory(plan));
  memories.set(plan.end, state);
  return state;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / WASM_PAGE_BYTES) * WASM_PAGE_BYTES;
}
