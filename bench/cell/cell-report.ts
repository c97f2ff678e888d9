import * as layout from '../../core/abi/layout.ts';
import * as terms from '../../core/abi/terms.ts';
import type { CellRecordInput } from '../../results/cell-record.ts';
import type { LatencyHistogram } from '../../results/latency-histogram.ts';
import type { LatencySummary } from '../../results/latency-summary.ts';
import { classifySteadyState } from '../../results/statistics/steady-state.ts';
import type { Cell } from '../suites/cell.ts';
import { TRANSLATE_BATCH } from './cell-setup.ts';
import type { CellOutcome } from './run-cell.ts';
import type { ViolationExample } from './shared-state.ts';

/** The measured part of a record: everything the cell's process knows. */
export type CellFigures = Omit<
  CellRecordInput,
  'cellId' | 'strategy' | 'workload' | 'mode' | 'fork' | 'seed'
>;

/** What reportCell needs beside the outcome. */
export interface ReportContext {
  readonly cell: Cell;
  readonly siteNames: readonly string[];
}

const CONTEXT_NAMES = ['KERNEL', 'NOWAIT', 'ATOMIC'] as const;
const VIOLATION_NAMES: Readonly<Record<number, string>> = {
  [terms.VIOLATION_STALE_READ]: 'stale translation',
  [terms.VIOLATION_STALE_WRITE]: 'stale write right',
  [terms.VIOLATION_WIDER_RIGHTS]: 'wider right than the CPU ever granted',
  [terms.VIOLATION_POISON]: 'translation from freed table memory',
  [terms.VIOLATION_FOREIGN_FRAME]: "another page's frame",
};

/** Turns what the threads counted into the record's figures and the verdict. */
export function reportCell(outcome: CellOutcome, { cell, siteNames }: ReportContext): CellFigures {
  const { state } = outcome;
  const count = (counter: number): number => state.count(counter);
  const deviceTimes = deviceTime(outcome);
  const { verdict, reason } = judgeCell(outcome);
  return {
    verdict,
    reason,
    measuredNs: windowNs(outcome),
    threads: {
      device: outcome.tasks.filter((task) => task.role === 'device').length,
      storm: outcome.tasks.filter((task) => task.role === 'storm').length,
      maintenance: outcome.tasks.filter((task) => task.role === 'maintenance').length,
    },
    oracle: {
      translations: count(terms.COUNT_TRANSLATIONS),
      violations: count(terms.COUNT_VIOLATIONS),
      examples: state.examples().slice(0, 8).map(describeViolation),
    },
    latency: latencies(outcome, cell),
    load: loads(outcome, cell),
    device: {
      profile: cell.device,
      commands: count(terms.COUNT_COMMANDS),
      entriesWritten: count(terms.COUNT_ENTRIES_WRITTEN),
      entriesZapped: count(terms.COUNT_ENTRIES_ZAPPED),
      cacheInvalidations: count(terms.COUNT_CACHE_INVALIDATIONS),
      stallShare: deviceTimes.windowNs > 0 ? deviceTimes.stalledNs / deviceTimes.windowNs : null,
      commandErrors: count(terms.COUNT_DEVICE_ERRORS),
      queueResets: count(terms.COUNT_REPOSTS),
      hardwareFailures: count(terms.COUNT_DEVICE_GONE),
    },
    memory: memoryFigures(outcome),
    allocations: state.allocations().map(({ context, site, ...row }) => ({
      ...row,
      context: CONTEXT_NAMES[context]!,
      site: siteNames[site] ?? `site ${site}`,
    })),
    failures: {
      degraded: count(terms.COUNT_DEGRADED),
      retried: count(terms.COUNT_RETRIED),
      updateFailed: count(terms.COUNT_UPDATE_FAILED),
      notifierFailed: count(terms.COUNT_NOTIFIER_FAILED),
    },
    collateral: {
      entries: count(terms.COUNT_COLLATERAL),
      spuriousFaults: count(terms.COUNT_SPURIOUS_FAULTS),
    },
    notifier: {
      ranges: count(terms.COUNT_RANGES),
      pages: count(terms.COUNT_RANGE_PAGES),
      retries: count(terms.COUNT_FAULT_RETRIES),
      wouldBlock: count(terms.COUNT_NOT_BLOCKABLE),
      livelocks: count(terms.COUNT_LIVELOCKS),
    },
    host: {
      gcEvents: sum(outcome.roles.map((role) => role.gcEvents)),
      heapGrowthBytes: sum(outcome.roles.map((role) => role.heapGrowthBytes)),
      handoverNs: outcome.roles.find((role) => role.handoverNs !== null)?.handoverNs ?? null,
      clockCostNs: clockCostNs(outcome),
    },
    windows: cell.mode === 'replay' ? [] : latencySlices(outcome),
    model: cell.mode === 'replay' ? model(outcome) : {},
    steadyState: cell.mode === 'replay' ? {} : steadyState(outcome),
    extra: { counters: counterTable(outcome), peakPages: [...outcome.peakPages] },
  };
}

/** Of the fastest thread: the others were disturbed. */
function clockCostNs({ roles }: CellOutcome): number | null {
  if (roles.length === 0) return null;
  return Math.round(10 * Math.min(...roles.map((role) => role.clockCostNs))) / 10;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Passed, or the first thing that went wrong. */
export function judgeCell(outcome: CellOutcome): {
  verdict: CellFigures['verdict'];
  reason: string | null;
} {
  const { state } = outcome;
  if (outcome.refusal !== null) return { verdict: 'refused', reason: outcome.refusal };
  const trapped = outcome.roles.findIndex((role) => !role.ok);
  if (trapped >= 0) {
    const { role, index } = outcome.tasks[trapped]!;
    return {
      verdict: 'crashed',
      reason: `${role} thread ${index} trapped: ${outcome.roles[trapped]!.message}${stallText(outcome)}`,
    };
  }
  const failures: [number, string][] = [
    [state.count(terms.COUNT_VIOLATIONS), 'violations of the oracle'],
    [state.count(terms.COUNT_NOTIFIER_FAILED), 'invalidations that reported failure'],
    [state.count(terms.COUNT_LIVELOCKS), 'faults that never converged (livelock)'],
    [state.count(terms.COUNT_BAD_FREES), 'frees of memory that was not held'],
    [outcome.leakedPages, 'table pages leaked after teardown'],
    [outcome.allocatorFaults, 'contradictions in the page allocator'],
  ];
  const first = failures.find(([found]) => found > 0);
  if (first === undefined) return { verdict: 'passed', reason: null };
  const example = state.examples()[0];
  const detail = example === undefined ? '' : `; first: ${describeViolation(example)}`;
  const [found, nouns] = first;
  // The first plural is the noun.
  const what = found === 1 ? nouns.replace(/s\b/, '') : nouns;
  return { verdict: 'failed', reason: `${found} ${what}${detail}` };
}

const STALLS = ['', 'a lock', 'the start barrier', 'a notifier window', 'a removal', 'the line'];

function stallText({ state }: CellOutcome): string {
  const what = state.get(layout.STATE_STALL);
  if (what === 0) return '';
  const word = state.get(layout.STATE_STALL + 4).toString(16);
  const value = state.get(layout.STATE_STALL + 8);
  return ` (waited too long for ${STALLS[what]}: word 0x${word} was ${value})`;
}

/** One sentence: what was translated, by whom, and between which two trace events. */
export function describeViolation(example: ViolationExample): string {
  const frame = (word: bigint): bigint => word & 0x7fffffffffn;
  return (
    `${VIOLATION_NAMES[example.kind]}: device thread ${example.thread} translated page ` +
    `${example.page} to frame ${frame(example.entry >> 12n)}; frames up to ${example.readDead} were ` +
    `dead for reading and up to ${example.writeDead} for writing, the CPU's word named frame ` +
    `${frame(example.word)} (born in event ${example.birthEvent}, last invalidated in event ` +
    `${example.deathEvent})`
  );
}

function deviceTime({ state, tasks }: CellOutcome): { stalledNs: number; windowNs: number } {
  const total = { stalledNs: 0, windowNs: 0 };
  for (const task of tasks) {
    if (task.role !== 'device') continue;
    const base = state.threadAddress(task.thread);
    total.stalledNs += state.getLong(base + layout.THREAD_STALLED_NS);
    total.windowNs +=
      state.getLong(base + layout.THREAD_WINDOW_END_NS) -
      state.getLong(base + layout.THREAD_WINDOW_START_NS);
  }
  return total;
}

/** From the first storm thread's start to the last one's end: the time in which all events were played. */
function windowNs({ state, tasks }: CellOutcome): number | null {
  const storms = tasks
    .filter(({ role }) => role === 'storm')
    .map(({ thread }) => state.threadAddress(thread));
  const endsNs = storms.map((base) => state.getLong(base + layout.THREAD_WINDOW_END_NS));
  if (endsNs.length === 0 || endsNs.includes(0)) return null;
  const startsNs = storms.map((base) => state.getLong(base + layout.THREAD_WINDOW_START_NS));
  return Math.max(...endsNs) - Math.min(...startsNs);
}

/** Distributions of single operations, as counts and exact extremes: what travels to the parent. */
export type CellHistograms = Readonly<
  Record<
    'notifier' | 'notifierService' | 'fault' | 'teardown',
    Pick<LatencyHistogram, 'counts' | 'minNs' | 'maxNs'>
  >
>;

/** In an open loop the notifier's latency counts from the planned arrival. */
export function histogramsOf({ state }: CellOutcome, cell: Cell) {
  const service = state.histogram(layout.HISTOGRAM_NOTIFIER);
  const open = cell.pace.kind === 'rate' && cell.mode !== 'replay';
  return {
    notifier: open ? state.histogram(layout.HISTOGRAM_NOTIFIER_PLANNED) : service,
    notifierService: service,
    fault: state.histogram(layout.HISTOGRAM_FAULT),
    teardown: state.histogram(layout.HISTOGRAM_TEARDOWN),
  };
}

function latencies(outcome: CellOutcome, cell: Cell): NonNullable<CellFigures['latency']> {
  const { notifier, notifierService, fault, teardown } = histogramsOf(outcome, cell);
  const batches = outcome.state.histogram(layout.HISTOGRAM_TRANSLATE);
  return {
    notifier: notifier.summary(),
    notifierService: notifierService.summary(),
    fault: fault.summary(),
    translate: cell.mode === 'replay' ? {} : batchMeans(batches),
    teardown: teardown.summary(),
  };
}

/** The core records whole batches; a record speaks of the mean of a batch, in fractions of a ns. */
function batchMeans(batches: LatencyHistogram): LatencySummary {
  const whole = batches.summary();
  const mean = (value: number | null): number | null =>
    value === null ? null : value / TRANSLATE_BATCH;
  return {
    count: whole.count,
    minNs: mean(whole.minNs),
    p50Ns: mean(whole.p50Ns),
    p90Ns: mean(whole.p90Ns),
    p99Ns: mean(whole.p99Ns),
    p999Ns: mean(whole.p999Ns),
    p9999Ns: mean(whole.p9999Ns),
    maxNs: mean(whole.maxNs),
    hdr: null,
    batchSize: TRANSLATE_BATCH,
  };
}

/** Events due in the window against events done: where they differ, latency is the queue's. */
function loads(outcome: CellOutcome, cell: Cell): NonNullable<CellFigures['load']> {
  const lengthNs = windowNs(outcome);
  if (cell.mode === 'replay' || lengthNs === null) return {};
  return {
    loop: cell.pace.kind === 'rate' ? 'open' : 'closed',
    offeredPerSecond: outcome.offeredPerSecond,
    // The set-up's events were counted too, before the window.
    achievedPerSecond:
      (outcome.state.count(terms.COUNT_EVENTS) - outcome.state.get(layout.PLAN_TRACE_FIRST)) /
      (lengthNs / 1e9),
  };
}

function memoryFigures({ state, plan, peakPages, budgetPages, leakedPages, refusal }: CellOutcome) {
  const bytes = (pages: number): number => pages * layout.PAGE_BYTES;
  const rows = state.series(plan.seriesBase);
  const startNs = rows[0]?.timeNs ?? 0;
  const lengthNs =
    state.getLong(layout.STATE_SERIES + 16) - state.getLong(layout.STATE_SERIES + 24);
  const meanPages = lengthNs > 0 ? state.getLong(layout.STATE_SERIES + 8) / lengthNs : null;
  const mappedGiB = (plan.pageCount * layout.PAGE_BYTES) / 2 ** 30;
  const ran = refusal === null;
  return {
    tableBytesMean: meanPages === null ? null : Math.round(bytes(meanPages)),
    tableBytesPeak: ran ? bytes(peakPages[terms.MEMORY_TABLE]!) : null,
    stagingBytesPeak: ran ? bytes(peakPages[terms.MEMORY_STAGING]!) : null,
    reserveBytesPeak: ran ? bytes(peakPages[terms.MEMORY_RESERVE]!) : null,
    bytesPerMappedGiB: meanPages === null ? null : Math.round(bytes(meanPages) / mappedGiB),
    budgetBytes: bytes(budgetPages),
    leakedBytes: ran ? bytes(leakedPages) : null,
    series: rows.map((row) => ({
      timeNs: row.timeNs - startNs,
      tableBytes: bytes(row.tablePages),
      stagingBytes: bytes(row.stagingPages),
      reserveBytes: bytes(row.reservePages),
      splits: row.splits,
      failures: row.failures,
    })),
  };
}

function model({ state, modelledNs }: CellOutcome): CellFigures['model'] {
  return {
    modelledNs,
    entriesWritten: state.count(terms.COUNT_ENTRIES_WRITTEN),
    entriesZapped: state.count(terms.COUNT_ENTRIES_ZAPPED),
    commands: state.count(terms.COUNT_COMMANDS),
  };
}

/** All counters by name, for readers who want more than the record's fields. */
function counterTable({ state }: CellOutcome): Record<string, number> {
  const table: Record<string, number> = {};
  for (const [name, index] of Object.entries(terms)) {
    if (!name.startsWith('COUNT_')) continue;
    const value = state.count(index as number);
    if (value !== 0) table[counterName(name)] = value;
  }
  return table;
}

function counterName(constant: string): string {
  return constant
    .slice('COUNT_'.length)
    .toLowerCase()
    .replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Blocks of a record: finer ones would make it large, coarser ones hide the bursts. */
const BLOCKS = 64;

interface Slice {
  count: number;
  maxNs: number;
  sumNs: number;
}

/** The window in BLOCKS equal parts, from the core's finer slices. */
function blocksOf({ state }: CellOutcome, offset: number): Slice[] {
  const slices = state.windows(offset);
  const each = slices.length / BLOCKS;
  return Array.from({ length: BLOCKS }, (_, block) =>
    slices.slice(block * each, (block + 1) * each).reduce(
      (total, slice) => ({
        count: total.count + slice.count,
        maxNs: Math.max(total.maxNs, slice.maxNs),
        sumNs: total.sumNs + slice.sumNs,
      }),
      { count: 0, maxNs: 0, sumNs: 0 },
    ),
  );
}

function steadyState(outcome: CellOutcome): NonNullable<CellFigures['steadyState']> {
  const state = classifySteadyState(blockMeansNs(outcome));
  return { ...state, changePoints: [...state.changePoints] };
}

function blockMeansNs(outcome: CellOutcome): number[] {
  return blocksOf(outcome, layout.THREAD_WINDOWS_NOTIFIER)
    .filter(({ count, sumNs }) => count > 0 && sumNs > 0)
    .map(({ count, sumNs }) => sumNs / count);
}

/** A block counts as storm when it holds more than twice its even share of the invalidations. */
function latencySlices(outcome: CellOutcome): NonNullable<CellFigures['windows']> {
  const sliceNs = outcome.state.getLong(layout.STATE_WINDOW + 8);
  if (windowNs(outcome) === null || sliceNs === 0) return [];
  const durationNs = (sliceNs * layout.WINDOW_COUNT) / BLOCKS;
  const notifier = blocksOf(outcome, layout.THREAD_WINDOWS_NOTIFIER);
  const fault = blocksOf(outcome, layout.THREAD_WINDOWS_FAULT);
  const evenShare = sum(notifier.map(({ count }) => count)) / BLOCKS;
  const figures = ({ count, maxNs }: Slice) => ({ count, maxNs: count === 0 ? null : maxNs });
  return notifier.map((block, i) => ({
    timeNs: i * durationNs,
    durationNs,
    notifier: figures(block),
    fault: figures(fault[i]!),
    storm: block.count > 2 * evenShare,
  }));
}
