import { THREAD_BASE, THREAD_BYTES, THREAD_RANDOM } from './abi/layout';

// A module-level variable is a wasm global, one copy per instance: with one instance per thread it is
// thread-local storage.
let current: usize = 0;

/** The calling thread's block. */
export function thread(): usize {
  return current;
}

/** Binds this instance to thread `index`; the host calls it once in each module of each thread. */
export function setThread(index: u32): void {
  current = THREAD_BASE + index * THREAD_BYTES;
}

export function threadAt(index: u32): usize {
  return THREAD_BASE + index * THREAD_BYTES;
}

/** xorshift64*: the thread's own seeded generator (Vigna 2016). */
export function random(): u64 {
  let x = load<u64>(current, THREAD_RANDOM);
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  store<u64>(current, x, THREAD_RANDOM);
  return x * 2685821657736338717;
}

/** Uniform in 0..bound-1. */
export function randomBelow(bound: u32): u32 {
  return u32(((random() >> 32) * u64(bound)) >> 32);
}
