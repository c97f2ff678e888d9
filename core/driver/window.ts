import {
  PLAN_MODELLED,
  PLAN_TRACE_BASE,
  PLAN_TRACE_COUNT,
  PLAN_WINDOW_MS,
  STATE_WINDOW,
  THREAD_WINDOWS_FAULT,
  THREAD_WINDOWS_NOTIFIER,
  WINDOW_COUNT,
  WINDOW_ROW_BYTES,
} from '../abi/layout';
import { TRACE_EVENT_BYTES, TRACE_TIME_NS } from '../abi/trace-event';
import { nowNs } from '../clock';
import { thread } from '../thread';

// STATE_WINDOW: u64 start of the measured window, u64 width of one of its WINDOW_COUNT slices.

/**
 * Opens the measured window: slices of equal width up to the planned end (the trace's end when no
 * window is planned). One thread, between the two start barriers. Replay has no clock and no slices.
 */
export function openWindow(): void {
  const modelled = load<u32>(PLAN_MODELLED) != 0;
  let lengthNs = u64(load<u32>(PLAN_WINDOW_MS)) * 1000000;
  const events = load<u32>(PLAN_TRACE_COUNT);
  if (lengthNs == 0 && events != 0) {
    lengthNs = load<u64>(
      load<u32>(PLAN_TRACE_BASE) + (events - 1) * TRACE_EVENT_BYTES,
      TRACE_TIME_NS,
    );
  }
  store<u64>(STATE_WINDOW, modelled ? u64.MAX_VALUE : nowNs());
  store<u64>(STATE_WINDOW, max<u64>(lengthNs / WINDOW_COUNT, 1), 8);
}

/**
 * Adds one latency to the slice of time it ended in; what ends later counts to the last slice, what ends
 * before the window is opened to none.
 */
export function latencyWindow(atNs: u64, latencyNs: u64, notifier: bool): void {
  const start = load<u64>(STATE_WINDOW);
  const width = load<u64>(STATE_WINDOW, 8);
  if (width == 0 || atNs < start) return;
  const slice = min<u64>((atNs - start) / width, WINDOW_COUNT - 1);
  const rows = thread() + (notifier ? THREAD_WINDOWS_NOTIFIER : THREAD_WINDOWS_FAULT);
  const row = rows + u32(slice) * WINDOW_ROW_BYTES;
  store<u32>(row, load<u32>(row) + 1);
  const worst = u32(min<u64>(latencyNs, 0xffffffff));
  if (worst > load<u32>(row, 4)) store<u32>(row, worst, 4);
  store<u64>(row, load<u64>(row, 8) + latencyNs, 8);
}
