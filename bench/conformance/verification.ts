import type { StrategyEntry } from '../../strategies/manifest.ts';
import type { AllocationSweep, CommandSweep } from './failure-sweep.ts';
import type { RaceResult } from './thread-race.ts';

export interface CaseExcuse {
  readonly case: string;
  readonly reason: string;
}

export interface CaseFailureRecord {
  readonly case: string;
  readonly message: string;
  /** Command that runs this case again. */
  readonly replay: string;
}

/** How a canary or a control was noticed. */
export interface Catch {
  readonly how: 'case' | 'failure sweep' | 'threads';
  readonly case: string;
  readonly message: string;
}

/** What the suite found out about one strategy. */
export interface StrategyVerification {
  readonly id: string;
  readonly kind: StrategyEntry['kind'];
  readonly verdict: 'passed' | 'failed';
  readonly seed: number;
  /** Cases that passed. */
  readonly passed: number;
  readonly excused: readonly CaseExcuse[];
  readonly failed: readonly CaseFailureRecord[];
  /** Null: not asked for. */
  readonly failNth: AllocationSweep | null;
  readonly deviceErrors: CommandSweep | null;
  readonly race: RaceResult | null;
  /** Canaries and controls: what gave them away; null = not caught, which fails the run. */
  readonly caughtBy?: Catch | null;
  readonly tookMs: number;
}

export interface VerificationReport {
  readonly size: 'small' | 'full';
  readonly seed: number;
  readonly verdict: 'passed' | 'failed';
  readonly strategies: readonly StrategyVerification[];
}

/** Parts of a verification of a canary or control that a checker may notice, in order of preference. */
export function catchOf(parts: {
  readonly failed: readonly CaseFailureRecord[];
  readonly failNth: AllocationSweep | null;
  readonly deviceErrors: CommandSweep | null;
  readonly race: RaceResult | null;
}): Catch | null {
  const [failed] = parts.failed;
  if (failed !== undefined) return { how: 'case', case: failed.case, message: failed.message };
  const swept = parts.failNth?.failed[0] ?? parts.deviceErrors?.failed[0];
  if (swept !== undefined) return { how: 'failure sweep', ...swept };
  const { race } = parts;
  if (race !== null && race.verdict !== 'passed') {
    return { how: 'threads', case: 'race', message: race.reason ?? race.verdict };
  }
  return null;
}

/** How a verification's process ended without an answer. */
export interface ProcessDeath {
  /** The case that had begun; null: none had. */
  readonly during: string | null;
  readonly timedOut: boolean;
  /** The end of what it said. */
  readonly stderr: string;
  readonly message: string;
}

/**
 * A canary gives itself away by hanging or trapping in a case. Null for any other death, such as being
 * killed for want of memory: it says nothing about the canary.
 */
export function catchOfDeath({ during, timedOut, stderr, message }: ProcessDeath): Catch | null {
  const gaveAway = timedOut || /^(?:Uncaught )?RuntimeError: /m.test(stderr);
  return during !== null && gaveAway ? { how: 'case', case: during, message } : null;
}

/** The command that runs one case or sweep point again. */
export function replayCommand(
  id: string,
  name: string,
  { size, seed }: { readonly size: 'small' | 'full'; readonly seed: number },
): string {
  let sweep = '';
  if (name.startsWith('allocation')) sweep = ' --fail-nth all';
  else if (/^(command-error|device-death)/.test(name)) sweep = ' --device-errors';
  return `xlt-bench verify ${id} --case ${name} --seed ${seed} --size ${size}${sweep}`;
}
