import * as layout from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import {
  TRACE_ARG,
  TRACE_FIRST_PAGE,
  TRACE_OP,
  TRACE_PAGE_COUNT,
  TRACE_REASON,
} from '../../core/abi/trace-event.ts';
import type { StrategyEntry } from '../../strategies/manifest.ts';
import { createMemory, type MemoryPlan, planMemory } from '../cell/memory-plan.ts';
import { SharedState } from '../cell/shared-state.ts';
import { type CellModules, instantiate, type ThreadExports } from '../cell/thread-modules.ts';
import type { RegionSpan } from '../workloads/page-trace.ts';
import { CallWatch } from './call-watch.ts';

/** One strategy with its compiled modules. */
export interface StrategyUnderTest {
  readonly entry: StrategyEntry;
  readonly modules: CellModules;
  /** Path of an out-of-tree module. */
  readonly file?: string | undefined;
  /** Parameters by name; absent ones have their default. */
  readonly params: Readonly<Record<string, number>>;
}

export interface HostGeometry {
  /** Pages of the dense space, multiple of 512. */
  readonly pageCount: number;
  readonly regions: readonly RegionSpan[];
  /** Pages of the table arena. */
  readonly arenaPages: number;
  /** Share of 4 KiB faults whose frame follows the one before, 0..1. */
  readonly contiguity: number;
  /** Entries of the device's translation cache, power of two or 0. */
  readonly cacheEntries: number;
  /** Pages one device fault brings in at most, power of two up to 512. */
  readonly faultWindow: number;
  readonly seed: number;
}

export interface CachedLeaf {
  readonly page: number;
  readonly order: number;
  readonly entry: bigint;
}

/** Which allocations fail (Documentation/fault-injection). */
export interface FailureRule {
  /** The nth allocation from now fails, once; absent: each one. */
  readonly nth?: number;
  /** With nth: so many in a row fail. */
  readonly burst?: number;
  /** Bit mask of sites; 0 = all. */
  readonly sites?: number;
}

type StrategyInvalidate = (
  region: number,
  first: number,
  count: number,
  event: number,
  blockable: number,
) => number;

const OS_THREAD = 0;
const DEVICE_THREAD = 1;
const THREADS = 2;
/** A lock nobody releases ends as a trap after this, not as a hang. */
const WAIT_LIMIT_MS = 200;
/** One thread alone cannot wait for another: a fault that does not converge ends early. */
const RETRY_LIMIT = 64;
const LOCKS = { region: terms.LOCK_REGION, block: terms.LOCK_BLOCK, own: terms.LOCK_OWN };
const KINDS = {
  table: terms.MEMORY_TABLE,
  staging: terms.MEMORY_STAGING,
  reserve: terms.MEMORY_RESERVE,
};
const ACTIVE_WINDOWS = layout.STATE_NOTIFIER + 72;

/** Shared memories are reserved with large guards, so each size is made once and used again. */
const memories = new Map<number, SharedState>();

/**
 * One strategy in one thread, without a clock: an instance that acts as the OS and one that acts as the
 * device, on shared memory of their own. At most one host of each geometry is alive at a time.
 */
export class StrategyHost {
  readonly entry: StrategyEntry;
  readonly state: SharedState;
  readonly plan: MemoryPlan;
  readonly geometry: HostGeometry;
  readonly watch: CallWatch;
  readonly #os: ThreadExports;
  readonly #device: ThreadExports;
  #translate: (region: number, page: number) => bigint = () => 0n;
  #invalidate: StrategyInvalidate = () => 0;

  constructor({ entry, modules, params }: StrategyUnderTest, geometry: HostGeometry) {
    this.entry = entry;
    this.geometry = geometry;
    this.plan = planMemory({
      pageCount: geometry.pageCount,
      regionCount: geometry.regions.length,
      arenaBytes: geometry.arenaPages * layout.PAGE_BYTES,
      eventCount: 1,
      drawCount: 0,
      seriesCapacity: 0,
      moduleData: entry.language === 'c',
    });
    this.state = memories.get(this.plan.end) ?? new SharedState(createMemory(this.plan));
    memories.set(this.plan.end, this.state);
    this.#clear();
    this.#writePlan(params);
    this.#writeThreads();
    this.watch = new CallWatch(entry, {
      translations: (region, first, count) => this.translations(region, first, count),
      stagingPages: () => this.#os.core.pagesOfKind(terms.MEMORY_STAGING),
      deviceIsDead: () => this.deviceIsDead,
      driverLockIsHeld: (region, page) => {
        const first = this.state.get(region + layout.REGION_FIRST_PAGE);
        return this.state.get(this.#driverLock(region, first + page)) !== 0;
      },
    });
    this.#os = instantiate(modules, this.state.memory, OS_THREAD, {
      services: (core) => this.watch.services(core),
      functions: (strategy) => {
        const watched = this.watch.functions(strategy);
        this.#invalidate = watched.invalidate as StrategyInvalidate;
        return watched;
      },
    });
    this.#device = instantiate(modules, this.state.memory, DEVICE_THREAD, {
      services: (core) => this.watch.services(core),
      functions: (strategy) => {
        this.#translate = strategy.translate as (region: number, page: number) => bigint;
        return this.watch.functions(strategy);
      },
    });
  }

  /**
   * Zeroes what an earlier host may have used, but for the arena (pageAlloc zeroes what it hands out, so
   * reading what was not handed out shows) and the histograms.
   */
  #clear(): void {
    const { words } = this.state;
    words.fill(0, layout.CONTROL_BASE >>> 2, layout.THREAD_BASE >>> 2);
    for (let thread = 0; thread < THREADS; thread++) {
      const base = this.state.threadAddress(thread);
      words.fill(0, base >>> 2, (base + layout.THREAD_HISTOGRAMS) >>> 2);
    }
    words.fill(0, this.plan.regionBase >>> 2, this.plan.arenaBase >>> 2);
  }

  #writePlan(params: Readonly<Record<string, number>>): void {
    const { geometry, plan, state, entry } = this;
    const translates = entry.guarantees.translates;
    const words: [number, number][] = [
      [layout.PLAN_THREAD_COUNT, THREADS],
      [layout.PLAN_DEVICE_FAULTS, 1],
      [layout.PLAN_THREAD_BASE, layout.THREAD_BASE],
      [layout.PLAN_REGION_BASE, plan.regionBase],
      [layout.PLAN_REGION_CAPACITY, geometry.regions.length],
      [layout.PLAN_PAGE_COUNT, geometry.pageCount],
      [layout.PLAN_PAGE_BASE, plan.pageBase],
      [layout.PLAN_BLOCK_BASE, plan.blockBase],
      [layout.PLAN_INSTALLED_BASE, plan.installedBase],
      [layout.PLAN_ARENA_BASE, plan.arenaBase],
      [layout.PLAN_ARENA_PAGES, plan.arenaPages],
      [layout.PLAN_DESCRIPTOR_BASE, plan.descriptorBase],
      [layout.PLAN_TRACE_BASE, plan.traceBase],
      [layout.PLAN_TRACE_COUNT, 1],
      [layout.PLAN_CONTIGUITY, Math.round(geometry.contiguity * 65536)],
      [layout.PLAN_ORACLE, translates ? 1 : 0],
      [layout.PLAN_FLOOR, translates ? 0 : 1],
      [layout.PLAN_MODELLED, 1],
      [layout.PLAN_FAULT_WINDOW, geometry.faultWindow],
      [layout.PLAN_CACHE_ENTRIES, geometry.cacheEntries],
      [layout.PLAN_LOCK, LOCKS[entry.lock]],
      [layout.PLAN_NOTIFY_AFTER, entry.notifiesAfterChange ? 1 : 0],
      [layout.PLAN_NOTIFY_AFTER, entry.notifiesAfterChange === true ? 1 : 0],
      [layout.PLAN_RETRY_LIMIT, RETRY_LIMIT],
      [layout.PLAN_WAIT_LIMIT_MS, WAIT_LIMIT_MS],
      [layout.PLAN_COST_COMMAND, 1],
      [layout.PLAN_BUDGET_PAGES, plan.arenaPages],
      [layout.PLAN_MAX_ORDER, 10],
    ];
    for (const [address, value] of words) state.set(address, value);
    entry.params.forEach((param, i) => {
      state.set(layout.PLAN_PARAMS + i * 4, params[param.name] ?? param.default);
    });
    entry.sites.forEach((site, i) => {
      state.view.setUint8(layout.PLAN_SITE_KINDS + i, KINDS[site.kind]);
    });
  }

  #writeThreads(): void {
    for (const [thread, role] of [
      [OS_THREAD, terms.ROLE_SETUP],
      [DEVICE_THREAD, terms.ROLE_DEVICE],
    ] as const) {
      const base = this.state.threadAddress(thread);
      this.state.set(base + layout.THREAD_INDEX, thread);
      this.state.set(base + layout.THREAD_ROLE, role);
      const seed = (BigInt(this.geometry.seed) + 1n) * 0x9e3779b97f4a7c15n + BigInt(thread);
      this.state.view.setBigUint64(
        base + layout.THREAD_RANDOM,
        BigInt.asUintN(64, seed) | 1n,
        true,
      );
    }
  }

  /** OK or the strategy's refusal. */
  attach(): number {
    this.#os.driver.openWindow();
    return this.#os.driver.attach();
  }

  register(index: number): number {
    const { firstPage, pageCount } = this.geometry.regions[index]!;
    this.watch.setRemoved(this.regionAddress(index), false);
    return this.#os.driver.register(index, firstPage, pageCount);
  }

  unregister(index: number): void {
    this.#os.driver.unregister(index);
    this.watch.setRemoved(this.regionAddress(index), true);
  }

  detach(): void {
    this.#os.driver.detach();
  }

  maintain(): void {
    this.#os.driver.maintainAll();
  }

  /** One event of the OS (core/abi/trace-event.ts). */
  event(op: number, firstPage: number, pageCount: number, arg = 0, reason = 0): void {
    const { view } = this.state;
    const at = this.plan.traceBase;
    view.setUint32(at + TRACE_OP, op, true);
    view.setUint32(at + TRACE_FIRST_PAGE, firstPage, true);
    view.setUint32(at + TRACE_PAGE_COUNT, pageCount, true);
    view.setUint32(at + TRACE_ARG, arg, true);
    view.setUint32(at + TRACE_REASON, reason, true);
    this.#os.driver.applyTraceEvent(0);
  }

  /**
   * invalidate of the strategy alone: the OS splits nothing before it, and keeps its table. A collapse
   * between the split and the notifier has this effect. `first` counts from the region's first page.
   */
  invalidate(index: number, first: number, count: number, event: number): number {
    const locks = this.entry.lock !== 'own';
    if (locks) this.holdDriverLock(index, first, true);
    const result = this.#invalidate(this.regionAddress(index), first, count, event, 1);
    if (locks) this.holdDriverLock(index, first, false);
    return result;
  }

  /** One access of the device: translate, fault if need be, judged by the oracle. */
  access(page: number, write: boolean): number {
    return this.#device.driver.access(page, write ? 1 : 0);
  }

  regionAddress(index: number): number {
    return this.plan.regionBase + index * layout.REGION_BYTES;
  }

  /** What the hardware walker would read, no fault, no cache; `page` counts from the region's first. */
  translations(region: number, first: number, count: number): bigint[] {
    const entries: bigint[] = [];
    for (let i = 0; i < count; i++) entries.push(this.translation(region, first + i));
    return entries;
  }

  /** As translations, of one page. The bits are those of the entry; the sign is not. */
  translation(region: number, page: number): bigint {
    return this.#translate(region, page);
  }

  /** The CPU's word of a page. */
  cpuWord(page: number): bigint {
    const at = this.plan.pageBase + page * layout.PAGE_RECORD_BYTES + layout.PAGE_WORD;
    return this.state.view.getBigUint64(at, true);
  }

  /** Leaves in the device's translation cache: first page, order, and the first page's entry. */
  cached(wanted: (page: number, order: number) => boolean): CachedLeaf[] {
    const found: CachedLeaf[] = [];
    const base = this.state.threadAddress(DEVICE_THREAD) + layout.THREAD_CACHE;
    for (let i = 0; i < this.geometry.cacheEntries; i++) {
      const at = base + i * layout.CACHE_ENTRY_BYTES;
      const low = this.state.get(at);
      if ((low & 1) === 0) continue;
      const page = (low >>> 8) + this.state.get(at + 4) * 2 ** 24;
      const order = (low >>> 1) & 31;
      if (!wanted(page, order)) continue;
      found.push({ page, order, entry: this.state.view.getBigUint64(at + 8, true) });
    }
    return found;
  }

  /** Pages in use, by MEMORY_* kind. */
  pagesOfKind(kind: number): number {
    return this.#os.core.pagesOfKind(kind);
  }

  pagesOfKindPeak(kind: number): number {
    return this.#os.core.pagesOfKindPeak(kind);
  }

  get heldPages(): number {
    return [0, 1, 2].reduce((sum, kind) => sum + this.pagesOfKind(kind), 0);
  }

  /** Held pages without the reserve, whose filling may go up and down within its bound. */
  get committedPages(): number {
    return this.heldPages - this.pagesOfKind(terms.MEMORY_RESERVE);
  }

  allocatorFaults(): number {
    return this.#os.core.allocatorCheck();
  }

  /** From now on allocations fail by the rule; null: none does. */
  failAllocations(rule: FailureRule | null): void {
    const { nth = 0, burst = 1, sites = 0 } = rule ?? {};
    // A rule that fires hides the call from those after it, so equal rules fail calls in a row.
    const rules = rule === null ? 0 : burst;
    for (let i = 0; i < layout.INJECT_RULE_CAPACITY; i++) {
      const at = layout.PLAN_INJECT_RULES + i * layout.INJECT_RULE_BYTES;
      this.state.words.fill(0, at >>> 2, (at + layout.INJECT_RULE_BYTES) >>> 2);
      if (i >= rules) continue;
      this.state.set(at + layout.INJECT_SITES, sites);
      this.state.set(at + layout.INJECT_NTH, nth);
      this.state.set(at + layout.INJECT_PROBABILITY, 100);
      this.state.set(at + layout.INJECT_INTERVAL, 1);
      this.state.set(at + layout.INJECT_TIMES, -1);
    }
    this.state.set(layout.PLAN_INJECT_COUNT, rules);
  }

  /** Failures the rules have injected since they were set. */
  get injectedFailures(): number {
    let fired = 0;
    for (let i = 0; i < layout.INJECT_RULE_CAPACITY; i++) {
      const at = layout.PLAN_INJECT_RULES + i * layout.INJECT_RULE_BYTES;
      fired += this.state.get(at + layout.INJECT_FIRED);
    }
    return fired;
  }

  /** The nth command from the start fails once, or kills the device; 0 = none. */
  failCommand(nth: number, kills: boolean): void {
    this.state.set(kills ? layout.PLAN_DEVICE_DEAD_NTH : layout.PLAN_DEVICE_ERROR_NTH, nth);
  }

  get commandsPosted(): number {
    return this.state.get(layout.STATE_DEVICE_COMMANDS);
  }

  get deviceIsDead(): boolean {
    return this.state.get(layout.STATE_DEVICE_DEAD) !== 0;
  }

  /** Did a thread give up waiting for a lock or a window? */
  get stalled(): boolean {
    return this.state.get(layout.STATE_STALL) !== 0;
  }

  /** Notifier windows that are open now. */
  get activeWindows(): number {
    return this.state.get(ACTIVE_WINDOWS);
  }

  /** Holds or releases the driver lock the core takes around calls for this page. */
  holdDriverLock(index: number, page: number, held: boolean): void {
    this.state.set(this.#driverLock(this.regionAddress(index), page), held ? 1 : 0);
  }

  #driverLock(region: number, page: number): number {
    if (this.entry.lock !== 'block') return region + layout.REGION_LOCK;
    const block = Math.floor(page / layout.BLOCK_PAGES);
    return this.plan.blockBase + block * layout.BLOCK_BYTES + layout.BLOCK_DRIVER_LOCK;
  }
}
