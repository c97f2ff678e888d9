import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import * as layout from '../../core/abi/layout.ts';
import { ENOMEM, MEMORY_KINDS, TEARDOWN_STRONG } from '../../core/abi/terms.ts';
import {
  type CellInputs,
  type CellSetup,
  fillCell,
  reserveCell,
  setupEvents,
} from './cell-setup.ts';
import type { CellWorkerData } from './cell-worker.ts';
import type { RoleOrder, RoleResult } from './role-task.ts';
import { type CellModules, instantiate, type ThreadExports } from './thread-modules.ts';

/** What happened in a cell, before it is judged and written as a record. */
export interface CellOutcome extends CellSetup {
  /** Set when the strategy refused registration; nothing ran then. */
  readonly refusal: string | null;
  readonly roles: readonly RoleResult[];
  /** Table arena pages still held after everything was unregistered. */
  readonly leakedPages: number;
  /** Contradictions in the page allocator after the run. */
  readonly allocatorFaults: number;
  readonly modelledNs: number;
  /** Peak pages by MEMORY_* kind. */
  readonly peakPages: readonly number[];
}

const workerFile = fileURLToPath(new URL('./cell-worker.js', import.meta.url));

/**
 * Runs one cell in this process: setup, the roles in a pool of their own, teardown.
 * @param compile the cell's modules, compiled
 */
export async function runCell(
  inputs: CellInputs,
  compile: () => CellModules,
): Promise<CellOutcome> {
  const reserved = reserveCell(inputs);
  const parties = reserved.tasks.length;
  const data: CellWorkerData = { memory: reserved.state.memory, parties };
  // Its threads start while this one compiles and fills the memory.
  const pool = new Piscina({
    filename: workerFile,
    workerData: data,
    minThreads: parties,
    maxThreads: parties,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    recordTiming: false,
    // 'sync' would park the worker's event loop, and no GC entry would ever arrive.
    atomics: 'disabled',
  });
  try {
    const modules = compile();
    const setup = fillCell(reserved, inputs);
    const host = instantiate(modules, setup.state.memory, 0);
    const refusal = register(host, inputs);
    if (refusal !== null) return finish(setup, host, inputs, [], refusal);
    for (let event = 0; event < setupEvents(inputs.trace); event++) {
      host.driver.applyTraceEvent(event);
    }
    const roles = await Promise.all(
      setup.tasks.map((task) => {
        const order: RoleOrder = { task, modules };
        return pool.run(order) as Promise<RoleResult>;
      }),
    );
    return finish(setup, host, inputs, roles, null);
  } finally {
    // Nobody waits for the threads' end: a cell's process ends next, and its threads with it.
    void pool.destroy();
  }
}

/** Attaches the strategy and registers the regions; the reason when it refuses. */
function register(host: ThreadExports, { trace, entry }: CellInputs): string | null {
  const attached = host.driver.attach();
  if (attached !== 0) return `${entry.id} refused to start: ${errnoText(attached)}`;
  for (const [index, { firstPage, pageCount }] of trace.regions.entries()) {
    const result = host.driver.register(index, firstPage, pageCount);
    if (result === 0) continue;
    const mib = (pageCount * layout.PAGE_BYTES) / 2 ** 20;
    return (
      `registration of region ${index} (${mib} MiB) was refused: ` +
      (result === ENOMEM
        ? 'the table budget cannot hold what the strategy allocates for it'
        : errnoText(result))
    );
  }
  return null;
}

function errnoText(code: number): string {
  return code === ENOMEM ? 'out of table memory (ENOMEM)' : `error ${code}`;
}

function finish(
  setup: CellSetup,
  host: ThreadExports,
  { trace }: CellInputs,
  roles: readonly RoleResult[],
  refusal: string | null,
): CellOutcome {
  const peakPages = Array.from({ length: MEMORY_KINDS }, (_, kind) =>
    host.core.pagesOfKindPeak(kind),
  );
  const { state } = setup;
  const clean = roles.every((role) => role.ok);
  let leakedPages = 0;
  let allocatorFaults = 0;
  // After a trap locks and lists are undefined: tearing down could hang, and would prove nothing.
  if (clean) {
    // Whatever the cell's own teardown policy: what is measured is over, nothing may stay behind.
    state.set(layout.PLAN_TEARDOWN, TEARDOWN_STRONG);
    trace.regions.forEach((_, index) => {
      host.driver.unregister(index);
    });
    host.driver.detach();
    for (let kind = 0; kind < MEMORY_KINDS; kind++) leakedPages += host.core.pagesOfKind(kind);
    allocatorFaults = host.core.allocatorCheck();
  }
  return {
    ...setup,
    refusal,
    roles,
    leakedPages,
    allocatorFaults,
    modelledNs: state.getLong(state.threadAddress(1) + layout.THREAD_MODELLED_NS),
    peakPages,
  };
}
