import {
  BLOCK_PAGES,
  HISTOGRAM_NOTIFIER_PLANNED,
  PLAN_BUDGET_PAGES,
  PLAN_PACE,
  PLAN_PACE_FACTOR,
  PLAN_PACE_RATE,
  PLAN_REPEAT_TRACE,
  PLAN_SERIES_CAPACITY,
  PLAN_STORM_THREADS,
  PLAN_TRACE_BASE,
  PLAN_TRACE_COUNT,
  PLAN_TRACE_FIRST,
  PLAN_WINDOW_MS,
  STATE_STOP,
  STATE_STORM_DONE,
  THREAD_SLEEP,
  THREAD_WINDOW_END_NS,
  THREAD_WINDOW_START_NS,
} from '../abi/layout';
import { PACE_ASAP, PACE_RATE } from '../abi/terms';
import {
  OP_INVALIDATE,
  TRACE_EVENT_BYTES,
  TRACE_FIRST_PAGE,
  TRACE_OP,
  TRACE_TIME_NS,
} from '../abi/trace-event';
import { nowNs } from '../clock';
import { histogramRecord } from '../histogram';
import { thread } from '../thread';
import { shrinkBudget } from './budget';
import { sampleMemory } from './memory-series';
import { applyTraceEvent } from './os-event';

/**
 * Waits up to twice this are spun. A sleep wakes up late, and each one leaves a little garbage (V8 boxes
 * the timeout), so they must be few.
 */
const SPIN_NS: u64 = 2000000;

/**
 * The OS: replays the trace's events at their pace until the trace or the window ends. Events are dealt
 * to the storm threads by block, so one block's events stay in order. Latency is recorded twice: from
 * the call, and from the planned arrival (no coordinated omission).
 */
export function stormLoop(index: u32): void {
  const t = thread();
  const threads = load<u32>(PLAN_STORM_THREADS);
  const first = load<u32>(PLAN_TRACE_FIRST);
  const count = load<u32>(PLAN_TRACE_COUNT);
  // One thread samples the memory and shrinks the budget: one that has an event to do it after.
  const samples = dealtTo(first, threads) == index;
  const windowNs = u64(load<u32>(PLAN_WINDOW_MS)) * 1000000;
  const startNs = nowNs();
  store<u64>(t, startNs, THREAD_WINDOW_START_NS);
  const sampleNs = max<u64>(windowNs / u64(load<u32>(PLAN_SERIES_CAPACITY)), 1);
  let nextSampleNs = startNs;
  const budget = load<u32>(PLAN_BUDGET_PAGES);
  let lapNs = startNs;
  let stopped = false;
  do {
    let now = nowNs();
    for (let i = first; i < count && !stopped; i++) {
      const record: usize = load<u32>(PLAN_TRACE_BASE) + i * TRACE_EVENT_BYTES;
      if (threads > 1 && dealtTo(i, threads) != index) continue;
      const plannedNs = lapNs + plannedOffset(record, i - first);
      if (windowNs != 0 && plannedNs - startNs >= windowNs) {
        // Quiet to the window's end: the device's share of the window is as long as planned.
        waitUntil(t, startNs + windowNs, now);
        break;
      }
      now = waitUntil(t, plannedNs, now);
      applyTraceEvent(i);
      const endNs = nowNs();
      if (load<u32>(record, TRACE_OP) == OP_INVALIDATE) {
        const from = load<u32>(PLAN_PACE) == PACE_ASAP ? now : plannedNs;
        histogramRecord(HISTOGRAM_NOTIFIER_PLANNED, endNs - min(from, endNs));
      }
      now = endNs;
      if (samples) {
        const keep = now >= nextSampleNs;
        if (keep) nextSampleNs = now + sampleNs;
        sampleMemory(now, keep);
        shrinkBudget(budget, now - startNs, windowNs);
      }
      stopped = (windowNs != 0 && now - startNs >= windowNs) || atomic.load<u32>(STATE_STOP) != 0;
    }
    const lapEndNs = nowNs();
    // An open loop's plan goes on where the lap was due to end: a backlog stays one.
    if (load<u32>(PLAN_PACE) == PACE_RATE) lapNs += rateOffset(count - first);
    else lapNs = lapEndNs;
    if (windowNs != 0 && lapEndNs - startNs >= windowNs) stopped = true;
  } while (load<u32>(PLAN_REPEAT_TRACE) != 0 && !stopped && atomic.load<u32>(STATE_STOP) == 0);
  store<u64>(t, nowNs(), THREAD_WINDOW_END_NS);
  if (atomic.add<u32>(STATE_STORM_DONE, 1) + 1 == threads) atomic.store<u32>(STATE_STOP, 1);
}

/** The storm thread that plays the event. */
function dealtTo(event: u32, threads: u32): u32 {
  const record: usize = load<u32>(PLAN_TRACE_BASE) + event * TRACE_EVENT_BYTES;
  return (load<u32>(record, TRACE_FIRST_PAGE) / BLOCK_PAGES) % threads;
}

/** Planned time of the nth event the storm plays, from the start of the lap. */
function plannedOffset(record: usize, nth: u32): u64 {
  const pace = load<u32>(PLAN_PACE);
  if (pace == PACE_ASAP) return 0;
  if (pace == PACE_RATE) return rateOffset(nth);
  const start: usize = load<u32>(PLAN_TRACE_BASE) + load<u32>(PLAN_TRACE_FIRST) * TRACE_EVENT_BYTES;
  const recordedNs = load<u64>(record, TRACE_TIME_NS) - load<u64>(start, TRACE_TIME_NS);
  return (recordedNs << 16) / u64(load<u32>(PLAN_PACE_FACTOR));
}

/** PACE_RATE: the same, for events at equal distances. */
function rateOffset(nth: u32): u64 {
  return (u64(nth) * 1000000000) / u64(load<u32>(PLAN_PACE_RATE));
}

/** Sleeps, then spins, until the planned time; returns the time it saw last. */
function waitUntil(t: usize, plannedNs: u64, now: u64): u64 {
  while (now < plannedNs) {
    const left = plannedNs - now;
    if (left > SPIN_NS * 2) atomic.wait<i32>(t + THREAD_SLEEP, 0, i64(left - SPIN_NS));
    now = nowNs();
    if (atomic.load<u32>(STATE_STOP) != 0) return now;
  }
  return now;
}
