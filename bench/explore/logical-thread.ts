import { THREAD_CLOCK } from '../../core/abi/layout.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { SharedState } from '../cell/shared-state.ts';
import type { CoreExports, DriverExports } from '../cell/thread-modules.ts';
import type { ExploredStrategy } from './explored-strategy.ts';

/** What instances call in the scheduler. */
export interface SchedulerImports {
  /** The thread is about to pass a point at which the scheduler wants to be asked. */
  pause(address: number, packed: number, spins: number): void;
  /** The thread sleeps on a futex word. */
  park(address: number, packed: number): void;
  /** Wakes threads that sleep on the word; returns how many. */
  wake(address: number, count: number): number;
}

/** Unwinding of the one stack that all instances share. */
export interface Unwinder {
  asyncify_start_unwind(stack: number): void;
  asyncify_stop_unwind(): void;
  asyncify_start_rewind(stack: number): void;
  asyncify_stop_rewind(): void;
}

export interface ThreadInstance {
  readonly core: CoreExports & { deviceFence(): number };
  readonly driver: DriverExports &
    Unwinder & { reapDeferred(region: number): void; 'x.restore'(): void };
}

/** The clock of a schedule: every reading is a microsecond later than the one before. */
const TICK_NS = 1000;

/** The two globals all instances of one memory share: the state of unwinding and its stack. */
export function sharedStack(): Record<string, WebAssembly.Global> {
  const word = () => new WebAssembly.Global({ value: 'i32', mutable: true }, 0);
  return { __asyncify_state: word(), __asyncify_data: word() };
}

/**
 * Instantiates core, strategy and driver for one logical thread.
 * @param asyncify what sharedStack() made for this memory
 * @throws UsageError when a function's type is not the ABI's
 */
export function instantiateThread(
  explored: ExploredStrategy,
  state: SharedState,
  thread: number,
  asyncify: Record<string, WebAssembly.Global>,
  explore: SchedulerImports,
): ThreadInstance {
  const clock = (state.threadAddress(thread) + THREAD_CLOCK) >>> 2;
  const tick = (): void => {
    const now = state.words[clock + 1]! + TICK_NS;
    state.words[clock + 1] = now % 1e9;
    if (now >= 1e9) state.words[clock]! += 1;
  };
  const env = { memory: state.memory, tick, ...asyncify };
  const own = { ...explore } as unknown as Record<string, unknown>;
  const instance = (module: WebAssembly.Module, imports: Record<string, Record<string, unknown>>) =>
    new WebAssembly.Instance(module, { env, explore: own, ...imports }).exports;
  try {
    const core = instance(explored.core.module, {});
    const strategy = instance(explored.strategy.module, { core });
    const driver = instance(explored.driver.module, { core, strategy });
    const exports = { core, driver } as unknown as ThreadInstance;
    exports.core.setThread(thread);
    exports.driver.setThread(thread);
    return exports;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${explored.entry.id}: the module does not fit the ABI: ${why}`);
  }
}
