import {
  PLAN_ACCESS_PER_EVENT,
  PLAN_BUDGET_PAGES,
  PLAN_LAPS,
  PLAN_MAINTAIN_EVENTS,
  PLAN_SERIES_CAPACITY,
  PLAN_TRACE_BASE,
  PLAN_TRACE_COUNT,
  PLAN_TRACE_FIRST,
} from '../abi/layout';
import { TRACE_EVENT_BYTES, TRACE_TIME_NS } from '../abi/trace-event';
import { shrinkBudget } from './budget';
import { accessBatch, drawBatch } from './device-access';
import { maintainAll } from './maintenance-thread';
import { sampleMemory } from './memory-series';
import { applyTraceEvent } from './os-event';

/**
 * Replay: one thread, no clock. The trace is played PLAN_LAPS times, each lap on the address space the one
 * before has left, as if it began one nanosecond after that one's last event. Each event is applied, then
 * the device makes its accesses; all randomness is the thread's seeded generator, so two runs from one seed
 * are the same to the bit. Series times are the trace's own; latencies are modelled (counts x device
 * profile).
 */
export function replayLoop(): void {
  const count = load<u32>(PLAN_TRACE_COUNT);
  const accesses = load<u32>(PLAN_ACCESS_PER_EVENT);
  const maintainEvery = load<u32>(PLAN_MAINTAIN_EVENTS);
  const laps = load<u32>(PLAN_LAPS);
  const first = load<u32>(PLAN_TRACE_FIRST);
  if (first >= count) return;
  const budget = load<u32>(PLAN_BUDGET_PAGES);
  const whole = u64(laps) * u64(count - first);
  let played: u64 = 0;
  const lapNs = eventTimeNs(count - 1) - eventTimeNs(first) + 1;
  const sampleEvery = (u64(laps) * u64(count)) / u64(load<u32>(PLAN_SERIES_CAPACITY)) + 1;
  // Counted down: a 64-bit remainder each event took longer than the sample.
  let untilSample = (sampleEvery - (first % sampleEvery)) % sampleEvery;
  for (let lap: u32 = 0; lap < laps; lap++) {
    for (let i = first; i < count; i++) {
      applyTraceEvent(i);
      drawBatch(accesses);
      accessBatch(accesses);
      if (maintainEvery != 0 && i % maintainEvery == 0) maintainAll();
      shrinkBudget(budget, ++played, whole);
      const last = lap == laps - 1 && i == count - 1;
      sampleMemory(eventTimeNs(i) + u64(lap) * lapNs + 1, untilSample == 0 || last);
      untilSample = (untilSample == 0 ? sampleEvery : untilSample) - 1;
    }
  }
}

function eventTimeNs(index: u32): u64 {
  const record: usize = load<u32>(PLAN_TRACE_BASE) + index * TRACE_EVENT_BYTES;
  return load<u64>(record, TRACE_TIME_NS);
}
