import { z } from 'zod';
import { EVENT_EXCLUSIVE, NON_BLOCKABLE, REASON_EXIT } from '../../core/abi/trace-event.ts';
import {
  integerBetween,
  numberBetween,
  oneOf,
  strictShape,
  textUpTo,
} from '../suites/checked-input.ts';

/** What a kind of notifier range does, by the operation that opens it. */
export const MIX_OPERATIONS = ['invalidate', 'split', 'collapse', 'fork'] as const;

/** Length of the intervals whose activity the burst model counts. */
export const MIX_INTERVAL_NS = 1_000_000;
/** Activity levels: 0, 1, 2-3, 4-7, ... ranges in an interval. */
export const MIX_LEVELS = 24;

const countSchema = numberBetween(0, 1e15);

/** Ranges of one operation, event and reason. */
const kindSchema = strictShape({
  operation: oneOf(MIX_OPERATIONS),
  /** arg of the event: EVENT_* and NON_BLOCKABLE; 0 unless the operation is invalidate. */
  arg: integerBetween(0, NON_BLOCKABLE | EVENT_EXCLUSIVE),
  reason: integerBetween(0, REASON_EXIT),
  count: countSchema,
  /** Ranges by length: all lengths occur from `minPages` to `maxPages`, `count` times together. */
  sizes: z
    .array(
      strictShape({
        minPages: integerBetween(1, 2 ** 26),
        maxPages: integerBetween(1, 2 ** 26),
        count: countSchema,
      }),
    )
    .min(1)
    .max(64),
});

/**
 * A recording's shape without its addresses: what `fitMix` finds and the workload `mix` draws from.
 */
export const mixModelSchema = strictShape({
  schemaVersion: z.literal(1),
  /** The trace it was fitted to. */
  fittedTo: textUpTo(500),
  /** Touched part of the space, rounded up to blocks. */
  spacePages: integerBetween(512, 2 ** 26),
  rangesPerSecond: numberBetween(0, 1e9),
  /** Share of the touched blocks that were first touched as a whole. */
  hugeShare: numberBetween(0, 1),
  /** Touched pages for each page that ranges took away. */
  refaultShare: numberBetween(0, 1),
  /** Share of ranges that begin where the one before ended. */
  adjacentShare: numberBetween(0, 1),
  /** Frame contiguity of the trace. */
  contiguity: numberBetween(0, 1),
  kinds: z.array(kindSchema).min(1, { error: 'expected at least one kind of range' }).max(256),
  /** transitions[from][to]: intervals of 1 ms at level `to` that followed one at level `from`. */
  transitions: z.array(z.array(countSchema).max(MIX_LEVELS)).min(1).max(MIX_LEVELS),
});

export type MixModel = z.output<typeof mixModelSchema>;
export type MixKind = MixModel['kinds'][number];

/** Activity level of an interval with `count` ranges. */
export function mixLevel(count: number): number {
  return count === 0 ? 0 : Math.min(MIX_LEVELS - 1, 32 - Math.clz32(count));
}
