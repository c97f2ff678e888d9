import {
  HUGE_BYTES,
  PAGE_BYTES,
  RECORD_DERIVED_RANGE,
  RECORD_NAMES,
  RECORD_RANGE,
} from './record.ts';
import { selectSpace } from './space-selection.ts';
import { readTraceFile, type TraceFile } from './trace-file.ts';
import type { SpaceFacts, TraceMetadata } from './trace-metadata.ts';

const INTERVAL_NS = 10e6;
/** Columns of the rate over time. */
const TIMELINE_SLOTS = 120;

/** Size classes of notifier ranges, as in the reference measurements; upper bounds in bytes, included. */
export const SIZE_CLASSES: readonly { readonly label: string; readonly maxBytes: number }[] = [
  { label: '4 KiB', maxBytes: PAGE_BYTES },
  { label: '8-60 KiB', maxBytes: 60 * 1024 },
  { label: '64 KiB-1 MiB', maxBytes: 2 ** 20 },
  { label: '1-2 MiB', maxBytes: HUGE_BYTES - 1 },
  { label: '2 MiB', maxBytes: HUGE_BYTES },
  { label: '> 2 MiB', maxBytes: Number.POSITIVE_INFINITY },
];

/** Names of REASON_*, by number. */
export const REASON_NAMES: readonly string[] = [
  'unknown',
  'munmap',
  'madvise',
  'mprotect',
  'mremap',
  'brk',
  'fork',
  'copy-on-write',
  'split',
  'collapse',
  'ksm',
  'migration',
  'reclaim',
  'writeback',
  'numa',
  'exit',
];

export interface TraceInspection {
  readonly metadata: TraceMetadata;
  /** The space that is described, null when the whole recording is. */
  readonly space: SpaceFacts | null;
  readonly origin: 'recorded' | 'derived';
  /** Ranges of the origin's kind. */
  readonly ranges: number;
  readonly seconds: number;
  readonly rangesPerSecond: number;
  /** Most ranges that begin within one aligned interval of 10 ms. */
  readonly peakPer10ms: number;
  readonly peakAtSeconds: number;
  readonly sizes: readonly { readonly label: string; readonly count: number }[];
  /** Share of ranges of at least 2 MiB. */
  readonly shareFrom2MiB: number;
  readonly bytes: number;
  readonly p99Bytes: number;
  readonly largestBytes: number;
  /** Share of ranges that repeat an earlier one. */
  readonly repeatShare: number;
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly records: readonly { readonly op: string; readonly count: number }[];
  /** Ranges per slot of equal time over the recording. */
  readonly timeline: readonly number[];
  /** Concluded ranges per recorded one; null where only one kind exists. */
  readonly derivedPerRecorded: number | null;
}

/**
 * Describes an .xlt file: rates, sizes, reasons, time course.
 * @param process name or pid; the whole recording by default
 * @throws UsageError for a file that is no good trace, or an unknown process
 */
export async function inspectTrace(path: string, process?: string): Promise<TraceInspection> {
  return inspectTraceFile(await readTraceFile(path), process);
}

export function inspectTraceFile(file: TraceFile, process?: string): TraceInspection {
  const { columns, metadata } = file;
  const space = process === undefined ? null : selectSpace(metadata, process);
  const origin = space?.origin ?? metadata.origin;
  const wanted = origin === 'recorded' ? RECORD_RANGE : RECORD_DERIVED_RANGE;
  const startNs = space?.startNs ?? 0;
  const endNs = space?.endNs ?? metadata.durationNs;
  const statistics = new RangeStatistics(startNs, endNs);
  const records = new Array<number>(RECORD_NAMES.length).fill(0);
  for (let i = 0; i < columns.capacity; i++) {
    if (space && columns.space[i] !== space.space) continue;
    const op = columns.op[i]!;
    if (op < records.length) records[op] = records[op]! + 1;
    if (op !== wanted) continue;
    const { page, pages, reason, timeNs } = columns;
    statistics.add(timeNs[i]!, page[i]!, pages[i]!, reason[i]!, columns.space[i]!);
  }
  const recorded = records[RECORD_RANGE]!;
  const derived = records[RECORD_DERIVED_RANGE]!;
  return {
    metadata,
    space,
    origin,
    ...statistics.result(),
    records: records.flatMap((count, op) => (count > 0 ? [{ op: RECORD_NAMES[op]!, count }] : [])),
    derivedPerRecorded: recorded > 0 && derived > 0 ? derived / recorded : null,
  };
}

class RangeStatistics {
  readonly #startNs: number;
  readonly #durationNs: number;
  readonly #perInterval = new Map<number, number>();
  readonly #timeline = new Array<number>(TIMELINE_SLOTS).fill(0);
  readonly #sizes: number[] = [];
  readonly #classes = SIZE_CLASSES.map(() => 0);
  readonly #reasons = REASON_NAMES.map(() => 0);
  readonly #seen = new Set<string>();
  #repeats = 0;
  #bytes = 0;

  constructor(startNs: number, endNs: number) {
    this.#startNs = startNs;
    this.#durationNs = Math.max(1, endNs - startNs);
  }

  add(timeNs: number, page: number, pages: number, reason: number, space: number): void {
    const sinceNs = timeNs - this.#startNs;
    const interval = Math.floor(sinceNs / INTERVAL_NS);
    this.#perInterval.set(interval, (this.#perInterval.get(interval) ?? 0) + 1);
    const slot = Math.floor((sinceNs / this.#durationNs) * TIMELINE_SLOTS);
    const inside = Math.min(TIMELINE_SLOTS - 1, Math.max(0, slot));
    this.#timeline[inside] = this.#timeline[inside]! + 1;
    const bytes = pages * PAGE_BYTES;
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    const sizeClass = SIZE_CLASSES.findIndex(({ maxBytes }) => bytes <= maxBytes);
    this.#classes[sizeClass] = this.#classes[sizeClass]! + 1;
    if (reason < this.#reasons.length) this.#reasons[reason] = this.#reasons[reason]! + 1;
    const key = `${space} ${page} ${pages}`;
    if (this.#seen.has(key)) this.#repeats++;
    else this.#seen.add(key);
  }

  result() {
    const ranges = this.#sizes.length;
    const sorted = this.#sizes.sort((left, right) => left - right);
    let peakPer10ms = 0;
    let peakAt = 0;
    for (const [interval, count] of this.#perInterval) {
      if (count <= peakPer10ms) continue;
      peakPer10ms = count;
      peakAt = interval;
    }
    const seconds = this.#durationNs / 1e9;
    const huge = sorted.filter((bytes) => bytes >= HUGE_BYTES).length;
    return {
      ranges,
      seconds,
      rangesPerSecond: ranges / seconds,
      peakPer10ms,
      peakAtSeconds: (peakAt * INTERVAL_NS) / 1e9,
      sizes: SIZE_CLASSES.map(({ label }, i) => ({ label, count: this.#classes[i]! })),
      shareFrom2MiB: ranges === 0 ? 0 : huge / ranges,
      bytes: this.#bytes,
      p99Bytes: sorted[Math.ceil(ranges * 0.99) - 1] ?? 0,
      largestBytes: sorted[ranges - 1] ?? 0,
      repeatShare: ranges === 0 ? 0 : this.#repeats / ranges,
      reasons: this.#reasons
        .map((count, reason) => ({ reason: REASON_NAMES[reason]!, count }))
        .filter(({ count }) => count > 0)
        .sort((left, right) => right.count - left.count),
      timeline: this.#timeline,
    };
  }
}
