import type { AllocationCount, Check, MemorySample, MicroRow } from '../results/cell-record.ts';
import type { Growth } from '../results/growth.ts';
import type { HostFingerprint } from '../results/host-fingerprint.ts';
import type { Knee } from '../results/knee.ts';
import type { MetricUnit } from '../results/metrics.ts';
import type { PressureStanding } from '../results/pressure-standing.ts';
import type { Objective, Recommendation } from '../results/recommendation.ts';
import type { RunPlan } from '../results/run-plan.ts';
import type { Estimate } from './estimate.ts';
import type { Spectrum } from './spectrum.ts';

/**
 * What a report shows, computed once from the records and plain JSON throughout. Tables, charts,
 * Markdown, CSV and the published site all read this and nothing else.
 */
export interface ReportModel {
  readonly runs: readonly RunHeader[];
  readonly strategies: readonly StrategyEntry[];
  readonly metrics: readonly MetricHeader[];
  readonly scenarios: readonly Scenario[];
  /** Rate sweeps, and where each bends. */
  readonly knees: readonly Knee[];
  /** Sweeps over regions, mapped memory or threads, and how cost grows along each. */
  readonly growths: readonly Growth[];
  /** By run: how each strategy came through all its memory profiles; empty where none was set. */
  readonly pressure: readonly RunPressure[];
  /** Planned cells that left no record, with their fork. */
  readonly missing: readonly string[];
  /** Verify and explore cells: what the checker caught. Never compared with anything. */
  readonly checks: readonly CheckRow[];
}

/** The standings of one run that set memory profiles. */
export interface RunPressure {
  readonly run: string;
  readonly standings: readonly PressureStanding[];
}

/** A metric of the results table, without its function. */
export interface MetricHeader {
  readonly id: string;
  readonly label: string;
  readonly unit: MetricUnit;
  readonly better: 'lower' | 'higher';
  /** Relative difference below which two figures count as equal. */
  readonly threshold: number;
  /** In replay mode it is counted: one fork is all there is to know. */
  readonly exactInReplay: boolean;
}

export interface RunHeader {
  readonly id: string;
  /** Where it was read from, as the user gave it. */
  readonly folder: string;
  readonly plan: Omit<RunPlan, 'cells'>;
  readonly host: HostFingerprint | null;
  readonly plannedCells: number;
  readonly recordedCells: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly translations: number;
  readonly violations: number;
  readonly flags: readonly FlagCount[];
  readonly gcEvents: number | null;
  /** Why its timings may not be judged; null: they may. */
  readonly block: string | null;
}

export interface FlagCount {
  readonly code: string;
  readonly severity: 'warning' | 'note';
  /** Of all its cells: a figure in which they differ is a range. */
  readonly text: string;
  readonly cells: number;
}

/** A strategy with its parameters, as the records describe it. */
export interface StrategyEntry {
  readonly label: string;
  readonly id: string;
  readonly title: string;
  readonly family: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly guarantees: Readonly<Record<string, unknown>>;
  /** Position in the report: decides hue, dash and marker everywhere. */
  readonly style: number;
  readonly modules: Readonly<Record<string, string>>;
}

/** Cells that may be compared: one run, workload, device, mode and memory pressure. */
export interface Scenario {
  readonly key: string;
  readonly anchor: string;
  readonly run: string;
  readonly title: string;
  readonly workload: string;
  readonly workloadName: string;
  readonly workloadParams: Readonly<Record<string, unknown>>;
  readonly origin: 'recorded' | 'derived' | 'synthetic' | null;
  readonly description: string;
  readonly device: string;
  readonly mode: string;
  readonly pressure: string | null;
  /** Ranges arrive at planned times; a notifier's latency counts from there. */
  readonly openLoop: boolean;
  /** What a sweep varied beside the workload's parameters. */
  readonly variant: string | null;
  /** [log2 of the range's bytes, ranges], or null where the record does not say. */
  readonly rangeSizes: readonly (readonly [number, number])[] | null;
  /** What strategies are ranked by; the first one decides the verdict. Empty where nothing is ranked. */
  readonly objectives: readonly Omit<Objective, 'of'>[];
  /** Strategies that no other one beats on all objectives together, within their tolerances. */
  readonly undominated: readonly string[];
  readonly recommendation: Recommendation | null;
  readonly series: readonly Series[];
}

export type SeriesStatus = 'passed' | 'partial' | 'failed' | 'crashed' | 'timeout' | 'refused';
export type Operation = 'notifier' | 'fault' | 'translate';
export const OPERATIONS: readonly Operation[] = ['notifier', 'fault', 'translate'];

/** One strategy in one scenario: its forks reduced to figures. */
export interface Series {
  readonly strategy: string;
  /** Of all its forks: what `run --cell` takes. */
  readonly cellId: string;
  readonly style: number;
  readonly status: SeriesStatus;
  /** Why it is not `passed`, from the first such fork. */
  readonly reason: string | null;
  /** The family `floor` holds no translations: shown, never ranked. */
  readonly floor: boolean;
  /** Why the run shows it to be wrong: shown, never ranked. Null where nothing says so. */
  readonly wrong: string | null;
  readonly forks: readonly ForkRow[];
  /** Per metric, the value of each passed fork; same order as the passed forks. */
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
  /** Hash of the conditions that the passed forks ran under; several where they differ. */
  readonly conditions: string;
  readonly estimates: Readonly<Record<string, Estimate | null>>;
  readonly spectra: Readonly<Partial<Record<Operation, Spectrum>>>;
  readonly windows: readonly WindowPoint[];
  readonly memory: readonly MemorySample[];
  /** Which fork the time series come from. */
  readonly seriesFork: number | null;
  /** Summed over the forks. */
  readonly allocations: readonly AllocationCount[];
  readonly failures: FailureCounts;
  readonly capacity: readonly CapacityRow[];
  readonly micro: readonly MicroRow[];
  /** Notes about noise: steady state, flags, throttling. */
  readonly notes: readonly string[];
}

export interface ForkRow {
  readonly cellId: string;
  readonly fork: number;
  readonly seed: number;
  readonly verdict: string;
  readonly reason: string | null;
  readonly translations: number | null;
  readonly violations: number | null;
  readonly examples: readonly string[];
  readonly steady: string | null;
}

export interface WindowPoint {
  readonly timeNs: number;
  readonly durationNs: number;
  readonly storm: boolean | null;
  readonly notifierP99Ns: number | null;
  readonly notifierMaxNs: number | null;
  readonly faultP99Ns: number | null;
  readonly faultMaxNs: number | null;
  readonly gcEvents: number | null;
}

/** Summed over the forks; null where no fork counted it. */
export interface FailureCounts {
  readonly attempts: number;
  readonly failures: number;
  readonly injected: number;
  readonly degraded: number | null;
  readonly retried: number | null;
  readonly updateFailed: number | null;
  readonly notifierFailed: number | null;
}

export interface CapacityRow {
  readonly offeredPerSecond: number;
  readonly achievedPerSecond: number | null;
  readonly notifierP99Ns: number | null;
  readonly notifierP999Ns: number | null;
  readonly faultP99Ns: number | null;
  readonly saturated: boolean;
}

/** A verify or explore cell. */
export interface CheckRow {
  readonly run: string;
  readonly cellId: string;
  readonly strategy: string;
  readonly workload: string;
  readonly mode: string;
  readonly canary: boolean;
  readonly verdict: string;
  readonly reason: string | null;
  readonly translations: number | null;
  readonly violations: number | null;
  readonly examples: readonly string[];
  readonly checks: readonly Check[];
}
