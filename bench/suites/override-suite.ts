import { parse } from 'yaml';
import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import { checkInput } from './checked-input.ts';
import type { SuiteSource } from './find-suite.ts';
import { cellGroupSchema, type Suite, suiteSchema } from './suite.ts';

/** Room for start-up and teardown that a window longer than its time limit gets. */
const TIMEOUT_ROOM_SECONDS = 60;

const GROUP_KEYS = Object.keys(cellGroupSchema.shape);
const SUITE_KEYS = Object.keys(suiteSchema.shape);

type Plain = Record<string, unknown>;

/**
 * Applies `--set` settings to a suite, in order, and checks the result.
 *
 * `key=value` sets a key of every cell group (`windowSeconds=2`, `memory.profile=tight`);
 * `groups[1].key=value` one group's; `workload.name=value` a parameter of every workload;
 * `minutes=N` and `seconds=N` the window, with a time limit that allows it. Values are YAML.
 *
 * @throws {UsageError} for a malformed setting, an unknown path (with its nearest neighbour) or a
 *   value that the suite does not allow
 */
export function overrideSuite(source: SuiteSource, settings: readonly string[]): Suite {
  if (settings.length === 0) return source.suite;
  const changed = structuredClone(source.suite) as unknown as Plain;
  for (const setting of settings) applySetting(changed, setting);
  return checkInput(suiteSchema, changed, `${source.where} with --set ${settings.join(' --set ')}`);
}

function applySetting(suite: Plain, setting: string): void {
  const equals = setting.indexOf('=');
  if (equals <= 0) {
    throw new UsageError(`--set ${setting}: expected path=value, for example windowSeconds=2`);
  }
  const path = setting.slice(0, equals);
  const value = parseValue(setting, setting.slice(equals + 1));
  const steps = pathSteps(setting, path);
  const [head, ...rest] = steps as [string, ...(string | number)[]];
  const groups = suite.groups as Plain[];
  if (head === 'minutes' || head === 'seconds') {
    setWindow(setting, suite, value, head === 'minutes' ? 60 : 1);
  } else if (head === 'workload') {
    if (rest.length !== 1) throw new UsageError(`--set ${setting}: expected workload.NAME=value`);
    for (const group of groups) setWorkloadParam(group, String(rest[0]), value);
  } else if (SUITE_KEYS.includes(head)) {
    setAt(setting, suite, steps, value);
  } else if (GROUP_KEYS.includes(head)) {
    for (const group of groups) setAt(setting, group, steps, value);
  } else {
    throw unknownKey(setting, head, [
      ...GROUP_KEYS,
      ...SUITE_KEYS,
      'minutes',
      'seconds',
      'workload',
    ]);
  }
}

function parseValue(setting: string, text: string): unknown {
  try {
    return parse(text);
  } catch {
    throw new UsageError(`--set ${setting}: the value is not YAML`);
  }
}

/** `groups[0].memory.profile` as `groups, 0, memory, profile`. */
function pathSteps(setting: string, path: string): (string | number)[] {
  if (!/^[A-Za-z]\w*(\[\d+\]|\.[A-Za-z0-9]\w*)*$/.test(path)) {
    throw new UsageError(`--set ${setting}: expected a path such as groups[0].forks before "="`);
  }
  return path
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** Sets the value; what it may be is left to the schema, that the way there exists is not. */
function setAt(
  setting: string,
  root: Plain,
  steps: readonly (string | number)[],
  value: unknown,
): void {
  let current: unknown = root;
  for (const [depth, step] of steps.entries()) {
    // A list of one stands for the value: memory.profile means memory[0].profile.
    if (Array.isArray(current) && typeof step === 'string' && current.length === 1) {
      current = current[0];
    }
    if (typeof current !== 'object' || current === null) {
      throw new UsageError(`--set ${setting}: "${steps.slice(0, depth).join('.')}" has no parts`);
    }
    const holder = current as Plain;
    if (Array.isArray(current) && !(Number(step) < current.length)) {
      throw new UsageError(`--set ${setting}: expected an index 0..${current.length - 1}`);
    }
    if (depth === steps.length - 1) holder[step] = value;
    else if (!Object.hasOwn(holder, step))
      throw unknownKey(setting, String(step), Object.keys(holder));
    else current = holder[step];
  }
}

function unknownKey(setting: string, key: string, known: readonly string[]): UsageError {
  const near = nearestName(key, known);
  const hint = near === undefined ? '' : ` (did you mean "${near}"?)`;
  return new UsageError(`--set ${setting}: unknown "${key}"${hint}; expected ${known.join(', ')}`);
}

function setWindow(setting: string, suite: Plain, value: unknown, unitSeconds: number): void {
  if (typeof value !== 'number' || !(value > 0 && value * unitSeconds <= 86_400)) {
    throw new UsageError(`--set ${setting}: expected a number above 0, at most 24 hours`);
  }
  const windowSeconds = value * unitSeconds;
  let grown = 1;
  for (const group of suite.groups as Plain[]) {
    grown = Math.max(grown, windowSeconds / Number(group.windowSeconds));
    group.windowSeconds = windowSeconds;
    const needed = Math.ceil(windowSeconds * 1.2) + TIMEOUT_ROOM_SECONDS;
    group.timeoutSeconds = Math.max(Number(group.timeoutSeconds), needed);
  }
  const duration = suite.duration as { seconds: number };
  duration.seconds = Math.min(604_800, duration.seconds * grown);
}

/** Workloads without that parameter refuse it when they are made: the message names theirs. */
function setWorkloadParam(group: Plain, name: string, value: unknown): void {
  group.workloads = (group.workloads as (string | { id: string; params: Plain })[]).map((entry) => {
    const { id, params } = typeof entry === 'string' ? { id: entry, params: {} } : entry;
    return { id, params: { ...params, [name]: value } };
  });
}
