import { checkOutputFile } from '../../results/output-file.ts';
import { UsageError } from '../../results/usage-error.ts';
import { RecordBlocks } from '../trace/record-columns.ts';
import { selectSpace } from '../trace/space-selection.ts';
import { type ByteSink, FileSink, TraceFileWriter } from '../trace/trace-file.ts';
import type { SpaceFacts, TraceMetadata } from '../trace/trace-metadata.ts';
import { importRecording } from './import-recording.ts';

export interface ImportOptions {
  /** Text recordings of one run, plain, gzip or zstd: first the target's, then kernel threads'. */
  readonly inputs: readonly string[];
  /** The .xlt file to write. */
  readonly out: string;
  /** Process whose ranges the summary is about: name or pid; the one with the most ranges. */
  readonly process?: string;
  /** Replace an existing file. */
  readonly force?: boolean;
}

export interface ImportSummary {
  readonly out: string;
  readonly metadata: TraceMetadata;
  readonly space: SpaceFacts;
  /** Concluded ranges per recorded one in that space; null where only one kind exists. */
  readonly derivedPerRecorded: number | null;
  readonly seconds: number;
  readonly linesPerSecond: number;
}

/**
 * Imports text recordings into an .xlt file.
 * @throws UsageError with file, line and what was expected; nothing is written then
 */
export async function importTrace(options: ImportOptions): Promise<ImportSummary> {
  const { inputs, out } = options;
  if (inputs.length === 0)
    throw new UsageError('no recording named, expected one or two text files');
  checkOutputFile(out, {
    option: '--out',
    inputs,
    replace: options.force ?? false,
    otherwise: ' or --force',
  });
  const started = performance.now();
  const check = (metadata: TraceMetadata): void => {
    selectSpace(metadata, options.process);
  };
  const metadata = await importTraceFile(inputs, new FileSink(out), check);
  const seconds = (performance.now() - started) / 1000;
  const space = selectSpace(metadata, options.process);
  const lines = metadata.sources.reduce((sum, source) => sum + source.lines, 0);
  const hasBoth = space.ranges > 0 && space.derivedRanges > 0;
  return {
    out,
    metadata,
    space,
    derivedPerRecorded: hasBoth ? space.derivedRanges / space.ranges : null,
    seconds,
    linesPerSecond: lines / seconds,
  };
}

/**
 * Imports into any sink; `check` sees the metadata before the file gets its name, and may throw.
 * @throws UsageError as importTrace
 */
export async function importTraceFile(
  inputs: readonly string[],
  sink: ByteSink,
  check: (metadata: TraceMetadata) => void = () => {},
): Promise<TraceMetadata> {
  const writer = new TraceFileWriter(sink);
  try {
    const blocks = new RecordBlocks((count, payload) => writer.block(count, payload));
    const facts = await importRecording(inputs, blocks, () => writer.drain());
    blocks.finish();
    const metadata = { ...facts, records: blocks.recordCount };
    check(metadata);
    await writer.finish(metadata);
    return metadata;
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
