import type { StrategyEntry } from '../../strategies/manifest.ts';
import { CheckedMirror, type MirrorOptions } from './checked-mirror.ts';
import type { StrategyUnderTest } from './strategy-host.ts';

export type SuiteSize = 'small' | 'full';

export interface CaseContext {
  readonly strategy: StrategyUnderTest;
  readonly size: SuiteSize;
  readonly seed: number;
}

/** One thing every strategy must get right. */
export interface ConformanceCase {
  /** group/name, unique. */
  readonly name: string;
  /** One line. */
  readonly purpose: string;
  /** Cases about something a strategy may not have (staging memory, a lock of its own) ask for it. */
  readonly appliesTo?: (entry: StrategyEntry) => boolean;
  /** Why no mirror of this project can express the case; it is listed as excused for everybody. */
  readonly excused?: string;
  /** Throws CaseFailure; a trap of the strategy passes through. */
  readonly run: (context: CaseContext) => void;
}

/** Opens a mirror, runs the body on it, closes it: the leak check of every case. */
export function withMirror(
  { strategy, seed }: CaseContext,
  options: MirrorOptions,
  body: (mirror: CheckedMirror) => void,
): void {
  const mirror = new CheckedMirror(strategy, { seed, ...options }).open();
  body(mirror);
  mirror.close();
}
