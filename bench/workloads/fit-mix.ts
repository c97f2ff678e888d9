import {
  EVENT_PROTECTION_PAGE,
  EVENT_PROTECTION_VMA,
  NON_BLOCKABLE,
  OP_COLLAPSE,
  OP_FAULT,
  OP_FAULT_HUGE,
  OP_FORK,
  OP_INVALIDATE,
  OP_SPLIT,
} from '../../core/abi/trace-event.ts';
import { UsageError } from '../../results/usage-error.ts';
import { MIX_INTERVAL_NS, MIX_LEVELS, type MixKind, type MixModel, mixLevel } from './mix-model.ts';
import type { PageTrace } from './page-trace.ts';
import { opensNotifierRange, PageTraceReader } from './page-trace-reader.ts';

const BLOCK_PAGES = 512;
const OPERATIONS: Readonly<Record<number, MixKind['operation']>> = {
  [OP_INVALIDATE]: 'invalidate',
  [OP_SPLIT]: 'split',
  [OP_COLLAPSE]: 'collapse',
  [OP_FORK]: 'fork',
};

interface KindCounts {
  readonly operation: MixKind['operation'];
  readonly arg: number;
  readonly reason: number;
  readonly pages: number[];
}

/**
 * Fits the parameters of the workload `mix` to a trace: which kinds of range in which shares, how
 * long, how bursty (a chain over 1 ms intervals), how adjacent, and how much comes back. A
 * synthetic trace's set-up is left out.
 *
 * @throws {UsageError} for a trace with fewer than two notifier ranges
 */
export function fitMix(trace: PageTrace): MixModel {
  const reader = new PageTraceReader(trace);
  const fromNs = trace.counts.setupNs ?? 0;
  const kinds = new Map<string, KindCounts>();
  const times: number[] = [];
  let adjacent = 0;
  let takenPages = 0;
  let touchedPages = 0;
  let previousEnd = -1;
  for (let index = 0; index < reader.eventCount; index++) {
    const op = reader.op(index);
    const pages = reader.pageCount(index);
    const timeNs = reader.timeNs(index);
    if (timeNs < fromNs) continue;
    if (op === OP_FAULT || op === OP_FAULT_HUGE) touchedPages += pages;
    if (!opensNotifierRange(op)) continue;
    const arg = op === OP_INVALIDATE ? reader.arg(index) : 0;
    if (takesAway(op, arg)) takenPages += pages;
    times.push(timeNs);
    if (reader.firstPage(index) === previousEnd) adjacent++;
    previousEnd = reader.firstPage(index) + pages;
    kindOf(kinds, op, arg, reader.reason(index)).pages.push(pages);
  }
  if (times.length < 2) {
    throw new UsageError(`trace ${trace.name}: ${times.length} notifier ranges; fitting needs two`);
  }
  const spanSeconds = Math.max((times.at(-1)! - times[0]!) / 1e9, 1e-6);
  return {
    schemaVersion: 1,
    fittedTo: trace.name,
    ...spaceOf(reader),
    rangesPerSecond: times.length / spanSeconds,
    refaultShare: Math.min(1, touchedPages / Math.max(1, takenPages)),
    adjacentShare: adjacent / times.length,
    contiguity: trace.contiguity,
    kinds: [...kinds.values()].map(({ operation, arg, reason, pages }) => ({
      operation,
      arg,
      reason,
      count: pages.length,
      sizes: sizeClasses(pages),
    })),
    transitions: countTransitions(times),
  };
}

function takesAway(op: number, arg: number): boolean {
  const event = arg & ~NON_BLOCKABLE;
  return op === OP_INVALIDATE && event !== EVENT_PROTECTION_VMA && event !== EVENT_PROTECTION_PAGE;
}

function kindOf(
  kinds: Map<string, KindCounts>,
  op: number,
  arg: number,
  reason: number,
): KindCounts {
  const key = `${op} ${arg} ${reason}`;
  let kind = kinds.get(key);
  if (kind === undefined) {
    kind = { operation: OPERATIONS[op]!, arg, reason, pages: [] };
    kinds.set(key, kind);
  }
  return kind;
}

/** One class per power of two, as narrow as the lengths that fall into it. */
function sizeClasses(pages: readonly number[]): MixKind['sizes'] {
  const classes = new Map<number, { minPages: number; maxPages: number; count: number }>();
  for (const length of pages) {
    const order = 31 - Math.clz32(length);
    const known = classes.get(order);
    if (known === undefined) classes.set(order, { minPages: length, maxPages: length, count: 1 });
    else {
      known.minPages = Math.min(known.minPages, length);
      known.maxPages = Math.max(known.maxPages, length);
      known.count++;
    }
  }
  return [...classes.entries()].sort(([left], [right]) => left - right).map(([, size]) => size);
}

function countTransitions(times: readonly number[]): number[][] {
  const startNs = times[0]!;
  const perInterval: number[] = [];
  for (const timeNs of times) {
    const interval = Math.floor((timeNs - startNs) / MIX_INTERVAL_NS);
    while (perInterval.length <= interval) perInterval.push(0);
    perInterval[interval]!++;
  }
  const levels = perInterval.map(mixLevel);
  const top = levels.reduce((highest, level) => Math.max(highest, level), 0);
  const size = Math.min(MIX_LEVELS, top + 1);
  const transitions = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let index = 1; index < levels.length; index++) {
    transitions[levels[index - 1]!]![levels[index]!]!++;
  }
  // The last interval leads back to the first: no level is without a way on.
  transitions[levels.at(-1)!]![levels[0]!]!++;
  return transitions;
}

/** Blocks that any fault touched, and the share of them whose first touch was a 2 MiB one. */
function spaceOf(reader: PageTraceReader): { spacePages: number; hugeShare: number } {
  const firstTouch = new Map<number, boolean>();
  for (let index = 0; index < reader.eventCount; index++) {
    const op = reader.op(index);
    if (op !== OP_FAULT && op !== OP_FAULT_HUGE) continue;
    const block = Math.floor(reader.firstPage(index) / BLOCK_PAGES);
    if (!firstTouch.has(block)) firstTouch.set(block, op === OP_FAULT_HUGE);
  }
  const huge = [...firstTouch.values()].filter(Boolean).length;
  return {
    spacePages: Math.max(1, firstTouch.size) * BLOCK_PAGES,
    hugeShare: firstTouch.size === 0 ? 0 : huge / firstTouch.size,
  };
}
