import { strategyLabel } from './cell-identity.ts';
import type { CellRecord } from './cell-record.ts';

/** Kinds, and families of records that name no kind, that exist to be caught. */
const BROKEN_ON_PURPOSE = ['canary', 'control'];

/**
 * Strategies that a run shows to be wrong, by label, with why: broken on purpose, or failed in any cell. A
 * strategy that is wrong once is wrong everywhere, so nothing may rank, recommend or mark it as best.
 *
 * @param records all cells of one run, whatever their mode
 */
export function knownWrong(records: readonly CellRecord[]): ReadonlyMap<string, string> {
  const wrong = new Map<string, string>();
  for (const record of records) {
    const { guarantees, family, verdict, reason } = record;
    const label = strategyLabel(record);
    const kind = [guarantees.kind, family].find((name) => BROKEN_ON_PURPOSE.includes(String(name)));
    if (kind !== undefined) wrong.set(label, `broken on purpose (${kind})`);
    else if (verdict === 'failed' && !wrong.has(label)) {
      wrong.set(label, `failed in a cell of this run: ${reason ?? 'reason not stated'}`);
    }
  }
  return wrong;
}
