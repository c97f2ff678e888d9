import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { Cell } from './cell.ts';
import type { CellGroup } from './suite.ts';

/** What planning needs to know of a strategy; the manifest's entries have it. */
export interface StrategyChoice {
  readonly id: string;
  readonly kind: string;
  readonly family: string;
}

/** A strategy of a cell: id (or path of a module) and parameters. */
export type SelectedStrategy = Pick<Cell, 'strategy' | 'params'>;

/**
 * The strategies a group's words stand for, in their order, each once. A `kind:` without strategies
 * selects none; any other word that selects none is an error.
 *
 * @throws {UsageError} naming the nearest id or family
 */
export function selectStrategies(
  words: CellGroup['strategies'],
  known: readonly StrategyChoice[],
  where: string,
): SelectedStrategy[] {
  const selected = new Map<string, SelectedStrategy>();
  for (const word of words) {
    for (const choice of selectOne(word, known, where)) {
      selected.set(JSON.stringify(choice), choice);
    }
  }
  return [...selected.values()];
}

function selectOne(
  word: CellGroup['strategies'][number],
  known: readonly StrategyChoice[],
  where: string,
): SelectedStrategy[] {
  if (typeof word !== 'string') {
    checkId(word.id, known, where);
    return [{ strategy: word.id, params: word.params }];
  }
  if (word === 'all') return choose(known, ({ kind }) => kind === 'strategy' || kind === 'floor');
  if (word.startsWith('kind:')) return choose(known, ({ kind }) => kind === word.slice(5));
  if (word.startsWith('family:')) {
    const chosen = choose(known, ({ family }) => family === word.slice(7));
    if (chosen.length > 0) return chosen;
    const families = [...new Set(known.map(({ family }) => family))];
    throw unknown('strategy family', word.slice(7), families, where);
  }
  checkId(word, known, where);
  return [{ strategy: word, params: {} }];
}

function choose(
  known: readonly StrategyChoice[],
  keep: (choice: StrategyChoice) => boolean,
): SelectedStrategy[] {
  return known.filter(keep).map(({ id }) => ({ strategy: id, params: {} }));
}

function checkId(id: string, known: readonly StrategyChoice[], where: string): void {
  if (id.endsWith('.wasm') || known.some((choice) => choice.id === id)) return;
  throw unknown(
    'strategy',
    id,
    known.map((choice) => choice.id),
    where,
  );
}

function unknown(what: string, name: string, names: readonly string[], where: string): UsageError {
  const near = nearestName(name, names);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  return new UsageError(
    `${where}: ${what} "${name}" is unknown${hint} (known: ${names.join(', ')})`,
  );
}
