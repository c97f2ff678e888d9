import { UsageError } from '../../results/usage-error.ts';
import type { RecordSink } from '../trace/record.ts';
import type { SpaceFacts, TraceMetadata } from '../trace/trace-metadata.ts';
import { AddressSpaceTracker } from './address-space-tracker.ts';
import { ImportContext } from './import-context.ts';
import { RecordingSource } from './recording-source.ts';

/** Changes when the same text would give other records. */
export const IMPORTER = 'xlt-bench importer 1';
/** Recorders that print per-CPU buffers in turn step back a little; more is another recording. */
const STEP_BACK_NS: Readonly<Record<string, number>> = { bpftrace: 100e6 };
const STEP_BACK_DEFAULT_NS = 1e6;
/** 104 days: the largest time that a trace can hold to the nanosecond. */
const TIME_MAX_NS = Number.MAX_SAFE_INTEGER;

/**
 * Imports the recordings of one run, merged by time, into `sink`. The first file is the recording of
 * the target, further ones hold other tasks of the same run (kernel threads).
 * @param onText called after each piece of text, so that a writer can let the disk catch up
 * @returns the metadata but for the number of records, which the sink knows
 * @throws UsageError with file and line for every fault of the input
 */
export async function importRecording(
  paths: readonly string[],
  sink: RecordSink,
  onText: () => Promise<void> = async () => {},
): Promise<Omit<TraceMetadata, 'records'>> {
  const sources: RecordingSource[] = [];
  try {
    for (const path of paths) sources.push(await RecordingSource.open(path));
    const run = new ImportRun(sources, sink);
    await run.all(onText);
    return run.finish();
  } finally {
    for (const source of sources) await source.close();
  }
}

class ImportRun {
  readonly #sources: readonly RecordingSource[];
  readonly #context: ImportContext;
  readonly #tracker: AddressSpaceTracker;
  #baseSeconds = 0;
  #baseNanos = 0;
  #events = 0;

  constructor(sources: readonly RecordingSource[], sink: RecordSink) {
    this.#sources = sources;
    this.#context = new ImportContext(sink);
    const isExecHidden = sources.every((source) => source.format === 'perf-script');
    this.#tracker = new AddressSpaceTracker(this.#context, isExecHidden);
  }

  async all(onText: () => Promise<void>): Promise<void> {
    const waiting: RecordingSource[] = [];
    for (const source of this.#sources) {
      if (await source.next()) waiting.push(source);
    }
    const first = waiting[0];
    if (!first) return;
    this.#baseSeconds = Math.min(...waiting.map((source) => source.scanner.event.seconds));
    this.#baseNanos = Math.min(...waiting.map((source) => this.#timeNs(source)));
    if (waiting.length === 1) await this.#one(first, onText);
    else await this.#merge(waiting, onText);
  }

  async #one(source: RecordingSource, onText: () => Promise<void>): Promise<void> {
    this.#apply(source);
    const scanner = source.scanner;
    do {
      while (scanner.next()) this.#apply(source);
      await onText();
    } while (await source.fill());
  }

  async #merge(waiting: RecordingSource[], onText: () => Promise<void>): Promise<void> {
    this.#checkClocks(waiting);
    let sinceDrain = 0;
    while (waiting.length > 0) {
      let next = waiting[0]!;
      for (const source of waiting) if (this.#timeNs(source) < this.#timeNs(next)) next = source;
      this.#apply(next);
      if (!next.scanner.next() && !(await next.next())) waiting.splice(waiting.indexOf(next), 1);
      if (++sinceDrain === 4096) {
        sinceDrain = 0;
        await onText();
      }
    }
  }

  /** Recordings of one run share a clock: a wall clock and a monotonic one are decades apart. */
  #checkClocks(sources: readonly RecordingSource[]): void {
    for (const source of sources) {
      const apart = source.scanner.event.seconds - this.#baseSeconds;
      if (apart < 86400) continue;
      throw new UsageError(
        `${source.scanner.name}: begins ${apart} s after the other recording: expected files of one run with one clock`,
      );
    }
  }

  #timeNs(source: RecordingSource): number {
    const { seconds, nanos } = source.scanner.event;
    return (seconds - this.#baseSeconds) * 1e9 + nanos - this.#baseNanos;
  }

  #apply(source: RecordingSource): void {
    const context = this.#context;
    const timeNs = this.#timeNs(source);
    context.place = source.scanner;
    if (timeNs > TIME_MAX_NS) this.#stepFar(timeNs - context.timeNs);
    if (timeNs < context.timeNs) this.#stepBack(source, context.timeNs - timeNs);
    else context.timeNs = timeNs;
    this.#events++;
    this.#tracker.apply(source.scanner.event);
  }

  #stepBack(source: RecordingSource, stepNs: number): void {
    if (stepNs <= (STEP_BACK_NS[source.format] ?? STEP_BACK_DEFAULT_NS)) {
      this.#context.note('small steps back in time, taken as no step');
      return;
    }
    this.#context.fail(
      `time runs backwards by ${(stepNs / 1e9).toFixed(6)} s, expected lines in order of time`,
    );
  }

  #stepFar(stepNs: number): never {
    const days = Math.round(stepNs / 86_400e9);
    this.#context.fail(`time jumps ahead by ${days} days, expected one recording of less than 104`);
  }

  finish(): Omit<TraceMetadata, 'records'> {
    const context = this.#context;
    const facts = this.#sources.map((source) => source.finish());
    const name = this.#sources.map(({ scanner }) => scanner.name).join(' + ');
    if (this.#events === 0) {
      throw new UsageError(`${name}: no memory event in ${facts[0]?.lines ?? 0} lines`);
    }
    context.checkPageSize(name);
    context.checkOverlaps();
    const lines = new Map<string, number>();
    for (const { scanner } of this.#sources) {
      for (const [kind, count] of scanner.lines) lines.set(kind, (lines.get(kind) ?? 0) + count);
      for (const [kind, count] of scanner.notes) context.note(kind, count);
    }
    const spaces = this.#spaces();
    const isRecorded = spaces.some((space) => space.origin === 'recorded');
    const origin = isRecorded ? 'recorded' : 'derived';
    const metadata = {
      importer: IMPORTER,
      sources: facts,
      origin,
      durationNs: context.timeNs,
      spaces,
      lines: Object.fromEntries(lines),
      notes: Object.fromEntries(context.notes),
      marks: context.marks,
    } as const;
    return { ...metadata, warnings: warningsOf(metadata) };
  }

  #spaces(): SpaceFacts[] {
    const { table } = this.#tracker;
    const all = table.none.ranges > 0 ? [table.none, ...table.spaces] : table.spaces;
    return all.map((space) => ({
      space: space.number,
      pid: space.pid,
      comm: space.comm,
      parent: space.parent,
      startNs: space.startNs,
      endNs: space.endNs < 0 ? this.#context.timeNs : space.endNs,
      origin: space.ranges > 0 ? 'recorded' : 'derived',
      ranges: space.ranges,
      derivedRanges: space.derivedRanges,
      faults: space.faults,
      maps: space.maps,
    }));
  }
}

function warningsOf(metadata: Pick<TraceMetadata, 'origin' | 'notes'>): string[] {
  const warnings: string[] = [];
  if (metadata.origin === 'derived') {
    warnings.push(
      'derived: the recording has no notifier ranges, so they were concluded from calls and faults; kernel-made ones (copy-on-write, splits, khugepaged, KSM, compaction, reclaim) are missing and calls without effect are over-reported',
    );
  }
  const lost = metadata.notes['lost events'];
  if (lost) warnings.push(`the recorder lost ${lost} events: the trace has holes`);
  return warnings;
}
