import { PLAN_MODELLED, THREAD_MODELLED_NS } from '../abi/layout';
import { invalidate } from '../abi/strategy';
import { COUNT_INVALIDATES, COUNT_NOTIFIER_FAILED, EIO, OK } from '../abi/terms';
import { nowNs } from '../clock';
import { count } from '../counters';
import { notifierRegion } from '../notifier';
import { regionFirst, regionOfPage } from '../region';
import { thread } from '../thread';

/**
 * arch_invalidate_secondary_tlbs (mm/mmu_notifier.c): for a strategy whose device walks the CPU's own
 * table (manifest: notifiesAfterChange) an invalidation before the change would be worth nothing, because
 * the next walk reads the old word again. Its invalidate is called here instead, once a block, after the
 * words have been withdrawn and under the page-table lock:
 *
 *   storm thread                                     device thread
 *   notifier window opens, no call                   e0 = epoch
 *   lock the block (page-table lock)                 read the old word
 *   words: VALID -> CHANGING (pmdp_invalidate)
 *   full barrier
 *   invalidate: caches dropped, fence (epoch++)      fill; e1 = epoch; e1 != e0: walk again
 *   marks raised, new words                          read CHANGING: not present, fault
 *   unlock                                           the fault waits for the lock
 *   notifier window closes
 *
 * A walk that read the old word began before the fence, so it is not used (device.ts); one that begins
 * later finds nothing until the new words are there. So when the marks are raised no translation of the
 * old frames is left or can arise, which is what oracle.ts asks of a returned invalidate. Words of a 2 MiB
 * mapping that is only partly in the range are made 4 KiB ones before, or a walk of a neighbour would
 * bring the whole leaf back.
 *
 * The region is found after the words were withdrawn, so a region that is registered later finds no old
 * word any more. It is found by the key the device holds (regionOfPage), which is there before the tree has
 * the region when its insertion is deferred; and where there is no key by the tree, which still has the
 * region when the key is gone already:
 *
 *   storm thread                        teardown                          device thread
 *                                       the device loses its key
 *   notifier window opens
 *   words withdrawn, no key, tree:
 *   invalidate, marks raised                                              cached leaf gone; no key: no walk
 *   notifier window closes              drop cached translations, fence
 *                                       notifierRemove
 *
 * A hit in the device's cache does not look at the key. A region that is in neither was fenced before it
 * left the tree.
 */
let waitedNs: u64 = 0;

/** Starts the account of what the OS waits for in one event, with what it has waited already. */
export function secondaryWaitBegin(ns: u64): void {
  waitedNs = ns;
}

/** What the OS has waited for since, in all blocks of the event. */
export function secondaryWaitedNs(): u64 {
  return waitedNs;
}

/** Drops the device's cached translations of pages first..end-1, which lie in one block. May not sleep. */
export function invalidateSecondary(first: u32, end: u32, event: u32): void {
  let region = regionOfPage(first);
  if (region == 0) region = notifierRegion(first, end);
  if (region == 0) return;
  const modelled = load<u32>(PLAN_MODELLED) != 0;
  const t = thread();
  const startNs = modelled ? load<u64>(t, THREAD_MODELLED_NS) : nowNs();
  count(COUNT_INVALIDATES, 1);
  const result = invalidate(region, first - regionFirst(region), end - first, event, true);
  if (result != OK && result != EIO) count(COUNT_NOTIFIER_FAILED, 1);
  const endNs = modelled ? load<u64>(t, THREAD_MODELLED_NS) : nowNs();
  waitedNs += endNs - startNs;
}
