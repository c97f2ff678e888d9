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
import { accessDrawn } from './device-access';

/**
 * A device queue: accesses in timed batches until the storm is over. One clock reading costs as much as
 * several translations, so a batch is the unit; time stalled in faults is taken out of it and is in
 * the fault histogram instead. A batch interrupted by the scheduler shows as a slow batch.
 */
export function deviceLoop(): void {
  const t = thread();
  const batch = load<u32>(PLAN_BATCH);
  let startNs = nowNs();
  store<u64>(t, startNs, THREAD_WINDOW_START_NS);
  while (atomic.load<u32>(STATE_STOP) == 0) {
    const stalledNs = load<u64>(t, THREAD_STALLED_NS);
    for (let i: u32 = 0; i < batch; i++) accessDrawn();
    const endNs = nowNs();
    const inFaultsNs = load<u64>(t, THREAD_STALLED_NS) - stalledNs;
    const takenNs = endNs - startNs;
    histogramRecord(HISTOGRAM_TRANSLATE, takenNs > inFaultsNs ? takenNs - inFaultsNs : 0);
    startNs = endNs;
  }
  store<u64>(t, startNs, THREAD_WINDOW_END_NS);
}
