import type { MicroStep } from '../micro/micro-step.ts';

/** Time of the timed steps of all rounds, and the present translations they saw. */
export interface SessionTime {
  readonly ns: number;
  readonly hits: number;
}

/** A process that holds one table and runs batches on it: wasm or C, by the same steps. */
export interface TableSession {
  /** Runs steps that are not timed. */
  prepare(steps: readonly MicroStep[]): Promise<void>;
  /** `rounds` times: `timed` under the process's own clock, then `restore`. */
  measure(
    rounds: number,
    timed: readonly MicroStep[],
    restore: readonly MicroStep[],
  ): Promise<SessionTime>;
  close(): void;
}

/** Longest wait for an answer of a session. */
export const ANSWER_LIMIT_MS = 120_000;
