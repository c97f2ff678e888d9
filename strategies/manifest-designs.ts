import type { StrategyEntry } from './manifest.ts';

const MIB = 1024 * 1024;
const KIB = 1024;

const radix: StrategyEntry = {
  id: 'radix',
  title: 'radix table of four levels',
  kind: 'strategy',
  family: 'dynamic',
  language: 'assemblyscript',
  summary:
    'A 512-ary page table whose tables come with the first mapping and go with the last unmapping; a cursor skips the upper levels.',
  users: 'generic_pt and the IOMMU drivers on it (catalogue S14, S6)',
  source: 'drivers/iommu/generic_pt/iommu_pt.h; arch/arm64/mm/contpte.c',
  memory: {
    at4k: '512 tables x 4 KiB + 3 upper nodes x 4 KiB = 2 MiB + 12 KiB',
    at2m: '3 upper nodes x 4 KiB = 12 KiB (4 KiB a GiB and 8 KiB a region)',
  },
  bytesPerGiB: { at4k: 2 * MIB + 12 * KIB, at2m: 12 * KIB },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: true,
    updateCanFail: true,
    collateralPages: 512,
    reservePages: 0,
    downgradesInPlace: false,
    translates: true,
  },
  params: [
    {
      name: 'contiguous',
      summary: 'leaves between 4 KiB and 2 MiB: 0 none (x86_64), 1 of 64 KiB (Arm), 2 all (AMDv1)',
      default: 0,
      min: 0,
      max: 2,
    },
  ],
  sites: [
    { name: 'node', kind: 'table' },
    { name: 'table', kind: 'table' },
  ],
};

/** Page-table designs of the field beside mlx5's own: IOMMU, KVM, GPU and research tables. */
export const designs: readonly StrategyEntry[] = [radix];
