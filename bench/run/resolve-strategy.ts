import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { PARAM_CAPACITY, SITE_CAPACITY } from '../../core/abi/layout.ts';
import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import { manifest, type StrategyEntry } from '../../strategies/manifest.ts';
import {
  checkInput,
  integerBetween,
  numberBetween,
  oneOf,
  strictShape,
  textUpTo,
} from '../suites/checked-input.ts';

/** A strategy of the tree, or a module file of somebody's own with what it declares. */
export interface ResolvedStrategy {
  readonly entry: StrategyEntry;
  /** Path of an out-of-tree module. */
  readonly file?: string;
}

/** What an out-of-tree module is taken to be when no manifest file stands beside it. */
const UNDECLARED: Omit<StrategyEntry, 'id' | 'title'> = {
  kind: 'strategy',
  family: 'out of tree',
  language: 'c',
  summary: 'An out-of-tree module without a manifest file.',
  users: 'its author',
  source: 'not declared',
  memory: { at4k: 'not declared', at2m: 'not declared' },
  bytesPerGiB: { at4k: null, at2m: null },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: true,
    allocatesInUpdate: true,
    updateCanFail: true,
    collateralPages: 512,
    reservePages: 0,
    downgradesInPlace: true,
    translates: true,
  },
  params: [],
  sites: [],
};

const words = textUpTo(2000);
const flag = z.boolean({ error: 'expected true or false' });
const bytes = numberBetween(0, 2 ** 40).nullable();
const parameterValue = integerBetween(-(2 ** 31), 2 ** 31 - 1);

/** What a manifest file may declare: a manifest entry, or as much of one as its author wants to say. */
const declaredSchema = strictShape({
  id: words,
  title: words,
  kind: oneOf(['strategy', 'floor', 'control', 'canary']),
  family: words,
  language: oneOf(['assemblyscript', 'c']),
  summary: words,
  users: words,
  source: words,
  memory: strictShape({ at4k: words, at2m: words }),
  bytesPerGiB: strictShape({ at4k: bytes, at2m: bytes }),
  lock: oneOf(['region', 'block', 'own']),
  notifiesAfterChange: z.literal(true, { error: 'expected true, or no such key' }),
  guarantees: strictShape({
    allocatesInInvalidate: flag,
    allocatesInUpdate: flag,
    updateCanFail: flag,
    collateralPages: integerBetween(1, 2 ** 32),
    reservePages: integerBetween(0, 2 ** 32),
    downgradesInPlace: flag,
    translates: flag,
  }),
  params: listUpTo(
    PARAM_CAPACITY,
    strictShape({
      name: words,
      summary: words,
      default: parameterValue,
      min: parameterValue,
      max: parameterValue,
    }),
  ),
  sites: listUpTo(
    SITE_CAPACITY,
    strictShape({ name: words, kind: oneOf(['table', 'staging', 'reserve']) }),
  ),
  excused: z.record(z.string(), words),
  breaks: words,
}).partial();

function listUpTo<Schema extends z.ZodType>(most: number, schema: Schema) {
  const error = `expected a list of at most ${most}`;
  return z.array(schema, { error }).max(most, { error });
}

/**
 * @param word id of the manifest, or the path of a .wasm file (x.wasm with an optional x.json beside it
 * that holds its manifest entry)
 * @throws UsageError naming the nearest id, or the file and what is wrong with it
 */
export function resolveStrategy(word: string): ResolvedStrategy {
  if (/[/\\]|\.wasm$/.test(word)) return resolveFile(word);
  const entry = manifest.find(({ id }) => id === word);
  if (entry !== undefined) return { entry };
  const ids = manifest.map(({ id }) => id);
  const near = nearestName(word, ids);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new UsageError(
    `strategy "${word}": unknown${hint} (in the tree: ${ids.join(', ')}; or the path of a .wasm file)`,
  );
}

function resolveFile(file: string): ResolvedStrategy {
  if (!existsSync(file)) throw new UsageError(`strategy ${file}: no such file`);
  const id = basename(file, '.wasm');
  const beside = file.replace(/\.wasm$/, '.json');
  if (!existsSync(beside)) return { file, entry: { ...UNDECLARED, id, title: id } };
  const declared = checkInput(declaredSchema, readJson(beside), `strategy manifest ${beside}`);
  // Of JSON: an absent key is absent, not undefined.
  return { file, entry: { ...UNDECLARED, title: id, ...declared, id } as StrategyEntry };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`strategy manifest ${file}: expected one JSON object (${why})`);
  }
}
