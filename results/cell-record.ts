import { z } from 'zod';
import { figure, latencySummarySchema, latencyWindowSchema } from './latency-summary.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

export const MODES = ['storm', 'replay', 'micro', 'verify', 'explore'] as const;
export const VERDICTS = ['passed', 'failed', 'crashed', 'timeout', 'refused'] as const;
export const GFP_CONTEXTS = ['KERNEL', 'NOWAIT', 'ATOMIC'] as const;

/** Parameters of a strategy, and what it declares of itself: plain JSON values, nothing nested. */
export const parametersSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null()]),
);
export type Parameters = z.output<typeof parametersSchema>;

/** A workload's parameters may nest. */
export const workloadParametersSchema = z.record(z.string(), z.json());

const text = z.string().nullable().default(null);

/** What identifies a cell; equal in plan.json and in the record. */
export const cellIdentityShape = {
  /** Readable name; together with `fork` it is unique in a run. */
  cellId: z.string().min(1),
  strategy: z.string().min(1),
  params: parametersSchema.default({}),
  /** A second name for the same strategy and parameters, e.g. the two sides of an A/A run. */
  alias: text,
  workload: z.string().min(1),
  workloadParams: workloadParametersSchema.default({}),
  /** Memory pressure profile; null: memory is plentiful. */
  pressure: text,
  mode: z.enum(MODES),
  /** Replicate, counted from 0: one forked process each. */
  fork: z.number().int().nonnegative(),
  seed: z.number().int().nonnegative(),
};

const oracleSchema = z.object({
  translations: figure,
  violations: figure,
  /** The first stale translations, one sentence each. */
  examples: z.array(z.string()).default([]),
});

/** From planned arrival (open loop) or from issue (closed loop), by `load.loop`. */
const latencySchema = z.object({
  notifier: latencySummarySchema.prefault({}),
  fault: latencySummarySchema.prefault({}),
  translate: latencySummarySchema.prefault({}),
  /** From issue even in an open loop: what a closed loop would have reported. */
  notifierService: latencySummarySchema.prefault({}),
  faultService: latencySummarySchema.prefault({}),
  /** Unregister of a region: from the call until no callback can run any more. */
  teardown: latencySummarySchema.prefault({}),
});

const loadSchema = z.object({
  loop: z.enum(['open', 'closed']).nullable().default(null),
  offeredPerSecond: figure,
  achievedPerSecond: figure,
});

const deviceSchema = z.object({
  /** Name of the device profile. */
  profile: z.string().min(1),
  commands: figure,
  entriesWritten: figure,
  entriesZapped: figure,
  cacheInvalidations: figure,
  /** Share of device thread time spent waiting for faults, 0..1. */
  stallShare: z.number().min(0).max(1).nullable().default(null),
  /** Commands that completed with an error, and queue resets after them. */
  commandErrors: figure,
  queueResets: figure,
  /** Faults that ended because the device is dead: the one failure that an update may report. */
  hardwareFailures: figure,
});

const memorySampleSchema = z.object({
  timeNs: z.number().nonnegative(),
  tableBytes: z.number().nonnegative(),
  stagingBytes: z.number().nonnegative(),
  reserveBytes: z.number().nonnegative(),
  /** Cumulative: 2 MiB blocks broken by the OS, failed allocations. */
  splits: z.number().nonnegative(),
  failures: z.number().nonnegative(),
});
export type MemorySample = z.output<typeof memorySampleSchema>;

const memorySchema = z.object({
  tableBytesMean: figure,
  tableBytesPeak: figure,
  stagingBytesPeak: figure,
  reserveBytesPeak: figure,
  bytesPerMappedGiB: figure,
  /** Budget the allocator was given; null: unlimited. */
  budgetBytes: figure,
  leakedBytes: figure,
  series: z.array(memorySampleSchema).default([]),
});

const allocationSchema = z.object({
  context: z.enum(GFP_CONTEXTS),
  /** Buddy order: 2^order pages of 4 KiB. */
  order: z.number().int().nonnegative(),
  site: z.string().min(1),
  attempts: z.number().nonnegative(),
  failures: z.number().nonnegative(),
  /** Of the failures, those made by fault injection. */
  injected: z.number().nonnegative(),
});
export type AllocationCount = z.output<typeof allocationSchema>;

/** What failed allocations and commands led to. */
const failuresSchema = z.object({
  degraded: figure,
  retried: figure,
  updateFailed: figure,
  notifierFailed: figure,
});

const collateralSchema = z.object({ entries: figure, spuriousFaults: figure });

const notifierSchema = z.object({
  ranges: figure,
  pages: figure,
  retries: figure,
  /** Longest chain of collision retries of one fault. */
  retriesPeak: figure,
  /** Non-blockable invalidations answered with -EAGAIN. */
  wouldBlock: figure,
  livelocks: figure,
});

/** The machine and the process as seen during this cell. */
const hostSchema = z.object({
  /** host.json's machineId, so that a record cannot be mistaken for another machine's. */
  machineId: text,
  gcEvents: figure,
  heapGrowthBytes: z.number().nullable().default(null),
  residentBytesPeak: figure,
  /** Share of CPU time taken by the hypervisor, 0..1. */
  stealShare: z.number().min(0).max(1).nullable().default(null),
  throttledNs: figure,
  loadAverage: figure,
  /** PSI "some" CPU pressure over the cell, 0..1. */
  cpuPressureShare: z.number().min(0).max(1).nullable().default(null),
  contextSwitchesInvoluntary: figure,
  /**
   * Round trip of a cache line between the first two threads just before the window: how far apart their
   * cores were.
   */
  handoverNs: figure,
  /** From the start of the cell's process to the opening of its measured window, milliseconds. */
  startUpMs: figure,
  clockCostNs: figure,
  clockGranularityNs: figure,
});

const threadsSchema = z.object({ device: figure, storm: figure, maintenance: figure });

/** A reason to trust the figures less; made by bench/environment. */
export const trustFlagSchema = z.object({
  code: z.string().min(1),
  /** `warning`: figures may be off. `note`: worth knowing. */
  severity: z.enum(['warning', 'note']),
  text: z.string().min(1),
});
export type TrustFlag = z.output<typeof trustFlagSchema>;

const steadyStateSchema = z.object({
  class: z.enum(['flat', 'warm-up', 'slowdown', 'none']).nullable().default(null),
  /** Blocks in which a new level starts. */
  changePoints: z.array(z.number().int().nonnegative()).default([]),
  /** First block of the steady state; null where there is none. */
  steadyFromBlock: z.number().int().nonnegative().nullable().default(null),
});

const microRowSchema = z.object({
  /** map, unmap, split, collapse, translate-hit, translate-miss, ... */
  operation: z.string().min(1),
  /** Bytes of one leaf and how many leaves one call covers: 256 x 4K = {4096, 256}. */
  leafBytes: z.number().int().positive(),
  leaves: z.number().int().positive(),
  avgNs: figure,
  minNs: figure,
  /** What the fastest twentieth of the batches kept below: what `compare` judges. */
  p5Ns: figure,
  p50Ns: figure,
  p99Ns: figure,
  samples: figure,
  /** Operations per sample. */
  batchSize: z.number().int().positive().nullable().default(null),
  /** Of one operation, the mean over a batch: the strategy's own and core's in its tables. Exact. */
  loads: figure,
  stores: figure,
  /** Distinct lines of 64 bytes, each call of the strategy for itself. */
  lines: figure,
});
export type MicroRow = z.output<typeof microRowSchema>;

const capacityPointSchema = z.object({
  offeredPerSecond: z.number().nonnegative(),
  achievedPerSecond: figure,
  notifierP50Ns: figure,
  notifierP99Ns: figure,
  notifierP999Ns: figure,
  faultP99Ns: figure,
  /** Achieved stays below offered: latency here measures the queue, not the strategy. */
  saturated: z.boolean(),
});
export type CapacityPoint = z.output<typeof capacityPointSchema>;

/** What calls of the strategy touched; a line is 64 bytes, distinct within one call. */
const lineCountSchema = z.object({ calls: figure, loads: figure, stores: figure, lines: figure });

/** Replay: exact counts and the time a device profile makes of them. Nothing here is measured. */
const modelSchema = z.object({
  modelledNs: figure,
  entriesWritten: figure,
  entriesZapped: figure,
  cacheLines: figure,
  commands: figure,
  /** Counted in a second replay by instrumented modules: the device's walks, and what the driver does. */
  lines: z.object({ device: lineCountSchema, cpu: lineCountSchema }).nullable().default(null),
  /** Digest of the final table and of all counters: equal seeds give equal digests. */
  digest: text,
});

/** Conformance and sweep results of a verify or explore cell. */
const checkSchema = z.object({
  name: z.string().min(1),
  outcome: z.enum(['passed', 'failed', 'skipped']),
  /** How many times it was exercised, e.g. the last n of a fail-nth sweep. */
  count: figure,
  detail: text,
});
export type Check = z.output<typeof checkSchema>;

/**
 * One cell and fork of a run: a line of cells.ndjson. Units stand in the names; a figure that was not
 * measured is `null`, never 0. The field names are a contract (results/README.md).
 */
export const cellRecordSchema = z.object({
  schemaVersion: z.string().default(SCHEMA_VERSION),
  ...cellIdentityShape,
  verdict: z.enum(VERDICTS),
  /** One sentence; null only where the verdict is `passed`. */
  reason: text,
  startedAt: z.iso.datetime().nullable().default(null),
  endedAt: z.iso.datetime().nullable().default(null),
  /** Length of the measured window. */
  measuredNs: figure,
  suite: text,
  /** What a sweep varied beside the workload's parameters, e.g. "4 device threads". */
  variant: text,
  /** False for canaries: shown, but neither compared nor ranked. */
  comparison: z.boolean().default(true),
  strategyTitle: text,
  family: text,
  /** What the strategy declares about itself, e.g. {"allocatesInUpdate": false}. */
  guarantees: parametersSchema.default({}),
  workloadOrigin: z.enum(['recorded', 'derived', 'synthetic']).nullable().default(null),
  workloadDescription: text,
  /** Digest of all that shapes the figures but the strategy, the seed and the machine. */
  conditionsHash: text,
  /** Digests of the modules that ran: core, strategy, driver. */
  modules: z.record(z.string(), z.string()).default({}),
  threads: threadsSchema.prefault({}),
  oracle: oracleSchema.prefault({}),
  latency: latencySchema.prefault({}),
  load: loadSchema.prefault({}),
  device: deviceSchema,
  memory: memorySchema.prefault({}),
  allocations: z.array(allocationSchema).default([]),
  failures: failuresSchema.prefault({}),
  collateral: collateralSchema.prefault({}),
  notifier: notifierSchema.prefault({}),
  host: hostSchema.prefault({}),
  flags: z.array(trustFlagSchema).default([]),
  windows: z.array(latencyWindowSchema).default([]),
  steadyState: steadyStateSchema.prefault({}),
  micro: z.array(microRowSchema).default([]),
  capacity: z.array(capacityPointSchema).default([]),
  model: modelSchema.prefault({}),
  checks: z.array(checkSchema).default([]),
  /** Whatever else a mode wants to keep; readers may not rely on it. */
  extra: z.record(z.string(), z.json()).default({}),
});

/** A complete record: every field present. */
export type CellRecord = z.output<typeof cellRecordSchema>;

/** What a producer has to give: absent figures become `null`. */
export type CellRecordInput = z.input<typeof cellRecordSchema>;

/** Fills in what was not measured. @throws ZodError when a field is out of its range */
export function createCellRecord(input: CellRecordInput): CellRecord {
  return cellRecordSchema.parse(input);
}
