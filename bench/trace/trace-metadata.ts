import { z } from 'zod';

const count = z.number().int().nonnegative();
const counts = z.record(z.string(), count);

/** One address space (mm) of the recording. */
export const SpaceFacts = z.object({
  /** Number in the records, from 1; 0 is "no space". */
  space: count,
  pid: count,
  comm: z.string(),
  /** Space it was forked or exec'ed from, 0 if it was there before the recording. */
  parent: count,
  startNs: z.number(),
  endNs: z.number(),
  /** recorded: the kernel's own ranges were seen; derived: only concluded ones. */
  origin: z.enum(['recorded', 'derived']),
  ranges: count,
  derivedRanges: count,
  faults: count,
  maps: count,
});
export type SpaceFacts = z.infer<typeof SpaceFacts>;

export const SourceFacts = z.object({
  /** File name without folder. */
  name: z.string(),
  format: z.enum(['tracefs', 'perf-script', 'strace', 'poll', 'bpftrace']),
  sha256: z.string(),
  bytes: count,
  lines: count,
});
export type SourceFacts = z.infer<typeof SourceFacts>;

/** The JSON part of an .xlt file: what was imported, from what, and what was left out. */
export const TraceMetadata = z.object({
  importer: z.string(),
  sources: z.array(SourceFacts),
  /** recorded if any space has the kernel's own ranges. */
  origin: z.enum(['recorded', 'derived']),
  records: count,
  durationNs: z.number(),
  spaces: z.array(SpaceFacts),
  /** Lines by kind of event, over all sources. */
  lines: counts,
  /** Lines that were skipped, unjoined, ambiguous or inferred, by kind. */
  notes: counts,
  marks: z.array(z.string()),
  /** What a reader must know before trusting a figure. */
  warnings: z.array(z.string()),
});
export type TraceMetadata = z.infer<typeof TraceMetadata>;
