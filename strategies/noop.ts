/**
 * noop: the floor. Holds no translations and does nothing; what its cells cost is what the harness
 * costs. Exempt from the oracle (there is nothing to judge) and never ranked.
 *
 * Memory: 0.
 */
import { OK } from '../core/abi/terms';

export function init(region: usize): i32 {
  return OK;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  return OK;
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  return OK;
}

export function translate(region: usize, page: u32): u64 {
  return 0;
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {}
