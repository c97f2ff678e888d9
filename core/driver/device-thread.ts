import {
  HISTOGRAM_TRANSLATE,
  PLAN_BATCH,
  STATE_STOP,
  THREAD_STALLED_NS,
  THREAD_WINDOW_END_NS,
  THREAD_WINDOW_START_NS,
} from '../abi/layout';
import { nowNs } from '../clock';
import { histogramRecord } from '../histogram';
import { thread } from '../thread';
import { accessBatch, drawBatch } from './device-access';

/**
 * A device queue: accesses in timed batches until the storm is over. One clock reading costs as much as
 * several translations, so a batch is the unit; its pages are drawn before it is timed, and time
 * stalled in faults is taken out of it (it is in the fault histogram). A batch that the scheduler
 * interrupts shows as a slow batch.
 */
export function deviceLoop(): void {
  const t = thread();
  const batch = load<u32>(PLAN_BATCH);
  store<u64>(t, nowNs(), THREAD_WINDOW_START_NS);
  while (atomic.load<u32>(STATE_STOP) == 0) {
    drawBatch(batch);
    const stalledNs = load<u64>(t, THREAD_STALLED_NS);
    const startNs = nowNs();
    accessBatch(batch);
    const takenNs = nowNs() - startNs;
    const inFaultsNs = load<u64>(t, THREAD_STALLED_NS) - stalledNs;
    histogramRecord(HISTOGRAM_TRANSLATE, takenNs > inFaultsNs ? takenNs - inFaultsNs : 0);
  }
  store<u64>(t, nowNs(), THREAD_WINDOW_END_NS);
}
