import { join } from 'node:path';
import { ABI_VERSION, THREAD_BASE, THREAD_BYTES, THREAD_CLOCK } from '../../core/abi/layout.ts';
import { UsageError } from '../../results/usage-error.ts';
import { packageRoot } from '../package-root.ts';
import { checkStrategy, readModule } from './strategy-binary.ts';

/** Compiled modules of a cell; they travel to the workers without being compiled again. */
export interface CellModules {
  readonly core: WebAssembly.Module;
  readonly strategy: WebAssembly.Module;
  readonly driver: WebAssembly.Module;
  /** What they import beside the ABI, asked for each thread: modules that count call a scheduler. */
  readonly imports?: (memory: WebAssembly.Memory) => Record<string, Record<string, unknown>>;
}

/** What the host calls in core.wasm; numbers only, so that no BigInt is made. */
export interface CoreExports {
  setThread(thread: number): void;
  allocatorCheck(): number;
  pagesOfKind(kind: number): number;
  pagesOfKindPeak(kind: number): number;
}

/** What the host calls in driver.wasm (core/driver.ts). */
export interface DriverExports {
  setThread(thread: number): void;
  attach(): number;
  register(index: number, firstPage: number, pageCount: number): number;
  unregister(index: number): void;
  detach(): void;
  warmClock(readings: number): void;
  barrierWait(parties: number): void;
  openWindow(): void;
  handoverLead(): number;
  handoverFollow(): void;
  deviceLoop(): void;
  stormLoop(index: number): void;
  maintenanceLoop(): void;
  maintainAll(): void;
  registrationLoop(): void;
  restoreRegions(): number;
  replayLoop(): void;
  applyTraceEvent(index: number): void;
  access(page: number, write: number): number;
}

export interface ThreadExports {
  readonly core: CoreExports;
  readonly driver: DriverExports;
}

/** Stands between the modules: sees what the strategy imports and what the driver calls in it. */
export interface Interposer {
  /** The services the strategy is given, made from core's own. */
  services(core: Record<string, unknown>): Record<string, unknown>;
  /** The functions the driver is given, made from the strategy's own. */
  functions(strategy: Record<string, unknown>): Record<string, unknown>;
}

/**
 * Compiles core, driver and the strategy: one of the tree by id, or a module file.
 * @throws UsageError when the strategy does not keep to the ABI
 */
export function loadModules(strategy: { id: string } | { file: string }): CellModules {
  const folder = join(packageRoot, 'dist', 'wasm');
  const file =
    'file' in strategy ? strategy.file : join(folder, 'strategies', `${strategy.id}.wasm`);
  const core = readModule(join(folder, 'core.wasm')).module;
  const own = readModule(file);
  checkStrategy(
    own,
    WebAssembly.Module.exports(core).map((item) => item.name),
  );
  const driver = readModule(join(folder, 'driver.wasm')).module;
  return { core, driver, strategy: own.module };
}

/**
 * Instantiates the three modules for one thread: core first, then the strategy that calls it, then the
 * driver that calls the strategy.
 * @throws UsageError when a function's type is not the ABI's
 */
export function instantiate(
  modules: CellModules,
  memory: WebAssembly.Memory,
  thread: number,
  interposer?: Interposer,
): ThreadExports {
  const { env: moreEnv, ...more } = modules.imports?.(memory) ?? {};
  const env = { memory, tick: clockFor(memory, thread), ...moreEnv };
  const core = new WebAssembly.Instance(modules.core, { env, ...more }).exports;
  (core as unknown as CoreExports).setThread(thread);
  try {
    const services = interposer?.services(core) ?? core;
    const own = new WebAssembly.Instance(modules.strategy, { env, core: services, ...more })
      .exports;
    const strategy = interposer?.functions(own) ?? own;
    const driver = new WebAssembly.Instance(modules.driver, { env, core, strategy, ...more })
      .exports;
    (driver as unknown as DriverExports).setThread(thread);
    return { core: core as unknown as CoreExports, driver: driver as unknown as DriverExports };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`the strategy module does not fit ABI ${ABI_VERSION}: ${why}`);
  }
}

/**
 * The clock import: writes seconds and nanoseconds into the thread's block. process.hrtime's result
 * array does not survive inlining, so a reading leaves no garbage; hrtime.bigint and performance.now
 * would leave a heap number each.
 */
function clockFor(memory: WebAssembly.Memory, thread: number): () => void {
  const words = new Int32Array(memory.buffer);
  const at = (THREAD_BASE + thread * THREAD_BYTES + THREAD_CLOCK) >>> 2;
  const hrtime = process.hrtime;
  return () => {
    const time = hrtime();
    words[at] = time[0];
    words[at + 1] = time[1];
  };
}
