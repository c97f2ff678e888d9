import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buildKvmShim, kvmRefusal } from './kvm-shim.ts';
import { RANGE_EVENT } from './recorded-events.ts';

/**
 * Where true ranges come from: `library` gives the command a VM of its own, without it the process
 * has one already (a hypervisor). Or the reason why there are none.
 */
export type RangeSource = { readonly library?: string } | { readonly missing: string };

function ownsVm(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(
      (fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === 'anon_inode:kvm-vm',
    );
  } catch {
    return false;
  }
}

/** @param attached the running process that is to be recorded, if it is not a new command */
export function findRangeSource(tracefs: string, attached: number | undefined): RangeSource {
  if (!existsSync(join(tracefs, 'events', RANGE_EVENT))) {
    return { missing: 'this kernel has no KVM tracepoints (load the kvm module)' };
  }
  if (attached !== undefined) {
    if (ownsVm(attached)) return {};
    return {
      missing: 'a process that already runs cannot be given a KVM VM (start it with record -- CMD)',
    };
  }
  const refusal = kvmRefusal();
  if (refusal !== undefined) return { missing: refusal };
  const shim = buildKvmShim();
  return 'refusal' in shim ? { missing: shim.refusal } : shim;
}

/** What a recording without true ranges does not show. */
export const LOST_WITHOUT_RANGES =
  'copy-on-write after fork, huge-page split and collapse, KSM, compaction, reclaim and writeback ' +
  'are not in it';
