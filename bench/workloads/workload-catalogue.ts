import { nearestName } from '../../results/nearest-name.ts';
import { UsageError } from '../../results/usage-error.ts';
import { compaction } from './compaction.ts';
import { cowAfterFork } from './cow-after-fork.ts';
import { dirtyLogging } from './dirty-logging.ts';
import { dontneedHoles } from './dontneed-holes.ts';
import { gpuMigrate } from './gpu-migrate.ts';
import { ksmMerge } from './ksm-merge.ts';
import { mix } from './mix.ts';
import { mprotectBarrier } from './mprotect-barrier.ts';
import { munmapChurn } from './munmap-churn.ts';
import { numaHinting } from './numa-hinting.ts';
import { oomReaper } from './oom-reaper.ts';
import { reclaim } from './reclaim.ts';
import { storm } from './storm.ts';
import { teardown } from './teardown.ts';
import { thpBreakCollapse } from './thp-break-collapse.ts';
import type { Workload } from './workload.ts';
import { writeback } from './writeback.ts';

/** Every synthetic workload, in the order lists and reports show them. */
export const WORKLOADS: readonly Workload[] = [
  storm,
  munmapChurn,
  dontneedHoles,
  thpBreakCollapse,
  cowAfterFork,
  ksmMerge,
  compaction,
  numaHinting,
  reclaim,
  mprotectBarrier,
  writeback,
  dirtyLogging,
  gpuMigrate,
  oomReaper,
  teardown,
  mix,
];

/** @throws {UsageError} naming the nearest id */
export function findWorkload(id: string): Workload {
  const found = WORKLOADS.find((workload) => workload.id === id);
  if (found !== undefined) return found;
  const ids = WORKLOADS.map((workload) => workload.id);
  const near = nearestName(id, ids);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new UsageError(`workload "${id}": unknown${hint} (synthetic workloads: ${ids.join(', ')})`);
}
