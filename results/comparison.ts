import type { Metric } from './metrics.ts';
import type { ParetoSet } from './pareto.ts';

/**
 * What `compare` found: one object from which text, JSON and Markdown are made, and which a report may
 * show. Figures are medians over forks unless their name says otherwise.
 */
export interface Comparison {
  readonly schemaVersion: string;
  readonly baseline: ComparisonSide;
  readonly candidate: ComparisonSide;
  /** In what the two sides differ beside what is compared. */
  readonly differences: readonly SideDifference[];
  readonly rows: readonly ComparisonRow[];
  /** Cells without a figure in the rows: failed, crashed, timed out, refused. */
  readonly unmeasured: readonly UnmeasuredCell[];
  /** Series that only one side has. */
  readonly unmatched: readonly string[];
  /** Keys of measured series that the candidate's run was to have and lost; they leave the gate open. */
  readonly vanished: readonly string[];
  /** Trade-offs between all strategies of the candidate's run, with a recommendation for each. */
  readonly tradeOffs: readonly ParetoSet[];
  /** Trust flags of the compared records, with how many carry them. */
  readonly flags: readonly FlagCount[];
  readonly method: ComparisonMethod;
  readonly conclusion: Conclusion;
}

export interface ComparisonSide {
  readonly label: string;
  readonly runId: string;
  readonly machineId: string;
}

/** `blocks`: no verdict may be given on timings across it. `labels`: said beside the verdicts. */
export interface SideDifference {
  readonly kind: 'machine' | 'conditions' | 'seed' | 'plan' | 'modules' | 'software';
  readonly severity: 'blocks' | 'labels';
  readonly text: string;
}

export type VerdictWord =
  | 'faster'
  | 'slower'
  /** The same for figures that are no times: fewer bytes, more failures. */
  | 'better'
  | 'worse'
  | 'no difference seen'
  /** Exact figures that are equal. */
  | 'equal'
  | 'too noisy'
  | 'not comparable';

export interface RowInterval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export interface ComparisonRow {
  /** `scenarioKey` of both series. */
  readonly scenario: string;
  readonly workload: string;
  readonly device: string;
  readonly mode: string;
  readonly pressure: string | null;
  readonly baseline: string;
  readonly candidate: string;
  readonly metric: Metric['id'];
  readonly label: string;
  readonly unit: Metric['unit'];
  readonly better: Metric['better'];
  readonly threshold: number;
  /** Whether the row decides the exit code. */
  readonly gate: boolean;
  readonly method: 'exact' | 'statistical';
  readonly verdict: VerdictWord;
  readonly outcome: 'improved' | 'regressed' | 'same' | 'undecided';
  /** Why, in one sentence. */
  readonly reason: string;
  readonly baselineForks: number;
  readonly candidateForks: number;
  readonly baselineValue: number | null;
  readonly candidateValue: number | null;
  /** The percentile of all forks' samples in one histogram: answers another question than the median. */
  readonly baselinePooled: number | null;
  readonly candidatePooled: number | null;
  /** Candidate / baseline; null where a value is 0. */
  readonly ratio: RowInterval | null;
  /** Candidate - baseline in the metric's unit, where the ratio is not defined. */
  readonly difference: RowInterval | null;
  /** Hodges-Lehmann shift in the metric's unit. */
  readonly shift: RowInterval | null;
  /** Share of fork pairs in which the candidate is higher minus those in which it is lower. */
  readonly cliffsDelta: number | null;
  /**
   * Mann-Whitney, two-sided; between strategies of one run, from eight forks on, the smaller of it
   * and of the signed-rank test of neighbouring forks, doubled. Null below five forks a side.
   */
  readonly p: number | null;
  readonly pHolm: number | null;
  /** Further forks a side for a verdict; 0: none, null: unknown or hopeless. */
  readonly forksNeeded: number | null;
}

export interface UnmeasuredCell {
  readonly side: 'baseline' | 'candidate';
  readonly strategy: string;
  readonly scenario: string;
  readonly fork: number;
  readonly verdict: string;
  readonly reason: string;
  /** A refusal of the candidate that the baseline shares: it does not fail the gate. */
  readonly excused: boolean;
}

export interface FlagCount {
  readonly code: string;
  readonly severity: 'warning' | 'note';
  readonly text: string;
  readonly cells: number;
}

export interface ComparisonMethod {
  readonly level: number;
  readonly draws: number;
  readonly seed: number;
  /** Size of the family that Holm's correction runs over. */
  readonly tests: number;
  readonly alpha: number;
}

export interface Conclusion {
  /** 0 good, 1 regression or failed cell, 3 inconclusive, 4 environments may not be compared. */
  readonly exitCode: 0 | 1 | 3 | 4;
  readonly text: string;
  readonly improved: number;
  readonly regressed: number;
  readonly same: number;
  readonly undecided: number;
}
