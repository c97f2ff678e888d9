import * as layout from '../../core/abi/layout.ts';
import { ROLE_DEVICE } from '../../core/abi/terms.ts';
import { EVENT_CLEAR, EVENT_UNMAP } from '../../core/abi/trace-event.ts';
import { SeededRandom } from '../../results/statistics/seeded-random.ts';
import { type CellInputs, type DeviceCosts, setUpCell } from '../cell/cell-setup.ts';
import type { SharedState } from '../cell/shared-state.ts';
import {
  type CellModules,
  type DriverExports,
  instantiate,
  type ThreadExports,
} from '../cell/thread-modules.ts';
import type { RegionSpan } from '../workloads/page-trace.ts';
import { MICRO_DRAWS, MICRO_PAGES } from './micro-operations.ts';
import { MICRO_WORDS, type MicroStep, type MicroWords } from './micro-step.ts';

/** The loops of core/driver/micro-*.ts. */
export interface MicroExports extends DriverExports {
  microTranslate(region: number, repeats: number): number;
  microWalk(repeats: number): number;
  microWalkChain(repeats: number): number;
  microAccess(repeats: number): number;
  microWords(order: number, step: number): void;
  microUpdate(
    region: number,
    first: number,
    pages: number,
    stride: number,
    repeats: number,
  ): number;
  microInvalidate(
    region: number,
    first: number,
    pages: number,
    stride: number,
    repeats: number,
    event: number,
  ): number;
  microNotify(first: number, pages: number, stride: number, repeats: number, event: number): number;
  microCalls(start: number, end: number): number;
}

/** What the machine is made for. */
export interface MicroGeometry {
  /** Pages of the dense space, multiple of 512. */
  readonly pageCount: number;
  readonly regions: readonly RegionSpan[];
  /** Accesses of the draw table, a power of two. */
  readonly draws: number;
  /** Recorded calls that lie in shared memory as they are; a multiple of 32 bytes, may be empty. */
  readonly data: Uint8Array;
  /** Of them in use. */
  readonly dataBytes: number;
}

export const MICRO_GEOMETRY: MicroGeometry = {
  pageCount: MICRO_PAGES,
  regions: [{ firstPage: 0, pageCount: MICRO_PAGES }],
  draws: MICRO_DRAWS,
  data: new Uint8Array(0),
  dataBytes: 0,
};

/** Commands, fences and faults take no time: micro mode measures software. */
export const NO_COSTS: DeviceCosts = {
  commandNs: 0,
  granuleNs: 0,
  invalidateNs: 0,
  fenceNs: 0,
  faultNs: 0,
  cacheEntries: 0,
};

const EVENTS = { unmap: EVENT_UNMAP, clear: EVENT_CLEAR } as const;
const DATA_ROW_BYTES = 32;

/** What `MicroMachine.run` saw: present translations of the steps' accesses. */
export interface MicroOutcome {
  readonly ns: number;
  readonly hits: number;
}

/** One strategy in this thread, ready for batches of single operations; no oracle, no device cost. */
export class MicroMachine {
  readonly state: SharedState;
  readonly driver: MicroExports;
  /** Address of the geometry's data. */
  readonly dataBase: number;
  readonly #host: ThreadExports;
  readonly #geometry: MicroGeometry;
  readonly #draws: Uint32Array;
  /** What the thread's snapshot holds now. */
  #words: MicroWords | null = null;
  /** The strategy's hardware walks the CPU's own table (the pages' words), which nobody else fills here. */
  readonly #walksCpuTable: boolean;
  /** The last call left the pages mapped. */
  #mapped = false;

  /** @throws Error when the strategy refuses the registration */
  constructor(
    inputs: Pick<CellInputs, 'cell' | 'entry' | 'counting'>,
    modules: CellModules,
    geometry: MicroGeometry = MICRO_GEOMETRY,
  ) {
    const { cell, entry, counting = false } = inputs;
    const trace = {
      name: 'micro',
      origin: 'synthetic',
      description: 'batches of single operations',
      pageCount: geometry.pageCount,
      regions: geometry.regions,
      events: geometry.data,
      eventCount: geometry.data.length / DATA_ROW_BYTES,
      durationNs: 0,
      contiguity: 0,
      counts: {},
    } as const;
    const draws = new Uint32Array(geometry.draws);
    const setup = setUpCell({ cell, entry, device: NO_COSTS, trace, draws, counting });
    this.state = setup.state;
    this.#geometry = geometry;
    this.dataBase = setup.plan.traceBase;
    const drawAt = setup.plan.drawBase >>> 2;
    this.#draws = this.state.words.subarray(drawAt, drawAt + geometry.draws);
    this.state.set(layout.PLAN_ORACLE, 0);
    // This thread is the only one, and the device as well: its own cache is what gets invalidated.
    this.state.set(layout.PLAN_THREAD_COUNT, 1);
    this.state.set(this.state.threadAddress(0) + layout.THREAD_ROLE, ROLE_DEVICE);
    this.#walksCpuTable = entry.notifiesAfterChange === true;
    this.#host = instantiate(modules, this.state.memory, 0);
    this.driver = this.#host.driver as MicroExports;
    this.#register(entry.id);
  }

  #register(id: string): void {
    const attached = this.driver.attach();
    if (attached !== 0) throw new Error(`${id} refused to start: error ${attached}`);
    for (const [index, { firstPage, pageCount }] of this.#geometry.regions.entries()) {
      const result = this.driver.register(index, firstPage, pageCount);
      if (result !== 0) throw new Error(`${id} refused region ${index}: error ${result}`);
    }
  }

  /** Runs the steps one after another; time covers them all. @throws Error when a call failed */
  run(steps: readonly MicroStep[]): MicroOutcome {
    let hits = 0;
    const startMs = performance.now();
    for (const step of steps) hits += this.#step(step);
    return { ns: (performance.now() - startMs) * 1e6, hits };
  }

  /** Unregisters everything; the machine cannot be used any more. @returns table pages that leaked */
  close(): number {
    this.#geometry.regions.forEach((_, index) => {
      this.driver.unregister(index);
    });
    this.driver.detach();
    return [0, 1, 2].reduce((sum, kind) => sum + this.#host.core.pagesOfKind(kind), 0);
  }

  #step(step: MicroStep): number {
    switch (step.call) {
      case 'draw':
        fillDraws(this.#draws, step.order, step.pages);
        if (this.#walksCpuTable) this.#fillCpuTable(step.pages);
        return 0;
      case 'translate':
        return this.driver.microTranslate(0, step.repeats) >>> 0;
      case 'walk': {
        this.state.set(layout.PLAN_CACHE_ENTRIES, step.cacheEntries);
        const hits = this.driver.microWalk(step.repeats) >>> 0;
        this.state.set(layout.PLAN_CACHE_ENTRIES, 0);
        return hits;
      }
      case 'maintain':
        this.driver.maintainAll();
        return 0;
      case 'clear':
        this.#mapped = false;
        for (const [index, { pageCount }] of this.#geometry.regions.entries()) {
          const failures = this.driver.microInvalidate(index, 0, pageCount, 0, 1, EVENT_UNMAP);
          this.#failed(step, failures);
        }
        return 0;
      case 'calls': {
        const end = this.dataBase + this.#geometry.dataBytes;
        return this.driver.microCalls(this.dataBase, end) >>> 0;
      }
      case 'update': {
        this.#prepareWords(step.words);
        this.#mapped = true;
        const { first, pages, stride, repeats } = step;
        return this.#failed(step, this.driver.microUpdate(0, first, pages, stride, repeats));
      }
      case 'invalidate': {
        const { first, pages, stride, repeats } = step;
        const event = EVENTS[step.event];
        this.#mapped = false;
        const failures = this.driver.microInvalidate(0, first, pages, stride, repeats, event);
        return this.#failed(step, failures);
      }
    }
  }

  #prepareWords(words: MicroWords): void {
    if (words === this.#words) return;
    const { order, step } = MICRO_WORDS[words];
    this.driver.microWords(order, step);
    this.#words = words;
  }

  /** Maps what the updates' words said in the CPU's table, or nothing where they were taken back. */
  #fillCpuTable(pages: number): void {
    const words = this.state.threadAddress(0) + layout.THREAD_WORDS;
    const records = this.state.get(layout.PLAN_PAGE_BASE);
    for (let page = 0; page < pages; page++) {
      const word = this.#mapped
        ? this.state.view.getBigUint64(words + 8 * (page % layout.BLOCK_PAGES), true)
        : 0n;
      const record = records + page * layout.PAGE_RECORD_BYTES;
      this.state.view.setBigUint64(record + layout.PAGE_WORD, word, true);
    }
  }

  #failed(step: MicroStep, failures: number): number {
    if (failures === 0) return 0;
    throw new Error(`${failures} calls failed in ${JSON.stringify(step)}`);
  }
}

/** Seed of the random draws: fixed, so that the C twins and every fork take the same pages. */
const DRAW_SEED = 20_190_220;

/** Fills the draw table: pages below `pages` in order, or drawn uniformly. */
export function fillDraws(draws: Uint32Array, order: 'sequential' | 'random', pages: number): void {
  const random = new SeededRandom(DRAW_SEED);
  for (let i = 0; i < draws.length; i++) {
    draws[i] = order === 'sequential' ? i % pages : random.below(pages);
  }
}
