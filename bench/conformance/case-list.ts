import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import { claimCases } from './claim-cases.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { hmmCases } from './hmm-cases.ts';
import { invariantCases } from './invariant-cases.ts';
import { modelCases } from './model-cases.ts';
import { pageTableCases } from './page-table-cases.ts';
import { stagingCases } from './staging-cases.ts';

/** Every conformance case, in the order it runs. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...hmmCases,
  ...pageTableCases,
  ...invariantCases,
  ...claimCases,
  ...stagingCases,
  ...modelCases,
];

/** What `--case` may name beside the cases: the points of the sweeps, and the race of real threads. */
const BESIDE_CASES = ['allocation/', 'command-error/', 'device-death/', 'race'];

/**
 * @param only the beginning of a case's name, a case under a parameter (`name[param=value]`), or a sweep point
 * @throws UsageError naming the nearest case, when no strategy can have one of that name
 */
export function checkCaseName(only: string): void {
  const names = conformanceCases.map(({ name }) => name);
  if (names.some((name) => name.startsWith(only) || only.startsWith(`${name}[`))) return;
  if (BESIDE_CASES.some((name) => only.startsWith(name))) return;
  const near = nearestName(only, names);
  const groups = [...new Set(names.map((name) => `${name.split('/')[0]}/`))];
  const hint =
    near === undefined
      ? `expected a name that begins with ${[...groups, ...BESIDE_CASES].join(', ')}`
      : `did you mean ${near}?`;
  throw new UsageError(`case "${only}": unknown; ${hint}`);
}
