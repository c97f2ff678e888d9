import type { z } from 'zod';
import {
  integerBetween,
  numberBetween,
  oneOf,
  strictShape,
  textUpTo,
} from '../suites/checked-input.ts';

/** How well a figure is known; the marks of the project's domain notes. */
export const EVIDENCE_MARKS = [
  'read',
  'second-hand',
  'inferred',
  'recalled',
  'model constant',
] as const;

function cost(unit: 'ns' | 'ps', max: number) {
  return strictShape({
    value: numberBetween(0, max),
    unit: oneOf([unit]),
    /** Paper, commit or table row the value comes from. */
    source: textUpTo(400),
    evidence: oneOf(EVIDENCE_MARKS),
  });
}

function size(min: number, max: number) {
  return strictShape({
    value: integerBetween(min, max).refine((value) => (value & (value - 1)) === 0, {
      error: `expected a power of two (or 0 where allowed), ${min}..${max}`,
    }),
    unit: oneOf(['entries']),
    source: textUpTo(400),
    evidence: oneOf(EVIDENCE_MARKS),
  });
}

const MINUTE_NS = 60_000_000_000;

/** What one device charges for its commands and faults: each figure with source and evidence. */
export const deviceProfileSchema = strictShape({
  id: textUpTo(100).regex(/^[a-z0-9][a-z0-9-]*$/, {
    error: 'expected lower-case words with dashes',
  }),
  title: textUpTo(200),
  costs: strictShape({
    /** Posting one update command and waiting for its completion, without its entries. */
    commandFixedNs: cost('ns', MINUTE_NS),
    /** Each 8-byte entry that an update command carries. */
    perEntryPs: cost('ps', MINUTE_NS),
    /** One invalidation of the device's translation cache, however many pages it names. */
    invalidateCommandNs: cost('ns', MINUTE_NS),
    /** Waiting until the device has finished everything posted before. */
    fenceNs: cost('ns', MINUTE_NS),
    /** Round trip of a device fault, without the update it leads to. */
    faultNs: cost('ns', MINUTE_NS),
  }),
  /** Translations that a device thread may keep, a power of two; 0: no cache. */
  cacheEntries: size(0, 1_024),
  /** Entries that an update command writes or clears together: the alignment of its range. */
  granuleEntries: size(1, 512),
});

export type DeviceProfile = z.output<typeof deviceProfileSchema>;
export type EvidenceMark = (typeof EVIDENCE_MARKS)[number];
