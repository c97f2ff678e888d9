import * as layout from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import { TRACE_EVENT_BYTES } from '../../core/abi/trace-event.ts';
import type { MemoryKind, StrategyEntry } from '../../strategies/manifest.ts';
import {
  TURNS,
  WORD_ARENA,
  WORD_ARENA_END,
  WORD_SHADOW,
  WORD_TURNS,
} from '../explore/scheduler-words.ts';
import type { Cell } from '../suites/cell.ts';
import type { PageTrace } from '../workloads/page-trace.ts';
import { parseInjectRule } from './inject-rule.ts';
import { createMemory, type MemoryPlan, planMemory } from './memory-plan.ts';
import { type MemoryPressure, pressureOf } from './memory-pressure.ts';
import { FIRST_WORKER_THREAD, type Role, type RoleTask } from './role-task.ts';
import { SharedState } from './shared-state.ts';

/** A cell's shared memory, reserved and still empty, and the threads that will run on it. */
export interface ReservedCell {
  readonly plan: MemoryPlan;
  readonly state: SharedState;
  readonly tasks: readonly RoleTask[];
  readonly pressure: MemoryPressure;
}

/** Everything a cell needs before its first thread runs. */
export interface CellSetup extends Omit<ReservedCell, 'pressure'> {
  readonly budgetPages: number;
  /** Events due per second of the window; null when nothing is planned ahead (as fast as possible). */
  readonly offeredPerSecond: number | null;
}

/** What the device's work costs; all zero for an ideal device. */
export interface DeviceCosts {
  readonly commandNs: number;
  /** Per 64-byte granule of entries. */
  readonly granuleNs: number;
  readonly invalidateNs: number;
  readonly fenceNs: number;
  /** The device's own share of a page fault. */
  readonly faultNs: number;
  /** Entries of a device thread's translation cache: 0 or a power of two up to 1,024. */
  readonly cacheEntries: number;
}

/** What a cell runs on: resolved from its ids by the caller. */
export interface CellInputs {
  readonly cell: Cell;
  readonly entry: StrategyEntry;
  readonly device: DeviceCosts;
  readonly trace: PageTrace;
  /** Pages in the order the device takes them (a power of two of them), or empty. */
  readonly draws: Uint32Array;
  /** The modules are those that count (bench/explore/counting-modules.ts). */
  readonly counting?: boolean;
}

const SERIES_ROWS = 128;
const LOCKS = { region: terms.LOCK_REGION, block: terms.LOCK_BLOCK, own: terms.LOCK_OWN } as const;
const KINDS: Readonly<Record<MemoryKind, number>> = {
  table: terms.MEMORY_TABLE,
  staging: terms.MEMORY_STAGING,
  reserve: terms.MEMORY_RESERVE,
};
const TEARDOWN_CODES = {
  strong: terms.TEARDOWN_STRONG,
  deferred: terms.TEARDOWN_DEFERRED,
  refcount: terms.TEARDOWN_REFCOUNT,
  naive: terms.TEARDOWN_NAIVE,
} as const;
const ROLE_CODES: Readonly<Record<Role, number>> = {
  device: terms.ROLE_DEVICE,
  storm: terms.ROLE_STORM,
  maintenance: terms.ROLE_MAINTENANCE,
  registration: terms.ROLE_REGISTRATION,
  replay: terms.ROLE_DEVICE,
};

/** Plans and reserves the shared memory: all that threads need to start. Next: fillCell. */
export function reserveCell({ cell, entry, trace, draws, counting }: CellInputs): ReservedCell {
  const pressure = pressureOf(cell.memory, trace.pageCount, trace.regions.length);
  const plan = planMemory({
    pageCount: trace.pageCount,
    regionCount: trace.regions.length,
    arenaBytes: pressure.arenaBytes,
    eventCount: trace.eventCount,
    drawCount: draws.length,
    seriesCapacity: SERIES_ROWS,
    moduleData: entry.language === 'c',
    counting: counting === true,
  });
  return { plan, state: new SharedState(createMemory(plan)), tasks: tasksOf(cell), pressure };
}

/** reserveCell, then fillCell. */
export function setUpCell(inputs: CellInputs): CellSetup {
  return fillCell(reserveCell(inputs), inputs);
}

/**
 * Writes the plan words, the trace and the draws, and touches the arena once so that no page fault of the
 * host falls into the measured window.
 */
export function fillCell(
  { plan, state, tasks, pressure }: ReservedCell,
  { cell, entry, device, trace, draws, counting }: CellInputs,
): CellSetup {
  touch(state.memory, plan);
  new Uint8Array(state.memory.buffer).set(trace.events, plan.traceBase);
  state.words.set(draws, plan.drawBase >>> 2);
  writePlan(state, plan, trace, tasks.length);
  writeRun(state, cell, entry, trace, draws.length);
  writeCosts(state, device);
  state.set(layout.PLAN_BUDGET_PAGES, pressure.budgetPages);
  state.set(layout.PLAN_RESERVE_PAGES, pressure.reservePages);
  state.set(layout.PLAN_MAX_ORDER, pressure.maxOrder);
  state.set(layout.PLAN_RECLAIM_NS, pressure.reclaimNs);
  state.set(layout.PLAN_FORCE_ATOMIC, pressure.atomicOnly ? 1 : 0);
  state.set(layout.PLAN_BUDGET_END_PAGES, pressure.budgetEndPages);
  writeThreads(state, cell, tasks);
  writeInjection(state, cell, entry);
  if (counting) prepareCounting(state, plan);
  const offeredPerSecond = offeredRate(cell, trace);
  return { plan, state, tasks, budgetPages: pressure.budgetPages, offeredPerSecond };
}

/** Words that counting modules read beside the plan's. */
function prepareCounting(state: SharedState, plan: MemoryPlan): void {
  state.set(WORD_SHADOW, plan.shadowBase);
  state.set(WORD_ARENA, plan.arenaBase);
  state.set(WORD_ARENA_END, plan.arenaBase + plan.arenaPages * layout.PAGE_BYTES);
  state.set(WORD_TURNS, TURNS);
}

/** One store a page: the host's first-touch faults (3 to 15 us each) fall before the window. */
function touch(memory: WebAssembly.Memory, plan: MemoryPlan): void {
  const bytes = new Uint8Array(memory.buffer);
  for (let at = plan.regionBase; at < plan.end; at += layout.PAGE_BYTES) bytes[at] = 0;
}

/** Events that only build the address space; they are applied before the clock starts. */
export function setupEvents(trace: PageTrace): number {
  return trace.counts.setupEvents ?? 0;
}

/** Events whose planned time falls into the window, by the length they take of it. */
function offeredRate(cell: Cell, trace: PageTrace): number | null {
  const { pace } = cell;
  if (pace.kind === 'asap' || trace.eventCount === 0) return null;
  if (pace.kind === 'rate') return pace.perSecond;
  const factor = pace.kind === 'compressed' ? pace.factor : 1;
  const windowNs = cell.windowSeconds * 1e9;
  const view = new DataView(trace.events.buffer, trace.events.byteOffset, trace.events.byteLength);
  const timeNs = (event: number): number =>
    view.getUint32(event * TRACE_EVENT_BYTES, true) +
    view.getUint32(event * TRACE_EVENT_BYTES + 4, true) * 2 ** 32;
  const first = setupEvents(trace);
  let lastNs = 0;
  for (let event = first; event < trace.eventCount; event++) {
    const dueNs = (timeNs(event) - timeNs(first)) / factor;
    if (dueNs >= windowNs) return (event - first) / cell.windowSeconds;
    lastNs = dueNs;
  }
  return lastNs > 0 ? (trace.eventCount - first) / (lastNs / 1e9) : null;
}

function writeInjection(state: SharedState, cell: Cell, entry: StrategyEntry): void {
  let rules = 0;
  for (const text of cell.inject ?? []) {
    const rule = parseInjectRule(text, entry);
    rule.write(state, rules, cell.seed);
    if (rule.ofAllocator) rules++;
  }
  state.set(layout.PLAN_INJECT_COUNT, rules);
}

function tasksOf(cell: Cell): RoleTask[] {
  if (cell.mode === 'replay') return [{ role: 'replay', thread: FIRST_WORKER_THREAD, index: 0 }];
  const roles: [Role, number][] = [
    ['device', cell.deviceThreads],
    ['storm', cell.stormThreads],
    ['maintenance', cell.maintenanceThreads],
    ['registration', cell.teardown === undefined ? 0 : 1],
  ];
  let thread = FIRST_WORKER_THREAD;
  return roles.flatMap(([role, count]) =>
    Array.from({ length: count }, (_, index) => ({ role, index, thread: thread++ })),
  );
}

function writePlan(state: SharedState, plan: MemoryPlan, trace: PageTrace, workers: number): void {
  const words: [number, number][] = [
    [layout.PLAN_THREAD_COUNT, workers + FIRST_WORKER_THREAD],
    [layout.PLAN_THREAD_BASE, layout.THREAD_BASE],
    [layout.PLAN_REGION_BASE, plan.regionBase],
    [layout.PLAN_REGION_CAPACITY, trace.regions.length],
    [layout.PLAN_REGION_SCRATCH, plan.regionBase + trace.regions.length * layout.REGION_BYTES],
    [layout.PLAN_PAGE_COUNT, trace.pageCount],
    [layout.PLAN_PAGE_BASE, plan.pageBase],
    [layout.PLAN_BLOCK_BASE, plan.blockBase],
    [layout.PLAN_INSTALLED_BASE, plan.installedBase],
    [layout.PLAN_ARENA_BASE, plan.arenaBase],
    [layout.PLAN_ARENA_PAGES, plan.arenaPages],
    [layout.PLAN_DESCRIPTOR_BASE, plan.descriptorBase],
    [layout.PLAN_TRACE_BASE, plan.traceBase],
    [layout.PLAN_TRACE_COUNT, trace.eventCount],
    [layout.PLAN_TRACE_FIRST, setupEvents(trace)],
    [layout.PLAN_DRAW_BASE, plan.drawBase],
    [layout.PLAN_SERIES_BASE, plan.seriesBase],
    [layout.PLAN_SERIES_CAPACITY, SERIES_ROWS],
    [layout.PLAN_CONTIGUITY, Math.round(trace.contiguity * 65536)],
  ];
  for (const [address, value] of words) state.set(address, value);
}

/** A window longer than the trace takes at its pace plays it again and again (soak). */
function repeats(cell: Cell, trace: PageTrace): boolean {
  return cell.mode !== 'replay' && cell.windowSeconds * 1e9 > lapNs(cell, trace);
}

/** Planned length of one lap; as fast as possible it is not known, and taken to be none. */
function lapNs({ pace }: Cell, trace: PageTrace): number {
  if (pace.kind === 'asap') return 0;
  if (pace.kind === 'rate') {
    return ((trace.eventCount - setupEvents(trace)) / pace.perSecond) * 1e9;
  }
  const factor = pace.kind === 'compressed' ? pace.factor : 1;
  return (trace.durationNs - (trace.counts.setupNs ?? 0)) / factor;
}

function writeRun(
  state: SharedState,
  cell: Cell,
  entry: StrategyEntry,
  trace: PageTrace,
  drawCount: number,
): void {
  const modelled = cell.mode === 'replay';
  const pace = cell.pace;
  const factor = pace.kind === 'compressed' ? pace.factor : 1;
  const words: [number, number][] = [
    [layout.PLAN_MODELLED, modelled ? 1 : 0],
    [layout.PLAN_ORACLE, entry.guarantees.translates ? 1 : 0],
    [layout.PLAN_FLOOR, entry.guarantees.translates ? 0 : 1],
    [layout.PLAN_LOCK, LOCKS[entry.lock]],
    [layout.PLAN_NOTIFY_AFTER, entry.notifiesAfterChange ? 1 : 0],
    [layout.PLAN_DRAW_COUNT, drawCount],
    [layout.PLAN_ACCESS, accessCode(cell)],
    [layout.PLAN_HOT_SHARE, cell.access.kind === 'hot-recent' ? hotShare65536(cell.access) : 0],
    [layout.PLAN_FAULT_WINDOW, FAULT_WINDOW_PAGES],
    [layout.PLAN_WRITE_SHARE, WRITE_SHARE_65536],
    [layout.PLAN_BATCH, TRANSLATE_BATCH],
    [layout.PLAN_PACE, paceCode(cell)],
    [layout.PLAN_PACE_FACTOR, Math.max(1, Math.round(factor * 65536))],
    [layout.PLAN_PACE_RATE, pace.kind === 'rate' ? Math.round(pace.perSecond) : 1],
    [layout.PLAN_WINDOW_MS, modelled ? 0 : Math.round(cell.windowSeconds * 1000)],
    [layout.PLAN_MAINTAIN_US, MAINTAIN_US],
    [layout.PLAN_MAINTAIN_EVENTS, cell.maintenanceThreads > 0 ? MAINTAIN_EVENTS : 0],
    [layout.PLAN_ACCESS_PER_EVENT, ACCESSES_PER_EVENT],
    [layout.PLAN_REPEAT_TRACE, repeats(cell, trace) ? 1 : 0],
    [layout.PLAN_LAPS, cell.laps ?? 1],
    [layout.PLAN_STORM_THREADS, modelled ? 1 : cell.stormThreads],
    [layout.PLAN_TEARDOWN, TEARDOWN_CODES[cell.teardown?.policy ?? 'strong']],
    [layout.PLAN_TEARDOWN_US, cell.teardown?.periodUs ?? 0],
    [layout.PLAN_RETRY_LIMIT, RETRY_LIMIT],
    [layout.PLAN_WAIT_LIMIT_MS, WAIT_LIMIT_MS],
  ];
  for (const [address, value] of words) state.set(address, value);
  entry.params.forEach((param, i) => {
    const value = cell.params[param.name] ?? param.default;
    state.set(layout.PLAN_PARAMS + i * 4, Number(value));
  });
  entry.sites.forEach((site, i) => {
    state.view.setUint8(layout.PLAN_SITE_KINDS + i, KINDS[site.kind]);
  });
}

/** Pages one 4 KiB device fault brings in: 64 KiB, the kernel's fault-around. */
const FAULT_WINDOW_PAGES = 16;
/** A quarter of the device's accesses write. */
const WRITE_SHARE_65536 = 16384;
/** Translations in one timed batch; see reference figures in DESIGN.md, "Clock". */
export const TRANSLATE_BATCH = 64;
const MAINTAIN_US = 1000;
const MAINTAIN_EVENTS = 256;
const ACCESSES_PER_EVENT = 2;
const RETRY_LIMIT = 100_000;
const WAIT_LIMIT_MS = 10_000;

function accessCode(cell: Cell): number {
  switch (cell.access.kind) {
    case 'uniform':
      return terms.ACCESS_UNIFORM;
    case 'zipf':
      return terms.ACCESS_DRAWN;
    case 'sequential':
      return terms.ACCESS_SEQUENTIAL;
    case 'hot-recent':
      return terms.ACCESS_HOT;
  }
}

function hotShare65536({ hotShare }: { readonly hotShare: number }): number {
  return Math.round(hotShare * 65536);
}

function paceCode(cell: Cell): number {
  if (cell.pace.kind === 'asap') return terms.PACE_ASAP;
  return cell.pace.kind === 'rate' ? terms.PACE_RATE : terms.PACE_COMPRESSED;
}

function writeCosts(state: SharedState, device: DeviceCosts): void {
  state.set(layout.PLAN_COST_COMMAND, device.commandNs);
  state.set(layout.PLAN_COST_GRANULE_PS, Math.round(device.granuleNs * 1000));
  state.set(layout.PLAN_COST_INVALIDATE, device.invalidateNs);
  state.set(layout.PLAN_COST_FENCE, device.fenceNs);
  state.set(layout.PLAN_COST_FAULT, device.faultNs);
  state.set(layout.PLAN_CACHE_ENTRIES, device.cacheEntries);
}

function writeThreads(state: SharedState, cell: Cell, tasks: readonly RoleTask[]): void {
  const seedOf = (thread: number): bigint =>
    BigInt.asUintN(
      64,
      (BigInt(cell.seed) + 1n) * 0x9e3779b97f4a7c15n + BigInt(thread) * 0xbf58476d1ce4e5b9n,
    ) | 1n;
  const roles = [{ thread: 0, code: terms.ROLE_SETUP }].concat(
    tasks.map((task) => ({ thread: task.thread, code: ROLE_CODES[task.role] })),
  );
  for (const { thread, code } of roles) {
    const base = state.threadAddress(thread);
    state.set(base + layout.THREAD_INDEX, thread);
    state.set(base + layout.THREAD_ROLE, code);
    state.view.setBigUint64(base + layout.THREAD_RANDOM, seedOf(thread), true);
  }
}
