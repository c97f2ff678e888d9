import type { Exploration } from './exploration.ts';
import type { ScheduleFault } from './judge-schedule.ts';
import type { Decision } from './scheduler.ts';

/** Tries a shrink spends at most: a long schedule stays long rather than take minutes. */
const TRIES = 3000;

/**
 * Leaves decisions out of a failing schedule as long as it fails the same way (delta debugging,
 * Zeller 2002, on the list of switches): what stays are the switches the failure needs.
 */
export function shrinkSchedule(
  exploration: Exploration,
  decisions: readonly Decision[],
  seed: number,
  fault: ScheduleFault,
): readonly Decision[] {
  let kept = decisions;
  let tries = 0;
  const fails = (candidate: readonly Decision[]): boolean => {
    tries++;
    const result = exploration.replayed(candidate, seed).fault;
    return result?.kind === fault.kind && result.invariant === fault.invariant;
  };
  if (fails([])) return [];
  let chunk = Math.ceil(kept.length / 2);
  while (chunk >= 1 && tries < TRIES) {
    let removed = false;
    for (let at = 0; at < kept.length && tries < TRIES; ) {
      const candidate = [...kept.slice(0, at), ...kept.slice(at + chunk)];
      if (fails(candidate)) {
        kept = candidate;
        removed = true;
      } else {
        at += chunk;
      }
    }
    if (chunk === 1 && !removed) break;
    if (chunk > 1 || !removed) chunk = Math.max(1, Math.floor(chunk / 2));
  }
  return kept;
}
