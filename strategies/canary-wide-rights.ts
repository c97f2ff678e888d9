/**
 * canary-wide-rights: flat-preallocated whose entries always let the device write (breaks I5). The
 * checker must catch it.
 */

import { deviceFence, deviceWrite } from '../core/abi/core';
import { ENTRY_WRITE, entryOfWord, wordIsValid } from '../core/abi/entry';
import { entryAddress } from '../core/abi/flat-table';

export { fini, init, invalidate, maintain, translate } from './flat-preallocated';

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  let written: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const word = load<u64>(words + (i << 3));
    if (!wordIsValid(word)) continue;
    store<u64>(entryAddress(region, first + i), entryOfWord(word, 0) | ENTRY_WRITE);
    written++;
  }
  deviceWrite(written);
  return deviceFence();
}
