import { z } from 'zod';
import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';

/** A finite number from `min` to `max`; NaN, infinities and other types name the range as well. */
export function numberBetween(min: number, max: number): z.ZodNumber {
  const error = `expected a number ${min}..${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** An integer from `min` to `max`. */
export function integerBetween(min: number, max: number): z.ZodNumber {
  const error = `expected an integer ${min}..${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** One of the given words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: () => `expected one of ${words.join(', ')}` });
}

/** Text of 1 to `max` characters. */
export function textUpTo(max: number): z.ZodString {
  const error = `expected text of 1..${max} characters`;
  return z.string({ error }).min(1, { error }).max(max, { error });
}

/** An object without unknown keys; an unknown one is named with its nearest known neighbour. */
export function strictShape<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'invalid_type') return `expected an object of ${known.join(', ')}`;
      if (issue.code !== 'unrecognized_keys') return undefined;
      const [key = ''] = issue.keys;
      const near = nearestName(key, known);
      const hint = near === undefined ? '' : ` (did you mean "${near}"?)`;
      return `unknown key "${key}"${hint}; expected ${known.join(', ')}`;
    },
  });
}

/** `["groups", 0, "forks"]` as `groups[0].forks`. */
function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? String(step) : `.${String(step)}`;
  }
  return text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

function shortly(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The first issue of a union is that of the branch that got furthest into the value. */
function deepestIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const first = issues[0]!;
  if (first.code !== 'invalid_union') return first;
  let deepest: z.core.$ZodIssue | undefined;
  for (const branch of first.errors) {
    if (branch.length === 0) continue;
    const found = deepestIssue(branch);
    if (deepest === undefined || found.path.length > deepest.path.length) deepest = found;
  }
  if (deepest === undefined || deepest.path.length === 0) return first;
  return { ...deepest, path: [...first.path, ...deepest.path] };
}

/**
 * The value as `schema` reads it.
 *
 * @param where the file or option the value came from; begins the message
 * @throws {UsageError} one line: where, path inside it, what was expected, what was there
 */
export function checkInput<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = deepestIssue(result.error.issues);
  const path = formatPath(issue.path);
  const found =
    issue.code === 'unrecognized_keys' ? '' : `, got ${shortly(valueAt(value, issue.path))}`;
  throw new UsageError(`${where}: ${path === '' ? '' : `${path}: `}${issue.message}${found}`);
}
