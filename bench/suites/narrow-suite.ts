import type { CellMode } from './cell.ts';
import { checkInput } from './checked-input.ts';
import { type CellGroup, type Suite, suiteSchema } from './suite.ts';

/** What the command line asked for instead of the suite's own choice. */
export interface SuiteChoice {
  readonly strategies?: readonly string[];
  readonly workloads?: readonly string[];
  readonly devices?: readonly string[];
  readonly modes?: readonly CellMode[];
  readonly forks?: number;
}

/**
 * Narrows a suite. Strategies and devices replace those of the compared groups. Of the workloads, a
 * group keeps those asked for; one that no group has is added to the first group of each mode.
 * Modes keep the groups that have them; one that no group has is run as the first compared group.
 * Forks are set where something is timed. Groups outside comparison (canaries) stay only while
 * strategies, workloads and modes are the suite's own.
 *
 * @throws {UsageError} when a choice is not allowed in a suite, or leaves no group
 */
export function narrowSuite(suite: Suite, choice: SuiteChoice): Suite {
  const { strategies, workloads, devices, modes, forks } = choice;
  const chosen = strategies !== undefined || workloads !== undefined || modes !== undefined;
  const compared = suite.groups.filter((group) => group.comparison);
  let groups = chosen && compared.length > 0 ? compared : suite.groups;
  if (modes !== undefined) groups = ofModes(groups, modes);
  if (workloads !== undefined) groups = withWorkloads(groups, workloads);
  const narrowed = groups.map((group) => {
    const isTimed = group.modes.some((mode) => mode !== 'replay');
    const isMeant = group.comparison || compared.length === 0;
    return {
      ...group,
      strategies: (isMeant ? strategies : undefined) ?? group.strategies,
      devices: (isMeant ? devices : undefined) ?? group.devices,
      forks: (isTimed ? forks : undefined) ?? group.forks,
    };
  });
  const where = `suite ${suite.name} with these options`;
  return checkInput(suiteSchema, { ...suite, groups: narrowed }, where);
}

function ofModes(groups: readonly CellGroup[], modes: readonly CellMode[]): CellGroup[] {
  const kept = groups.flatMap((group) => {
    const both = group.modes.filter((mode) => modes.includes(mode));
    return both.length > 0 ? [{ ...group, modes: both }] : [];
  });
  const missing = modes.filter((mode) => !kept.some((group) => group.modes.includes(mode)));
  const [first] = groups;
  if (missing.length > 0 && first !== undefined) kept.push({ ...first, modes: missing });
  return kept;
}

function withWorkloads(groups: readonly CellGroup[], chosen: readonly string[]): CellGroup[] {
  const idOf = (word: CellGroup['workloads'][number]) =>
    typeof word === 'string' ? word : word.id;
  const ids = new Set(groups.flatMap((group) => group.workloads.map(idOf)));
  const missing = chosen.filter((id) => !ids.has(id));
  const seenModes = new Set<string>();
  return groups.flatMap((group) => {
    const modes = group.modes.join();
    const added = seenModes.has(modes) ? [] : missing;
    seenModes.add(modes);
    const own = group.workloads.filter((word) => chosen.includes(idOf(word)));
    const workloads = [...own, ...added];
    return workloads.length > 0 ? [{ ...group, workloads }] : [];
  });
}
