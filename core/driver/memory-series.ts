import {
  PLAN_SERIES_BASE,
  PLAN_SERIES_CAPACITY,
  SERIES_BYTES,
  STATE_SERIES,
  STATE_SPLITS,
} from '../abi/layout';
import { MEMORY_RESERVE, MEMORY_STAGING, MEMORY_TABLE } from '../abi/terms';
import { allocationFailures, pagesOfKind } from '../page-allocator';

// STATE_SERIES: u32 rows written, u32 table pages at the last sample, u64 integral of table pages over time (page x ns),
// u64 time of the last sample, u64 time of the first.

/**
 * Samples the memory in use: adds to the time-weighted integral what the last sample saw, for the time
 * since then, and writes a row when `keep`. Only one thread samples (one of the storm's, or replay's only
 * one).
 */
export function sampleMemory(atNs: u64, keep: bool): void {
  const table = pagesOfKind(MEMORY_TABLE);
  const rows = load<u32>(STATE_SERIES);
  const held = u64(load<u32>(STATE_SERIES, 4));
  const last = load<u64>(STATE_SERIES, 16);
  if (last == 0) store<u64>(STATE_SERIES, atNs, 24);
  else if (atNs > last) {
    store<u64>(STATE_SERIES, load<u64>(STATE_SERIES, 8) + held * (atNs - last), 8);
  }
  store<u32>(STATE_SERIES, table, 4);
  store<u64>(STATE_SERIES, atNs, 16);
  if (!keep || rows >= load<u32>(PLAN_SERIES_CAPACITY)) return;
  const row: usize = load<u32>(PLAN_SERIES_BASE) + rows * SERIES_BYTES;
  store<u64>(row, atNs);
  store<u32>(row, table, 8);
  store<u32>(row, pagesOfKind(MEMORY_STAGING), 12);
  store<u32>(row, pagesOfKind(MEMORY_RESERVE), 16);
  store<u32>(row, atomic.load<u32>(STATE_SPLITS), 20);
  store<u32>(row, allocationFailures(), 24);
  store<u32>(STATE_SERIES, rows + 1);
}
