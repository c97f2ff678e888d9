import { PLAN_WAIT_LIMIT_MS, STATE_HANDOVER } from './abi/layout';
import { nowNs } from './clock';
import { STALL_HANDOVER, stall } from './lock';

/**
 * How far apart two threads' cores are: one cache line is passed to and fro between them. Whether the
 * scheduler (or a hypervisor, unseen) put them on one core, on siblings or on cores apart decides the cost
 * of every line that a strategy shares, and with it most of what differs between two forks.
 *
 *   leader                          follower
 *   word = 2 n + 1 (odd)            waits for an odd value, exchanges it for it + 1
 *   waits for 2 n + 2, n++          ...
 *   time is up: word = OVER         sees OVER, ends
 *
 * The leader's clock bounds both; threads that share one core take a scheduler's turn a round and make few.
 */
const OVER: u32 = 0xffffffff;
const LENGTH_NS: u64 = 2000000;
/** Rounds between two clock readings; also what one reading is the mean of. */
const BATCH: u32 = 64;

/**
 * Leads for 2 ms; the fastest batch's nanoseconds a round trip, 0 when no batch came to its end. Slower
 * batches were interrupted.
 */
export function handoverLead(): f64 {
  let fastestNs: u64 = u64.MAX_VALUE;
  let startNs = nowNs();
  const endNs = startNs + LENGTH_NS;
  let value: u32 = 1;
  while (startNs < endNs) {
    let rounds: u32 = 0;
    for (; rounds < BATCH; rounds++) {
      atomic.store<u32>(STATE_HANDOVER, value);
      if (!awaitAnswer(value + 1, endNs)) break;
      value += 2;
    }
    const now = nowNs();
    if (rounds == BATCH) fastestNs = min(fastestNs, now - startNs);
    startNs = now;
  }
  atomic.store<u32>(STATE_HANDOVER, OVER);
  return fastestNs == u64.MAX_VALUE ? 0 : f64(fastestNs) / f64(BATCH);
}

/** False when time is up first; the clock is read only once the answer is late. */
function awaitAnswer(value: u32, endNs: u64): bool {
  for (let spins: u32 = 1; atomic.load<u32>(STATE_HANDOVER) != value; spins++) {
    if ((spins & 0xffff) == 0 && nowNs() >= endNs) return false;
  }
  return true;
}

/** Answers until the leader says it is over. */
export function handoverFollow(): void {
  const endNs = nowNs() + u64(load<u32>(PLAN_WAIT_LIMIT_MS)) * 1000000;
  for (let looks: u32 = 1; ; looks++) {
    const value = atomic.load<u32>(STATE_HANDOVER);
    if (value == OVER) return;
    // Not a store: the leader's OVER may have come since the load, and must not be written over.
    if ((value & 1) != 0) atomic.cmpxchg<u32>(STATE_HANDOVER, value, value + 1);
    if ((looks & 0xfffff) == 0 && nowNs() >= endNs) stall(STATE_HANDOVER, STALL_HANDOVER);
  }
}
