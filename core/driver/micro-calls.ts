import { ENTRY_READ } from '../abi/entry';
import { invalidate, translate, update } from '../abi/strategy';
import { OK } from '../abi/terms';
import { notifierReadBegin } from '../notifier';
import { regionAt } from '../region';

/**
 * One recorded call of a strategy, as it lies in shared memory: 24 bytes, and behind an update its words
 * (one u64 a page).
 *
 *   byte  0     4        8       12      16      20
 *         call  region   first   count   event   blockable        u32 each
 */
const CALL_BYTES: u32 = 24;
const CALL_TRANSLATE: u32 = 0;
const CALL_UPDATE: u32 = 1;

/**
 * Makes the calls between two addresses one after another; returns present translations plus calls that
 * failed, the same number for every table that is right.
 */
export function microCalls(start: usize, end: usize): u32 {
  let sum: u32 = 0;
  let call = start;
  while (call < end) {
    const kind = load<u32>(call);
    const region = regionAt(load<u32>(call, 4));
    const first = load<u32>(call, 8);
    const count = load<u32>(call, 12);
    const words = call + CALL_BYTES;
    call = words;
    if (kind == CALL_TRANSLATE) {
      sum += u32(translate(region, first) & ENTRY_READ);
    } else if (kind == CALL_UPDATE) {
      notifierReadBegin(region);
      sum += u32(update(region, first, count, words) != OK);
      call += count << 3;
    } else {
      const blockable = load<u32>(words - 4) != 0;
      sum += u32(invalidate(region, first, count, load<u32>(words - 8), blockable) != OK);
    }
  }
  return sum;
}
