import { z } from 'zod';
import {
  accessSchema,
  CELL_MODES,
  lapsSchema,
  memorySchema,
  operationsSchema,
  paceSchema,
  strategyParamsSchema,
  teardownSchema,
  WORKER_THREADS_MAX,
  workloadReferenceSchema,
} from './cell.ts';
import { integerBetween, numberBetween, oneOf, strictShape, textUpTo } from './checked-input.ts';

/** One value or a list of them to sweep; always a list afterwards. */
function oneOrMany<Schema extends z.ZodType>(schema: Schema) {
  return z
    .union([schema, z.array(schema).min(1, { error: 'expected at least one' }).max(200)])
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<Schema>[]);
}

/**
 * `1..cores` stands for the powers of two below the machine's cores, and the cores; it ends where a cell
 * has no more threads.
 */
const threadCountSchema = z.union([integerBetween(0, WORKER_THREADS_MAX), z.literal('1..cores')], {
  error: `expected an integer 0..${WORKER_THREADS_MAX} or 1..cores`,
});

/**
 * Strategies by word: an id, the path of a .wasm file, `all` (strategies and the floor), `family:F`
 * or `kind:K`; or an id with parameters.
 */
const strategySelectorSchema = z.union(
  [textUpTo(500), strictShape({ id: textUpTo(500), params: strategyParamsSchema.default({}) })],
  { error: 'expected an id, all, family:NAME, kind:NAME or {id, params}' },
);

/**
 * Workloads by word: an id, a trace file, `all-synthetic`, `all-recordings`; or an id with
 * parameters.
 */
const workloadSelectorSchema = z.union([textUpTo(500), workloadReferenceSchema], {
  error: 'expected an id, a file, all-synthetic, all-recordings or {id, params}',
});

/** Cells that share their settings: the product of all lists. */
export const cellGroupSchema = strictShape({
  strategies: oneOrMany(strategySelectorSchema),
  workloads: oneOrMany(workloadSelectorSchema),
  devices: oneOrMany(textUpTo(500)).default(['mlx5-odp']),
  modes: oneOrMany(oneOf(CELL_MODES)).default(['storm']),
  forks: integerBetween(1, 1_000).default(1),
  pace: oneOrMany(paceSchema).default([{ kind: 'recorded' }]),
  access: oneOrMany(accessSchema).default([{ kind: 'zipf', exponent: 0.99 }]),
  deviceThreads: oneOrMany(threadCountSchema).default([1]),
  stormThreads: oneOrMany(threadCountSchema).default([1]),
  maintenanceThreads: integerBetween(0, WORKER_THREADS_MAX).default(0),
  teardown: oneOrMany(teardownSchema).optional(),
  memory: oneOrMany(memorySchema).default([{ profile: 'plenty' }]),
  /** Of replay cells alone: the others play for a time. */
  laps: lapsSchema.optional(),
  /** Of micro cells alone. */
  operations: operationsSchema.optional(),
  windowSeconds: numberBetween(0.01, 86_400).default(1),
  timeoutSeconds: numberBetween(0.1, 172_800).default(60),
  inject: z.array(textUpTo(500)).max(100).default([]),
  comparison: z.boolean().default(true),
});

/** A named set of cells and how long running it takes. */
export const suiteSchema = strictShape({
  name: textUpTo(100).regex(/^[a-z0-9][a-z0-9-]*$/, {
    error: 'expected lower-case words with dashes',
  }),
  description: textUpTo(500),
  /** Upper bound of its run on two cores, for the whole run or for each strategy of it. */
  duration: strictShape({
    seconds: numberBetween(1, 604_800),
    per: oneOf(['run', 'strategy']).default('run'),
  }),
  groups: z
    .array(cellGroupSchema, { error: 'expected a list of 1..100 cell groups' })
    .min(1, { error: 'expected a list of 1..100 cell groups' })
    .max(100, { error: 'expected a list of 1..100 cell groups' }),
});

export type CellGroup = z.output<typeof cellGroupSchema>;
export type Suite = z.output<typeof suiteSchema>;
/** As written in a file: defaults may be left out, single values stand for lists. */
export type SuiteInput = z.input<typeof suiteSchema>;
