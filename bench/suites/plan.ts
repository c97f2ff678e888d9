import { UsageError } from '../../results/usage-error.ts';
import { findDevice } from '../devices/find-device.ts';
import { SeededRandom } from '../workloads/seeded-random.ts';
import { type Cell, TIMEOUT_SECONDS_MAX, WORKER_THREADS_MAX } from './cell.ts';
import { type CellSettings, cellIdOf } from './cell-id.ts';
import { type StrategyChoice, selectStrategies } from './select-strategies.ts';
import { selectWorkloads } from './select-workloads.ts';
import type { CellGroup, Suite } from './suite.ts';

/** What a suite's words are resolved against. */
export interface PlanContext {
  readonly strategies: readonly StrategyChoice[];
  /** Ids of the bundled recordings. */
  readonly recordings: readonly string[];
  /** Of the machine; `1..cores` counts up to it. */
  readonly cores: number;
  /** 0..2^32-1; decides the order of the cells and the seed of each fork. */
  readonly seed: number;
}

/** The cells of a run in the order they are to be run. */
export interface Plan {
  readonly suite: string;
  readonly seed: number;
  /** Fork by fork: each block holds one fork of every cell, in an order of its own. */
  readonly cells: readonly Cell[];
  readonly blockCount: number;
  readonly estimatedSeconds: number;
}

/** Start of a process, its threads and its memory; design budget of a cell's start-up. */
const START_SECONDS = 0.4;
/** A replay of some hundred thousand events. */
const REPLAY_SECONDS = 0.4;

interface PlannedCell {
  readonly settings: CellSettings;
  readonly cellId: string;
  forks: number;
}

/**
 * Expands a suite into cells: the product of each group's lists, then blocks of one fork of every
 * cell in random order, so that a slow minute of the machine hits all strategies alike. All cells
 * of one fork share its seed: strategies meet the same storm. Deterministic from suite, context and
 * seed; a cell that occurs in two groups is planned once, with the larger number of forks.
 *
 * @throws {UsageError} for a word that names no strategy, workload or device, naming the nearest
 */
export function planSuite(suite: Suite, context: PlanContext): Plan {
  const planned = new Map<string, PlannedCell>();
  for (const [index, group] of suite.groups.entries()) {
    for (const settings of expandGroup(group, context, `suite ${suite.name}: groups[${index}]`)) {
      const cellId = cellIdOf(settings);
      const known = planned.get(cellId);
      if (known === undefined) planned.set(cellId, { settings, cellId, forks: group.forks });
      else known.forks = Math.max(known.forks, group.forks);
    }
  }
  const cells: Cell[] = [];
  let blockCount = 0;
  for (const { forks } of planned.values()) blockCount = Math.max(blockCount, forks);
  for (let fork = 0; fork < blockCount; fork++) {
    const random = new SeededRandom((context.seed ^ Math.imul(fork + 1, 0x9e3779b1)) >>> 0);
    const seed = random.uint32();
    const block = [...planned.values()].filter(({ forks }) => fork < forks);
    for (const { cellId, settings } of random.shuffle(block)) {
      cells.push({ cellId, ...settings, fork, seed });
    }
  }
  const estimatedSeconds = cells.reduce((sum, cell) => sum + estimateCellSeconds(cell), 0);
  return { suite: suite.name, seed: context.seed, cells, blockCount, estimatedSeconds };
}

/** Expected duration of one cell process, for progress and stated durations; not a limit. */
export function estimateCellSeconds(cell: Pick<Cell, 'mode' | 'windowSeconds' | 'laps'>): number {
  const replaySeconds = REPLAY_SECONDS * (cell.laps ?? 1);
  return START_SECONDS + (cell.mode === 'replay' ? replaySeconds : cell.windowSeconds);
}

/** What only cells of one mode have. */
function settingsOfMode(
  mode: Cell['mode'],
  { laps, operations, timeoutSeconds }: CellGroup,
): Partial<CellSettings> {
  if (mode === 'replay' && laps !== undefined) {
    // A limit that one replay keeps is none for a thousand.
    const longer = timeoutSeconds + REPLAY_SECONDS * (laps - 1);
    return { mode, laps, timeoutSeconds: Math.min(longer, TIMEOUT_SECONDS_MAX) };
  }
  if (mode === 'micro' && operations !== undefined) return { mode, operations };
  return { mode };
}

function expandGroup(group: CellGroup, context: PlanContext, where: string): CellSettings[] {
  const strategies = selectStrategies(group.strategies, context.strategies, where);
  const workloads = selectWorkloads(group.workloads, context.recordings, where);
  for (const device of group.devices) findDevice(device);
  const common = {
    maintenanceThreads: group.maintenanceThreads,
    windowSeconds: group.windowSeconds,
    timeoutSeconds: group.timeoutSeconds,
    ...(group.inject.length > 0 ? { inject: group.inject } : {}),
    comparison: group.comparison,
  };
  const axes: Partial<CellSettings>[][] = [
    strategies,
    workloads.map((workload) => ({ workload })),
    group.devices.map((device) => ({ device })),
    group.modes.map((mode) => settingsOfMode(mode, group)),
    group.pace.map((pace) => ({ pace })),
    group.access.map((access) => ({ access })),
    group.memory.map((memory) => ({ memory })),
    (group.teardown ?? [undefined]).map((teardown) => (teardown === undefined ? {} : { teardown })),
    threadCounts(group, context.cores, where),
  ];
  let product: Partial<CellSettings>[] = [common];
  for (const axis of axes) {
    product = product.flatMap((settings) => axis.map((value) => ({ ...settings, ...value })));
  }
  return product as CellSettings[];
}

type ThreadCounts = Pick<Cell, 'deviceThreads' | 'stormThreads'>;

/**
 * All pairs of device and storm threads. A sweep leaves out those that a cell has no room for.
 * @throws {UsageError} for counts that leave no room even for a sweep's 1
 */
function threadCounts(group: CellGroup, cores: number, where: string): ThreadCounts[] {
  const others = group.maintenanceThreads + (group.teardown === undefined ? 0 : 1);
  const room = WORKER_THREADS_MAX - others;
  const most = Math.min(cores, Math.max(1, room - 1));
  return distinct(group.deviceThreads, most).flatMap((device) =>
    distinct(group.stormThreads, most)
      .filter((storm) => {
        const least = (device.swept ? 1 : device.count) + (storm.swept ? 1 : storm.count);
        if (least > room) throw tooManyThreads(where, least, others);
        return device.count + storm.count <= room;
      })
      .map((storm) => ({ deviceThreads: device.count, stormThreads: storm.count })),
  );
}

function tooManyThreads(where: string, chosen: number, others: number): UsageError {
  const more = others === 0 ? '' : ` and ${others} for maintenance and teardown`;
  return new UsageError(
    `${where}: ${chosen} device and storm threads${more}; a cell has at most ${WORKER_THREADS_MAX} threads`,
  );
}

interface ThreadCount {
  readonly count: number;
  /** From `1..cores`, not written down. */
  readonly swept: boolean;
}

function distinct(counts: CellGroup['deviceThreads'], most: number): ThreadCount[] {
  const found = new Map<number, boolean>();
  for (const count of counts) {
    if (count !== '1..cores') {
      found.set(count, false);
      continue;
    }
    for (let power = 1; power < most; power *= 2) found.set(power, found.get(power) ?? true);
    found.set(most, found.get(most) ?? true);
  }
  return [...found].map(([count, swept]) => ({ count, swept }));
}
