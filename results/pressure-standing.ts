import { strategyLabel, workloadLabel } from './cell-identity.ts';
import type { CellRecord } from './cell-record.ts';
import { groupBy } from './group-by.ts';
import { FLOOR_FAMILY } from './pareto.ts';
import { medianOf } from './statistics/fork-bootstrap.ts';

/** How a strategy came through all memory profiles; the worst that happened counts. */
export type Standing =
  /** An invalidation failed for want of memory: what must never be. */
  | 'failed in the notifier'
  /** Some profile could not hold what it allocates beforehand, or it failed there for another reason. */
  | 'did not run everywhere'
  /** Allocations failed, and made devices wait or more be dropped than was asked; never the OS. */
  | 'ran everywhere, at a price'
  | 'ran everywhere without a failed allocation';

export const STANDINGS: readonly Standing[] = [
  'ran everywhere without a failed allocation',
  'ran everywhere, at a price',
  'did not run everywhere',
  'failed in the notifier',
];

/**
 * The question of the thread that this began with (linux-rdma, 2019), answered for one strategy: does it
 * keep its table dynamic, so that it runs where a whole table does not fit, and never fail in the
 * notifier? Counts are sums over all its cells.
 */
export interface PressureStanding {
  readonly strategy: string;
  readonly standing: Standing;
  readonly failures: number;
  /** Updates that failed: the device saw it and asked again. */
  readonly updateFailed: number;
  /** Invalidations that dropped more than asked, and smaller steps. */
  readonly degraded: number;
  readonly notifierFailed: number;
  /** Entries that were dropped though nobody asked. */
  readonly collateral: number;
  /** Cells that passed, of all; and of those with a memory profile. */
  readonly passed: number;
  readonly cells: number;
  readonly passedPressed: number;
  /** Median over the cells with plenty of memory; null where there is none. */
  readonly bytesPerGib: number | null;
}

/** @returns none where no cell ran under a memory profile */
export function pressureStandings(records: readonly CellRecord[]): PressureStanding[] {
  const pressed = pressedCells(records);
  const ranked = pressed.filter(({ family }) => family !== FLOOR_FAMILY);
  return [...groupBy(ranked, strategyLabel)]
    .map(([strategy, cells]) => standingOf(strategy, cells))
    .sort((a, b) => rank(a) - rank(b) || (a.strategy < b.strategy ? -1 : 1));
}

/** Compared cells of a run that sets memory profiles; `plenty` among them. None: no profile was set. */
export function pressedCells(records: readonly CellRecord[]): CellRecord[] {
  const cells = records.filter(({ comparison, mode }) => comparison && mode !== 'micro');
  const swept = new Set(
    cells.filter(({ pressure }) => pressure !== null).map((cell) => workloadLabel(cell)),
  );
  return cells.filter((cell) => swept.has(workloadLabel(cell)));
}

function rank({ standing }: PressureStanding): number {
  return STANDINGS.indexOf(standing);
}

function standingOf(strategy: string, cells: readonly CellRecord[]): PressureStanding {
  const of = (figure: (record: CellRecord) => number | null): number =>
    cells.reduce((total, record) => total + (figure(record) ?? 0), 0);
  const failures = of(({ allocations }) =>
    allocations.reduce((total, row) => total + row.failures, 0),
  );
  const notifierFailed = of((record) => record.failures.notifierFailed);
  const passed = cells.filter(({ verdict }) => verdict === 'passed');
  const plenty = cells.filter(({ pressure }) => pressure === null);
  const bytes = plenty
    .map(({ memory }) => memory.bytesPerMappedGiB)
    .filter((value) => value !== null);
  let standing: Standing = 'ran everywhere without a failed allocation';
  if (notifierFailed > 0) standing = 'failed in the notifier';
  else if (cells.some(({ verdict }) => verdict !== 'passed')) standing = 'did not run everywhere';
  else if (failures > 0) standing = 'ran everywhere, at a price';
  return {
    strategy,
    standing,
    failures,
    passed: passed.length,
    cells: cells.length,
    passedPressed: passed.filter(({ pressure }) => pressure !== null).length,
    updateFailed: of((record) => record.failures.updateFailed),
    degraded: of((record) => record.failures.degraded),
    notifierFailed,
    collateral: of(({ collateral }) => collateral.entries),
    bytesPerGib: bytes.length === 0 ? null : medianOf(bytes),
  };
}
