import { z } from 'zod';
import { cellIdentityShape } from './cell-record.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

export const plannedCellSchema = z.object({
  ...cellIdentityShape,
  device: z.object({ profile: z.string().min(1) }),
  /** Interleaving: each block holds every series at most once, in an order drawn from the seed. */
  block: z.number().int().nonnegative(),
});

/** plan.json: what was asked for, resolved, in the order in which it runs. */
export const runPlanSchema = z.object({
  schemaVersion: z.string().default(SCHEMA_VERSION),
  runId: z.string().min(1),
  createdAt: z.iso.datetime(),
  suite: z.string().nullable().default(null),
  /** The exact command line, ready to be pasted into a shell. */
  command: z.string().min(1),
  seed: z.number().int().nonnegative(),
  /** Resolved configuration: defaults, suite file, environment and command line, merged. */
  config: z.record(z.string(), z.json()),
  cells: z.array(plannedCellSchema),
});

export type PlannedCell = z.output<typeof plannedCellSchema>;
export type RunPlan = z.output<typeof runPlanSchema>;
export type RunPlanInput = z.input<typeof runPlanSchema>;
