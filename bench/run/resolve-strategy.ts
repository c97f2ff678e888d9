import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import { manifest, type StrategyEntry } from '../../strategies/manifest.ts';

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
  try {
    const declared = JSON.parse(readFileSync(beside, 'utf8')) as Partial<StrategyEntry>;
    return { file, entry: { ...UNDECLARED, title: id, ...declared, id } };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`strategy manifest ${beside}: expected one JSON object (${why})`);
  }
}
