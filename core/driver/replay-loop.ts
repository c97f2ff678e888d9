import {
  PLAN_ACCESS_PER_EVENT,
  PLAN_MAINTAIN_EVENTS,
  PLAN_SERIES_CAPACITY,
  PLAN_TRACE_BASE,
  PLAN_TRACE_COUNT,
  PLAN_TRACE_FIRST,
} from '../abi/layout';
import { TRACE_EVENT_BYTES, TRACE_TIME_NS } from '../abi/trace-event';
import { accessBatch, drawBatch } from './device-access';
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
  for (let i = load<u32>(PLAN_TRACE_FIRST); i < count; i++) {
    applyTraceEvent(i);
    drawBatch(accesses);
    accessBatch(accesses);
    if (maintainEvery != 0 && i % maintainEvery == 0) maintainAll();
    const record: usize = load<u32>(PLAN_TRACE_BASE) + i * TRACE_EVENT_BYTES;
    sampleMemory(load<u64>(record, TRACE_TIME_NS) + 1, i % sampleEvery == 0 || i == count - 1);
  }
}
