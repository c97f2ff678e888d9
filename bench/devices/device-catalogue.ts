import type { DeviceProfile, EvidenceMark } from './device-profile.ts';

type Costs = DeviceProfile['costs'];

function ns(value: number, source: string, evidence: EvidenceMark) {
  return { value, unit: 'ns' as const, source, evidence };
}

function ps(value: number, source: string, evidence: EvidenceMark) {
  return { value, unit: 'ps' as const, source, evidence };
}

function entries(value: number, source: string, evidence: EvidenceMark) {
  return { value, unit: 'entries' as const, source, evidence };
}

const SUGGESTED = 'domain.md 5.2, suggested cost model';
const NOTHING = 'an ideal device costs nothing: what remains is the strategy';

const FREE: Costs = {
  commandFixedNs: ns(0, NOTHING, 'model constant'),
  perEntryPs: ps(0, NOTHING, 'model constant'),
  invalidateCommandNs: ns(0, NOTHING, 'model constant'),
  fenceNs: ns(0, NOTHING, 'model constant'),
  faultNs: ns(0, NOTHING, 'model constant'),
};

const SHOOTDOWN =
  'Vesely et al., ISPASS 2016: GPU TLB shootdown 4.2 us for one entry, 4.4 us for all';

/** Built-in device profiles, in the order lists and reports show them. */
export const DEVICE_PROFILES: readonly DeviceProfile[] = [
  {
    id: 'ideal',
    title: 'Ideal device: commands, fences and faults take no time',
    costs: FREE,
    cacheEntries: entries(
      1_024,
      'as the adapter profiles, so that only the costs differ',
      'model constant',
    ),
    granuleEntries: entries(1, NOTHING, 'model constant'),
  },
  {
    id: 'mlx5-odp',
    title: 'RDMA NIC with on-demand paging (mlx5: UMR commands over a shared queue)',
    costs: {
      commandFixedNs: ns(2_000, `${SUGGESTED}: UMR post to completion, a few us`, 'model constant'),
      perEntryPs: ps(
        1_000,
        `${SUGGESTED}: about 1 ns per entry of a 64-byte granule`,
        'model constant',
      ),
      invalidateCommandNs: ns(
        0,
        'a zap is an update command that carries zero entries (umr.c); the adapter drops its cached copy with it',
        'inferred',
      ),
      fenceNs: ns(0, 'commands are synchronous, one chunk in flight (mr.c, umr.c)', 'read'),
      faultNs: ns(
        220_000,
        'Lesokhin et al., ASPLOS 2017: minor fault of 4 KB, 220 us',
        'second-hand',
      ),
    },
    cacheEntries: entries(1_024, 'size of an adapter MTT cache is not published', 'model constant'),
    granuleEntries: entries(8, 'umr.c: 64-byte alignment = 8 MTTs', 'read'),
  },
  {
    id: 'np-rdma',
    title: 'RDMA without pinning in software (NP-RDMA: a signature page instead of faults)',
    costs: {
      commandFixedNs: ns(2_000, `${SUGGESTED}: update command`, 'model constant'),
      perEntryPs: ps(1_000, `${SUGGESTED}: about 1 ns per entry`, 'model constant'),
      invalidateCommandNs: ns(0, 'a zap is an update command that re-points the entry', 'inferred'),
      fenceNs: ns(0, 'commands are synchronous', 'inferred'),
      faultNs: ns(4_600, 'arXiv 2310.11062: minor fault 3.5-5.7 us, its middle', 'second-hand'),
    },
    cacheEntries: entries(1_024, 'size of an adapter MTT cache is not published', 'model constant'),
    granuleEntries: entries(8, 'umr.c: 64-byte alignment = 8 MTTs', 'read'),
  },
  {
    id: 'gpu-fault',
    title: 'Discrete GPU with replayable faults and a mirrored page table',
    costs: {
      commandFixedNs: ns(
        500,
        'tables are written by CPU stores; one doorbell or batch buffer',
        'model constant',
      ),
      perEntryPs: ps(1_000, `${SUGGESTED}: about 1 ns per entry`, 'model constant'),
      invalidateCommandNs: ns(4_200, SHOOTDOWN, 'second-hand'),
      fenceNs: ns(1_000, 'wait for the invalidation to be acknowledged', 'model constant'),
      faultNs: ns(20_000, 'Zheng et al., HPCA 2016: far fault 20-50 us', 'second-hand'),
    },
    cacheEntries: entries(512, 'L2 TLB of a GPU', 'model constant'),
    granuleEntries: entries(1, 'entries are written one by one', 'inferred'),
  },
  {
    id: 'iommu-vtd',
    title: 'IOMMU with queued invalidation (VT-d)',
    costs: {
      commandFixedNs: ns(0, 'tables lie in memory and are written by CPU stores', 'read'),
      perEntryPs: ps(0, 'entries are CPU stores, which are measured themselves', 'read'),
      invalidateCommandNs: ns(
        500,
        'domain.md 5.2: queued invalidation 1-2 k cycles (ATC 2015, ASPLOS 2015), at 3 GHz',
        'recalled',
      ),
      fenceNs: ns(
        200,
        'wait descriptor; within the queued invalidation of the papers',
        'model constant',
      ),
      faultNs: ns(
        2_000,
        'SVA fault handler, 2.0 us on average (S. Lu, vfio IOPF v2, 2021)',
        'read',
      ),
    },
    cacheEntries: entries(
      64,
      'domain.md 5.2: 64-entry IOTLB reach, pcie-bench (SIGCOMM 2018)',
      'recalled',
    ),
    granuleEntries: entries(1, 'entries are written one by one', 'read'),
  },
  {
    id: 'ats-sva',
    title: 'Device that walks the CPU page table (ATS/PRI, shared virtual addressing)',
    costs: {
      commandFixedNs: ns(0, 'no table of its own to update', 'read'),
      perEntryPs: ps(0, 'no table of its own to update', 'read'),
      invalidateCommandNs: ns(4_200, SHOOTDOWN, 'second-hand'),
      fenceNs: ns(0, 'the shootdown waits for its completion', 'inferred'),
      faultNs: ns(16_000, 'arXiv 2508.12743, MI300A: GPU minor fault 16 us', 'second-hand'),
    },
    cacheEntries: entries(512, 'size of a device ATC is not published', 'model constant'),
    granuleEntries: entries(1, 'one CPU page-table entry', 'read'),
  },
];
