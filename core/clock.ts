import { tick } from './abi/env';
import { THREAD_CLOCK } from './abi/layout';
import { thread } from './thread';

/**
 * Monotonic time in nanoseconds. The import writes two u32 (seconds, nanoseconds) into the caller's
 * thread block instead of returning a number: a BigInt or double result would be garbage, and the
 * measured window must not collect any. One reading costs about 50 ns on the first target machine.
 */
export function nowNs(): u64 {
  tick();
  const clock = thread() + THREAD_CLOCK;
  return u64(load<u32>(clock)) * 1000000000 + u64(load<u32>(clock, 4));
}

/** Reads the clock often enough that the import is optimised code before anything is timed. */
export function warmClock(readings: u32): void {
  for (let i: u32 = 0; i < readings; i++) nowNs();
}
