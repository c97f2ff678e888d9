import { z } from 'zod';
import { figure } from './latency-summary.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

const text = z.string().nullable().default(null);
const share = z.number().min(0).max(1).nullable().default(null);

/** Counters of the moment; two of them give what happened in between. */
export const loadSnapshotSchema = z.object({
  timeMs: z.number().nonnegative(),
  /** Averages over 1, 5 and 15 minutes. */
  loadAverage: z.tuple([z.number(), z.number(), z.number()]).nullable().default(null),
  /** Clock ticks since boot, all CPUs. */
  busyTicks: figure,
  totalTicks: figure,
  stealTicks: figure,
  /** PSI "some" total since boot, microseconds; null where the kernel does not expose it. */
  cpuPressureUs: figure,
  memoryPressureUs: figure,
  ioPressureUs: figure,
  /** Time this control group was throttled since its start, nanoseconds. */
  throttledNs: figure,
  /** Highest and lowest current clock of any CPU, MHz. */
  cpuMhzMin: figure,
  cpuMhzMax: figure,
});
export type LoadSnapshot = z.output<typeof loadSnapshotSchema>;

/** host.json: the machine and the software a run's figures belong to. */
export const hostFingerprintSchema = z.object({
  schemaVersion: z.string().default(SCHEMA_VERSION),
  /** Digest of the stable hardware facts: equal on two machines of one kind, unequal otherwise. */
  machineId: z.string().min(1),
  capturedAt: z.iso.datetime(),
  cpu: z.object({
    model: z.string().min(1),
    architecture: z.string().min(1),
    /** CPUs this process may run on. */
    logicalCores: z.number().int().positive(),
    physicalCores: figure,
    threadsPerCore: figure,
    /** Scaling governor, or "not exposed". */
    governor: z.string().min(1),
  }),
  memoryBytes: z.number().positive(),
  kernel: z.string().min(1),
  distribution: text,
  /** Hypervisor as far as the guest can tell; null on bare metal. */
  hypervisor: text,
  clocksource: z.string().min(1),
  /** Vulnerability -> the kernel's mitigation line. */
  mitigations: z.record(z.string(), z.string()).default({}),
  cgroup: z.object({
    version: z.number().int().nullable().default(null),
    /** CPU quota in cores; null: none. */
    cpuLimit: figure,
    memoryLimitBytes: figure,
    cpuset: text,
  }),
  node: z.object({
    version: z.string().min(1),
    v8: z.string().min(1),
    flags: z.array(z.string()).default([]),
  }),
  source: z.object({
    packageVersion: text,
    gitCommit: text,
    gitDirty: z.boolean().nullable().default(null),
    lockFileHash: text,
    /** Module name -> digest: core, driver and every strategy of the run. */
    modules: z.record(z.string(), z.string()).default({}),
  }),
  clock: z.object({ costNs: figure, granularityNs: figure, backwardSteps: figure }).prefault({}),
  load: z
    .object({
      before: loadSnapshotSchema.nullable().default(null),
      after: loadSnapshotSchema.nullable().default(null),
      stealShare: share,
    })
    .prefault({}),
});

export type HostFingerprint = z.output<typeof hostFingerprintSchema>;
export type HostFingerprintInput = z.input<typeof hostFingerprintSchema>;
