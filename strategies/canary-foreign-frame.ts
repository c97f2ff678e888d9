/**
 * canary-foreign-frame: flat-preallocated that gives a page its neighbour's frame (breaks I1: the page
 * translates to memory that was never its own). The checker must catch it.
 */

import { deviceFence, deviceWrite } from '../core/abi/core';
import { entryOfWord, wordIsValid } from '../core/abi/entry';
import { entryAddress } from '../core/abi/flat-table';

export { fini, init, invalidate, maintain, translate } from './flat-preallocated';

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let written: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const word = load<u64>(words + (i << 3));
    if (!wordIsValid(word)) continue;
    const neighbour = i + 1 < count ? load<u64>(words + ((i + 1) << 3)) : word;
    const wrong = wordIsValid(neighbour) ? neighbour : word;
    store<u64>(entryAddress(region, first + i), entryOfWord(wrong, 0));
    written++;
  }
  deviceWrite(written);
  return deviceFence();
}
