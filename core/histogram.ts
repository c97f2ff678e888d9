import {
  HISTOGRAM_BYTES,
  HISTOGRAM_HEAD_BYTES,
  HISTOGRAM_SLOTS,
  THREAD_HISTOGRAMS,
} from './abi/layout';
import { thread } from './thread';

/**
 * HdrHistogram's own layout for unit 1 and two significant digits (256 sub-buckets, 128 in each half):
 * the host writes the counts out as HdrHistogram V2 without recording a value again. 4,352 slots reach
 * 2^40 ns; larger values fall in the last slot and stay exact in max.
 */
export function histogramRecord(which: u32, value: u64): void {
  const base = thread() + THREAD_HISTOGRAMS + which * HISTOGRAM_BYTES;
  const seen = load<u64>(base, 16);
  if (seen == 0 || value < load<u64>(base)) store<u64>(base, value);
  if (value > load<u64>(base, 8)) store<u64>(base, value, 8);
  store<u64>(base, seen + 1, 16);
  store<u64>(base, load<u64>(base, 24) + value, 24);
  const slot = base + HISTOGRAM_HEAD_BYTES + (histogramSlot(value) << 3);
  store<u64>(slot, load<u64>(slot) + 1);
}

/** Slot of a value: exact below 256, then 128 slots an octave (at most 0.8 % wide). */
export function histogramSlot(value: u64): u32 {
  if (value < 256) return u32(value);
  const shift: u32 = 56 - u32(clz(value));
  const slot: u32 = (shift << 7) + u32(value >> shift);
  return slot < HISTOGRAM_SLOTS ? slot : HISTOGRAM_SLOTS - 1;
}
