import * as layout from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import { TRACE_EVENT_BYTES } from '../../core/abi/trace-event.ts';
import { UsageError } from '../../results/usage-error.ts';
import { planMemory } from '../cell/memory-plan.ts';
import type { SharedState } from '../cell/shared-state.ts';
import { ExploredMemory } from './explored-memory.ts';
import type { ExploredStrategy } from './explored-strategy.ts';
import {
  instantiateThread,
  type SchedulerImports,
  sharedStack,
  type ThreadInstance,
} from './logical-thread.ts';
import type { Scenario, Step } from './scenario.ts';
import { WORD_ARENA, WORD_ARENA_END } from './scheduler-words.ts';

const LOCKS = { region: terms.LOCK_REGION, block: terms.LOCK_BLOCK, own: terms.LOCK_OWN };
const KINDS = {
  table: terms.MEMORY_TABLE,
  staging: terms.MEMORY_STAGING,
  reserve: terms.MEMORY_RESERVE,
};
const ROLES = {
  device: terms.ROLE_DEVICE,
  os: terms.ROLE_STORM,
  maintenance: terms.ROLE_MAINTENANCE,
};
/** Smallest first: a small arena keeps the allocator's check short. */
const ARENA_PAGES = [64, 512, 4096] as const;
const CACHE_ENTRIES = 8;
const RETRY_LIMIT = 1000;
/** Model time only grows with clock readings: a wait never runs out in a schedule. */
const WAIT_LIMIT_MS = 0x7fffffff;

export interface WorldThread {
  readonly index: number;
  readonly name: string;
  readonly instance: ThreadInstance;
  readonly steps: readonly (() => void)[];
}

/** A strategy set up in a scenario: its threads, and memory that can be put back to the start. */
export class ExploredWorld {
  readonly explored: ExploredStrategy;
  readonly scenario: Scenario;
  readonly memory: ExploredMemory;
  readonly state: SharedState;
  readonly threads: readonly WorldThread[];
  #nextEvent = 0;

  /** @throws UsageError when the strategy refuses to register */
  static open(
    explored: ExploredStrategy,
    scenario: Scenario,
    imports: SchedulerImports,
  ): ExploredWorld {
    let refusal = 0;
    for (const arenaPages of ARENA_PAGES) {
      const world = new ExploredWorld(explored, scenario, imports, arenaPages);
      refusal = world.#setUp();
      if (refusal === terms.OK) return world;
    }
    throw new UsageError(
      `${explored.entry.id}: registration in scenario ${scenario.name} was refused (${refusal})`,
    );
  }

  private constructor(
    explored: ExploredStrategy,
    scenario: Scenario,
    imports: SchedulerImports,
    arenaPages: number,
  ) {
    this.explored = explored;
    this.scenario = scenario;
    const steps = scenario.threads.flatMap((thread) => [...thread.before, ...thread.steps]);
    const plan = planMemory({
      pageCount: scenario.pageCount,
      regionCount: scenario.regions.length,
      arenaBytes: arenaPages * layout.PAGE_BYTES,
      eventCount: steps.length,
      drawCount: 0,
      seriesCapacity: 0,
      moduleData: explored.entry.language === 'c',
    });
    this.memory = new ExploredMemory(plan, scenario.threads.length);
    this.state = this.memory.state;
    this.#writePlan(steps.length);
    this.#writeThreads();
    const asyncify = sharedStack();
    this.threads = scenario.threads.map((thread, index) => {
      const instance = instantiateThread(explored, this.state, index, asyncify, imports);
      const calls = thread.steps.map((step) => this.#call(step, instance));
      return { index, name: thread.name, instance, steps: calls };
    });
  }

  #writePlan(eventCount: number): void {
    const { scenario, explored, state } = this;
    const { plan } = this.memory;
    const { guarantees } = explored.entry;
    const words: [number, number][] = [
      [layout.PLAN_THREAD_COUNT, scenario.threads.length],
      [layout.PLAN_THREAD_BASE, layout.THREAD_BASE],
      [layout.PLAN_REGION_BASE, plan.regionBase],
      [layout.PLAN_REGION_CAPACITY, scenario.regions.length],
      [layout.PLAN_REGION_SCRATCH, plan.regionBase + scenario.regions.length * layout.REGION_BYTES],
      [layout.PLAN_PAGE_COUNT, scenario.pageCount],
      [layout.PLAN_PAGE_BASE, plan.pageBase],
      [layout.PLAN_BLOCK_BASE, plan.blockBase],
      [layout.PLAN_INSTALLED_BASE, plan.installedBase],
      [layout.PLAN_ARENA_BASE, plan.arenaBase],
      [layout.PLAN_ARENA_PAGES, plan.arenaPages],
      [layout.PLAN_DESCRIPTOR_BASE, plan.descriptorBase],
      [layout.PLAN_TRACE_BASE, plan.traceBase],
      [layout.PLAN_TRACE_COUNT, eventCount],
      [layout.PLAN_ORACLE, guarantees.translates ? 1 : 0],
      [layout.PLAN_FLOOR, guarantees.translates ? 0 : 1],
      [layout.PLAN_MODELLED, 1],
      [layout.PLAN_FAULT_WINDOW, 1],
      [layout.PLAN_CACHE_ENTRIES, CACHE_ENTRIES],
      [layout.PLAN_LOCK, LOCKS[explored.entry.lock]],
      [layout.PLAN_NOTIFY_AFTER, explored.entry.notifiesAfterChange ? 1 : 0],
      [layout.PLAN_RETRY_LIMIT, RETRY_LIMIT],
      [layout.PLAN_WAIT_LIMIT_MS, WAIT_LIMIT_MS],
      [layout.PLAN_TEARDOWN, scenario.teardown],
      [layout.PLAN_BUDGET_PAGES, plan.arenaPages],
      [layout.PLAN_MAX_ORDER, Math.log2(layout.ARENA_ALIGN_BYTES / layout.PAGE_BYTES)],
      // No window is open, so no latency is sliced.
      [layout.STATE_WINDOW, 0xffffffff],
      [layout.STATE_WINDOW + 4, 0xffffffff],
      [layout.STATE_WINDOW + 8, 1],
      [WORD_ARENA, plan.arenaBase],
      [WORD_ARENA_END, plan.arenaBase + plan.arenaPages * layout.PAGE_BYTES],
    ];
    for (const [address, value] of words) state.set(address, value);
    explored.entry.params.forEach((param, i) => {
      state.set(layout.PLAN_PARAMS + i * 4, explored.params[param.name] ?? param.default);
    });
    explored.entry.sites.forEach((site, i) => {
      state.view.setUint8(layout.PLAN_SITE_KINDS + i, KINDS[site.kind]);
    });
  }

  #writeThreads(): void {
    this.scenario.threads.forEach((thread, index) => {
      const base = this.state.threadAddress(index);
      this.state.set(base + layout.THREAD_INDEX, index);
      this.state.set(base + layout.THREAD_ROLE, ROLES[thread.role]);
      this.state.set(base + layout.THREAD_RANDOM, 0x9e3779b9 + index);
    });
  }

  /** Registers what is not registered by a step, maps memory, primes the devices. */
  #setUp(): number {
    const first = this.threads[0]!.instance;
    const attached = first.driver.attach();
    if (attached !== terms.OK) return attached;
    const later = this.scenario.threads.flatMap(({ steps }) =>
      steps.flatMap((step) => (step.kind === 'register' ? [step.region] : [])),
    );
    for (const [index, region] of this.scenario.regions.entries()) {
      if (later.includes(index)) continue;
      const result = first.driver.register(index, region.firstPage, region.pageCount);
      if (result !== terms.OK) return result;
    }
    this.scenario.threads.forEach((thread, index) => {
      const { instance } = this.threads[index]!;
      for (const step of thread.before) this.#call(step, instance)();
    });
    this.memory.takeSnapshot();
    return terms.OK;
  }

  #call(step: Step, { driver }: ThreadInstance): () => void {
    switch (step.kind) {
      case 'event': {
        const index = this.#writeEvent(step);
        return () => driver.applyTraceEvent(index);
      }
      case 'access': {
        const { page } = step;
        const write = step.write ? 1 : 0;
        return () => driver.access(page, write);
      }
      case 'maintain':
        return () => driver.maintainAll();
      case 'register': {
        const { firstPage, pageCount } = this.scenario.regions[step.region]!;
        return () => driver.register(step.region, firstPage, pageCount);
      }
      case 'unregister':
        return () => driver.unregister(step.region);
      case 'restore':
        return () => driver.restoreRegions();
    }
  }

  #writeEvent(step: Extract<Step, { kind: 'event' }>): number {
    const index = this.#nextEvent++;
    const at = this.memory.plan.traceBase + index * TRACE_EVENT_BYTES;
    const words = [0, 0, step.op, step.first, step.count, step.arg, 0, 0];
    words.forEach((word, i) => {
      this.state.set(at + i * 4, word);
    });
    return index;
  }

  /** Puts the memory back to what it was after setup. */
  restore(): void {
    this.threads[0]!.instance.driver['x.restore']();
  }

  /** Lets the nth allocation from now fail, once; 0 = none. */
  failAllocation(nth: number): void {
    this.state.set(layout.PLAN_INJECT_COUNT, nth === 0 ? 0 : 1);
    this.state.set(layout.PLAN_INJECT_RULES + layout.INJECT_NTH, nth);
    this.state.set(layout.PLAN_INJECT_RULES + layout.INJECT_SEEN, 0);
    this.state.set(layout.PLAN_INJECT_RULES + layout.INJECT_FIRED, 0);
  }
}
