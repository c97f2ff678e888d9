import { z } from 'zod';
import { THREAD_CAPACITY } from '../../core/abi/layout.ts';
import { microLabel } from '../../results/metrics.ts';
import { MICRO_OPERATIONS } from '../micro/micro-operations.ts';
import { integerBetween, numberBetween, oneOf, strictShape, textUpTo } from './checked-input.ts';

/** How a cell is executed; meaning of each: DESIGN.md, "Modes". */
export const CELL_MODES = ['storm', 'replay', 'micro', 'verify'] as const;

/** What the table arena is like for the strategy. */
export const MEMORY_PROFILES = [
  'plenty',
  'tight',
  'fragmented',
  'reclaim',
  'atomic-only',
  'collapse',
] as const;

/** What unregistering waits for; `naive` waits for nothing and must be caught. */
export const TEARDOWN_POLICIES = ['strong', 'deferred', 'refcount', 'naive'] as const;

/** How the device thread chooses the page it translates next. */
export const ACCESS_KINDS = ['uniform', 'zipf', 'sequential', 'hot-recent'] as const;

/** Plain JSON parameters of a strategy; what they mean is the strategy's own affair. */
export const strategyParamsSchema = z.record(
  z.string(),
  z.union([z.number(), z.string(), z.boolean()], {
    error: 'expected a finite number, text, true or false',
  }),
);

/** Plain JSON parameters of a workload; each workload checks its own. */
export const workloadParamsSchema = z.record(z.string(), z.json());

export const workloadReferenceSchema = strictShape({
  /** A synthetic workload's id, a bundled recording's name, or the path of a trace file. */
  id: textUpTo(500),
  params: workloadParamsSchema.default({}),
});

/**
 * When the events of the trace are due.
 * - recorded: at the recording's own times
 * - asap: each as soon as the one before is done (closed loop)
 * - compressed: the recording's times divided by `factor`
 * - rate: `perSecond` trace events a second at equal distances, whatever their own times
 */
export const paceSchema = z.discriminatedUnion(
  'kind',
  [
    strictShape({ kind: z.literal('recorded') }),
    strictShape({ kind: z.literal('asap') }),
    strictShape({ kind: z.literal('compressed'), factor: numberBetween(0.001, 65_535) }),
    strictShape({ kind: z.literal('rate'), perSecond: numberBetween(1, 100_000_000) }),
  ],
  { error: 'expected kind: recorded, asap, compressed (with factor) or rate (with perSecond)' },
);

/**
 * Which pages the device translates. `exponent` is zipf's s. `hot-recent` draws `hotShare` of the
 * accesses from the most recently faulted pages (the core keeps them) and the rest uniformly.
 */
export const accessSchema = z.discriminatedUnion(
  'kind',
  [
    strictShape({ kind: z.literal('uniform') }),
    strictShape({ kind: z.literal('zipf'), exponent: numberBetween(0.1, 5).default(0.99) }),
    strictShape({ kind: z.literal('sequential') }),
    strictShape({ kind: z.literal('hot-recent'), hotShare: numberBetween(0, 1).default(0.9) }),
  ],
  { error: `expected kind: ${ACCESS_KINDS.join(', ')}` },
);

export const memorySchema = strictShape({
  profile: oneOf(MEMORY_PROFILES),
  /** Bytes the strategy's tables may take; absent: the runner sizes it from the profile. */
  budgetBytes: integerBetween(4096, 2 ** 32).optional(),
});

/** Most threads of all roles in one cell: shared memory has this many blocks beside the set-up's. */
export const WORKER_THREADS_MAX = THREAD_CAPACITY - 1;

/** Two days. */
export const TIMEOUT_SECONDS_MAX = 172_800;

export const lapsSchema = integerBetween(1, 1_000_000);

const MICRO_LABELS = [...new Set(MICRO_OPERATIONS.map(microLabel))] as [string, ...string[]];

/** Rows of the micro table by their labels: `map 256x4K`. */
export const operationsSchema = z
  .array(oneOf(MICRO_LABELS), { error: 'expected a list of rows of the micro table' })
  .min(1, { error: 'expected one row of the micro table at least' })
  .max(100, { error: 'expected 100 rows of the micro table at most' });

export const teardownSchema = strictShape({
  policy: oneOf(TEARDOWN_POLICIES),
  /** Pause between a teardown and the next. */
  periodUs: integerBetween(10, 10_000_000).default(1000),
});

/** One fork of one measurement: everything a cell process needs, as plain JSON. */
export const cellSchema = strictShape({
  /** Same for every fork; readable, ends in a hash of all that follows except fork and seed. */
  cellId: z.string().regex(/^[a-z0-9][a-z0-9._~-]{0,199}$/, {
    error: 'expected 1..200 characters of a-z 0-9 . _ ~ -',
  }),
  strategy: textUpTo(500),
  params: strategyParamsSchema,
  workload: workloadReferenceSchema,
  /** Id of a built-in device profile or the path of a profile file. */
  device: textUpTo(500),
  mode: oneOf(CELL_MODES),
  fork: integerBetween(0, 9_999),
  /** Of this fork: feeds the workload, the draws of the device and the injected failures. */
  seed: integerBetween(0, 2 ** 32 - 1),
  pace: paceSchema,
  access: accessSchema,
  deviceThreads: integerBetween(0, WORKER_THREADS_MAX),
  stormThreads: integerBetween(0, WORKER_THREADS_MAX),
  maintenanceThreads: integerBetween(0, WORKER_THREADS_MAX),
  /** Length of the measured window; storm mode ends here even when the trace goes on. */
  windowSeconds: numberBetween(0.01, 86_400),
  /** The cell process is killed after this and the record says `timeout`. */
  timeoutSeconds: numberBetween(0.1, TIMEOUT_SECONDS_MAX),
  memory: memorySchema,
  /** Replay mode: how often the trace is played, each time on what the time before has left; once if absent. */
  laps: lapsSchema.optional(),
  /** Micro mode: the rows to measure; all if absent. */
  operations: operationsSchema.optional(),
  /** Regions are unregistered and registered again while the storm runs. */
  teardown: teardownSchema.optional(),
  /** Fault-injection rules in the order they are evaluated. */
  inject: z.array(textUpTo(500)).max(100).optional(),
  /** False for canaries and other checks: shown, but neither compared nor ranked. */
  comparison: z.boolean(),
});

export type CellMode = (typeof CELL_MODES)[number];
export type Access = z.output<typeof accessSchema>;
export type WorkloadReference = z.output<typeof workloadReferenceSchema>;
export type Cell = z.output<typeof cellSchema>;
