import {
  PLAN_ACCESS_PER_EVENT,
  PLAN_MAINTAIN_EVENTS,
  PLAN_SERIES_CAPACITY,
  PLAN_TRACE_BASE,
  PLAN_TRACE_COUNT,
  THREAD_MODELLED_NS,
} from '../abi/layout';
import { TRACE_EVENT_BYTES, TRACE_TIME_NS } from '../abi/trace-event';
import { thread } from '../thread';
import { accessDrawn } from './device-access';
import { maintainAll } from './maintenance-thread';
import { sampleMemory } from './memory-series';
import { applyTraceEvent } from './os-event';

/**
 * Replay: one thread, no clock. Each event is applied, then the device makes its accesses; all randomness
 * is the thread's seeded generator, so two runs from one seed are the same to the bit. Series times are
 * the trace's own; latencies are modelled (counts x device profile).
 */
export function replayLoop(): void {
  const count = load<u32>(PLAN_TRACE_COUNT);
  const accesses = load<u32>(PLAN_ACCESS_PER_EVENT);
  const maintainEvery = load<u32>(PLAN_MAINTAIN_EVENTS);
  const sampleEvery = max<u32>(count / load<u32>(PLAN_SERIES_CAPACITY) + 1, 1);
  for (let i: u32 = 0; i < count; i++) {
    applyTraceEvent(i);
    for (let k: u32 = 0; k < accesses; k++) accessDrawn();
    if (maintainEvery != 0 && i % maintainEvery == 0) maintainAll();
    const record: usize = load<u32>(PLAN_TRACE_BASE) + i * TRACE_EVENT_BYTES;
    sampleMemory(load<u64>(record, TRACE_TIME_NS) + 1, i % sampleEvery == 0 || i == count - 1);
  }
}

/** Modelled nanoseconds this thread has spent. */
export function modelledNs(): f64 {
  return f64(load<u64>(thread(), THREAD_MODELLED_NS));
}
