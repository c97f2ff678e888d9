import type { SuiteInput } from '../suite.ts';

// Small 2 MiB-mapped VMAs: a region costs one set-up event, so that 10^5 of them fit a cell.
const REGION_COUNTS = [1, 10, 100, 1_000, 10_000];
/** Directories of the two-level strategies have room for 32 GiB a region. */
const LARGEST_REGION_MIB = 32_768;
const MAPPED_MIB = [1_024, 4_096, 16_384, 65_536];

export const scaling: SuiteInput = {
  name: 'scaling',
  description:
    'How cost grows with threads, with regions (1 to 10^5) and with mapped memory (1 to 64 GiB)',
  duration: { seconds: 240, per: 'strategy' },
  groups: [
    {
      strategies: ['all'],
      workloads: ['storm'],
      devices: ['ideal'],
      deviceThreads: '1..cores',
      stormThreads: '1..cores',
      forks: 3,
    },
    {
      strategies: ['all'],
      workloads: [
        ...REGION_COUNTS.map((regions) => ({
          id: 'storm',
          params: { spaceMiB: 20_000, regions, hugeShare: 1 },
        })),
        { id: 'storm', params: { spaceMiB: 200_000, regions: 100_000, hugeShare: 1 } },
      ],
      devices: ['ideal'],
      access: { kind: 'uniform' },
      forks: 3,
      timeoutSeconds: 120,
    },
    {
      strategies: ['all'],
      workloads: MAPPED_MIB.map((spaceMiB) => ({
        id: 'storm',
        params: { spaceMiB, regions: Math.ceil(spaceMiB / LARGEST_REGION_MIB), hugeShare: 0.9 },
      })),
      devices: ['ideal'],
      access: { kind: 'uniform' },
      forks: 3,
      timeoutSeconds: 120,
    },
  ],
};
