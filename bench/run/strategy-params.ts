import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { StrategyEntry } from '../../strategies/manifest.ts';
import type { Cell } from '../suites/cell.ts';

/**
 * Are these parameters the strategy's own, in the range it declares?
 * @throws UsageError naming the nearest parameter, or the range
 */
export function checkStrategyParams({ id, params }: StrategyEntry, given: Cell['params']): void {
  const names = params.map(({ name }) => name);
  for (const [name, value] of Object.entries(given)) {
    const param = params.find((declared) => declared.name === name);
    if (param === undefined) throw unknownParam(id, name, names);
    const { min, max } = param;
    // A flag is the number 0 or 1.
    const number = typeof value === 'string' ? Number.NaN : Number(value);
    if (Number.isInteger(number) && number >= min && number <= max) continue;
    throw new UsageError(
      `strategy ${id}: ${name}: expected an integer ${min}..${max}, got ${JSON.stringify(value)}`,
    );
  }
}

function unknownParam(id: string, name: string, names: readonly string[]): UsageError {
  const near = nearestName(name, names);
  const hint = near === undefined ? '' : ` (did you mean "${near}"?)`;
  const known = names.length === 0 ? 'it declares none' : `expected ${names.join(', ')}`;
  return new UsageError(`strategy ${id}: unknown parameter "${name}"${hint}; ${known}`);
}
