import { OK } from '../../core/abi/terms.ts';
import type { CheckedMirror } from './checked-mirror.ts';

/** The device reads or writes every page of the range, each must succeed; returns the faults it took. */
export function deviceTakes(
  mirror: CheckedMirror,
  first: number,
  count: number,
  write: boolean,
): number {
  const before = mirror.faults;
  for (let page = first; page < first + count; page++) {
    mirror.expectEqual(`the access to page ${page}`, mirror.access(page, write), OK);
  }
  return mirror.faults - before;
}
