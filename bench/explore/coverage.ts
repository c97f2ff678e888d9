import type { ExploredStrategy } from './explored-strategy.ts';

/** Accesses to memory in a strategy's code, and which of them were ever made. */
export interface CoverageReport {
  readonly sites: number;
  /** By the conformance suite, the exploration or both. */
  readonly hit: number;
  /** Null: the suite was not run. */
  readonly hitByConformance: number | null;
  readonly hitByExploration: number;
  readonly neverHit: readonly NeverHit[];
}

/** An access that nothing has made: code no check has seen at work. */
export interface NeverHit {
  readonly function: string;
  readonly instruction: string;
  readonly site: number;
}

/** @param byConformance null when the suite was not run */
export function coverageOf(
  { strategy: { sites } }: ExploredStrategy,
  byConformance: ReadonlySet<number> | null,
  byExploration: ReadonlySet<number>,
): CoverageReport {
  const hitBy = (hits: ReadonlySet<number>) => sites.filter(({ id }) => hits.has(id)).length;
  const never = sites.filter(
    ({ id }) => !byExploration.has(id) && !(byConformance?.has(id) ?? false),
  );
  return {
    sites: sites.length,
    hit: sites.length - never.length,
    hitByConformance: byConformance === null ? null : hitBy(byConformance),
    hitByExploration: hitBy(byExploration),
    neverHit: never.map(({ id, function: name, instruction }) => ({
      function: name,
      instruction,
      site: id,
    })),
  };
}
