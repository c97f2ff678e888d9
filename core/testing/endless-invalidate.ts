import { STATE_STRATEGY } from '../abi/layout';

// A strategy module whose first invalidation never comes back.
export function init(region: usize): i32 {
  return 0;
}

export function update(region: usize, first: u32, count: u32, words: usize): i32 {
  return 0;
}

export function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32 {
  while (true) atomic.add<u32>(STATE_STRATEGY, 1);
}

export function translate(region: usize, page: u32): u64 {
  return 0;
}

export function maintain(region: usize): void {}

export function fini(region: usize): void {}
