import type { StrategyEntry } from './manifest.ts';
import { researchDesigns } from './manifest-research.ts';

const MIB = 1024 * 1024;
const KIB = 1024;

const TWO_LEVELS_4K = '512 tables x 4 KiB + 4 KiB directory = 2 MiB + 4 KiB';

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

const perJobPrealloc: StrategyEntry = {
  id: 'per-job-prealloc',
  title: 'worst case preallocated per job',
  kind: 'strategy',
  family: 'preallocated',
  language: 'assemblyscript',
  summary:
    'Each update allocates the tables it could need at worst before it takes the lock, consumes some, and frees the rest.',
  users: 'drm/msm VM_BIND (catalogue S10)',
  source: 'drivers/gpu/drm/msm/msm_iommu.c',
  memory: {
    at4k: `${TWO_LEVELS_4K} (one table more for each block of a job under way)`,
    at2m: '4 KiB directory',
  },
  bytesPerGiB: { at4k: 2 * MIB + 4 * KIB, at2m: 4 * KIB },
  lock: 'own',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: true,
    updateCanFail: true,
    collateralPages: 512,
    reservePages: 0,
    downgradesInPlace: false,
    translates: true,
  },
  params: [],
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'job', kind: 'table' },
  ],
};

const toppedUpCache: StrategyEntry = {
  id: 'topped-up-cache',
  title: 'cache topped up outside the lock',
  kind: 'strategy',
  family: 'reserve',
  language: 'assemblyscript',
  summary:
    'A cache of pages is filled before the lock is taken; under the lock tables come from it and cannot fail.',
  users: 'KVM on x86, arm64 and riscv (catalogue S8)',
  source: 'virt/kvm/kvm_main.c kvm_mmu_topup_memory_cache',
  memory: {
    at4k: `${TWO_LEVELS_4K} (beside it up to 40 x 4 KiB cached a region)`,
    at2m: '4 KiB directory (the cache stays empty until the first 4 KiB mapping)',
  },
  bytesPerGiB: { at4k: 2 * MIB + 4 * KIB, at2m: 4 * KIB },
  lock: 'own',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: true,
    updateCanFail: true,
    collateralPages: 512,
    reservePages: 40,
    downgradesInPlace: false,
    translates: true,
  },
  params: [
    {
      name: 'capacity',
      summary: 'pages a top-up fills the cache to (KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE)',
      default: 40,
      min: 1,
      max: 512,
    },
  ],
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'cache', kind: 'reserve' },
    { name: 'table', kind: 'table' },
  ],
  excused: {
    'pt/balance':
      'the cache is used up and filled again in turns: what is held moves within reservePages (claim/reserve), and nothing is left at the end',
  },
};

const eagerSplit: StrategyEntry = {
  id: 'eager-split',
  title: 'eager split in chunks',
  kind: 'strategy',
  family: 'dynamic',
  language: 'assemblyscript',
  summary:
    'Once the OS write-protects a region its 2 MiB leaves are split in the background, a chunk at a time, ahead of demand.',
  users: 'KVM dirty logging during live migration (catalogue S9)',
  source: 'arch/x86/kvm/mmu/tdp_mmu.c; arm64 KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE',
  memory: {
    at4k: TWO_LEVELS_4K,
    at2m: '4 KiB directory before logging, 2 MiB + 4 KiB once all is split',
  },
  bytesPerGiB: { at4k: 2 * MIB + 4 * KIB, at2m: 4 * KIB },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: true,
    updateCanFail: true,
    collateralPages: 512,
    reservePages: 0,
    downgradesInPlace: true,
    translates: true,
  },
  params: [
    {
      name: 'chunk',
      summary: 'leaves split (or tables looked at) in one round of maintain',
      default: 16,
      min: 1,
      max: 512,
    },
    {
      name: 'trigger',
      summary: '1: a protection event starts splitting; 0: everything is always split',
      default: 1,
      min: 0,
      max: 1,
    },
    {
      name: 'quietRounds',
      summary: 'rounds of maintain without a protection event until the region maps huge again',
      default: 1000,
      min: 1,
      max: 1_000_000,
    },
  ],
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'fault', kind: 'table' },
    { name: 'split', kind: 'table' },
  ],
};

const buildAside: StrategyEntry = {
  id: 'build-aside',
  title: 'build aside, switch by one store',
  kind: 'strategy',
  family: 'dynamic',
  language: 'assemblyscript',
  summary:
    'Every update builds a copy of the table and links it with one store; the old one is freed after the fence.',
  users: 'KVM fill-then-link, generic_pt, Arm break-before-make (catalogue S11)',
  source: 'arch/x86/kvm/mmu/tdp_mmu.c; drivers/iommu/generic_pt/iommu_pt.h',
  memory: { at4k: `${TWO_LEVELS_4K} (one table more during an update)`, at2m: '4 KiB directory' },
  bytesPerGiB: { at4k: 2 * MIB + 4 * KIB, at2m: 4 * KIB },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: true,
    allocatesInUpdate: true,
    updateCanFail: true,
    collateralPages: 512,
    reservePages: 0,
    downgradesInPlace: false,
    translates: true,
  },
  params: [
    {
      name: 'breakBeforeMake',
      summary: '1: the old slot is cleared and fenced before the new one is stored',
      default: 0,
      min: 0,
      max: 1,
    },
  ],
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'copy', kind: 'table' },
    { name: 'hole', kind: 'table' },
  ],
};

const sharedCpuTable: StrategyEntry = {
  id: 'shared-cpu-table',
  title: 'shared CPU page table (SVA, ATS)',
  kind: 'strategy',
  family: 'no table',
  language: 'assemblyscript',
  summary:
    'The device walks the CPU page table itself; only its translation caches are invalidated, after the table has changed.',
  users: 'IOMMU SVA, ATS devices, GH200 and AMD APUs (catalogue S15)',
  source: 'mm/mmu_notifier.c arch_invalidate_secondary_tlbs; drivers/iommu/iommu-sva.c',
  memory: { at4k: '0', at2m: '0' },
  bytesPerGiB: { at4k: 0, at2m: 0 },
  lock: 'own',
  notifiesAfterChange: true,
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: false,
    updateCanFail: false,
    collateralPages: 1,
    reservePages: 0,
    downgradesInPlace: true,
    translates: true,
  },
  params: [],
  sites: [],
  excused: {
    'hmm/migrate_anon_huge_err':
      'it expects a gap after a split; here the device reads the CPU word that follows the split',
    'invariant/i3-own-lock':
      'an update publishes nothing, and a page the CPU has mapped needs none',
  },
};

const softwareXarray: StrategyEntry = {
  id: 'software-xarray',
  title: 'software tree keyed by page',
  kind: 'strategy',
  family: 'dynamic',
  language: 'assemblyscript',
  summary:
    'An xarray with a slot a page; out of memory, an update drops its range and leaves it to the refault.',
  users: 'lib/test_hmm.c, the kernel HMM mirror (catalogue S16)',
  source: 'lib/test_hmm.c; lib/xarray.c',
  memory: {
    at4k: '(4096 + 64 + 1) nodes, 7 a page: 595 pages x 4 KiB = 2.32 MiB',
    at2m: 'the same; with multiIndex = 1 (64 + 1) nodes: 10 pages x 4 KiB = 40 KiB',
  },
  bytesPerGiB: { at4k: 595 * 4 * KIB, at2m: 595 * 4 * KIB },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: true,
    updateCanFail: true,
    collateralPages: 1,
    reservePages: 0,
    downgradesInPlace: false,
    translates: true,
  },
  params: [
    {
      name: 'multiIndex',
      summary: '1: a 2 MiB mapping is one entry over eight slots (xa_store_order); 0: 512 entries',
      default: 0,
      min: 0,
      max: 1,
    },
  ],
  sites: [{ name: 'slab', kind: 'table' }],
};
const pageSizeFlip: StrategyEntry = {
  id: 'page-size-flip',
  title: 'one page size a region, flipped live',
  kind: 'strategy',
  family: 'preallocated',
  language: 'assemblyscript',
  summary:
    'The region has 2 MiB or 4 KiB entries as a whole; the first break rewrites it in the five steps of a live page-size change.',
  users: 'mlx5 dmabuf MRs (catalogue S12)',
  source: 'drivers/infiniband/hw/mlx5/umr.c mlx5r_umr_dmabuf_update_pgsz',
  memory: {
    at4k: '8 B x 262,144 + 8 B x 512 shadow = 2 MiB + 4 KiB',
    at2m: '2 MiB + 4 KiB (provisioned for 4 KiB; 512 entries of it are in use)',
  },
  bytesPerGiB: { at4k: 2 * MIB + 4 * KIB, at2m: 2 * MIB + 4 * KIB },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: false,
    updateCanFail: false,
    collateralPages: 512,
    reservePages: 0,
    downgradesInPlace: false,
    translates: true,
  },
  params: [
    {
      name: 'returnRounds',
      summary: 'rounds of maintain without a 4 KiB mapping until the region flips back to 2 MiB',
      default: 10,
      min: 1,
      max: 1_000_000,
    },
  ],
  sites: [{ name: 'register', kind: 'table' }],
};
const flatC: StrategyEntry = {
  id: 'flat-c',
  title: 'flat table, preallocated, in C',
  kind: 'strategy',
  family: 'preallocated',
  language: 'c',
  summary: 'flat-preallocated in C, function by function: the ABI does not depend on the language.',
  users: 'whoever has a table in C already (built only where clang and lld are)',
  source: 'strategies/flat-preallocated.ts',
  memory: { at4k: '8 B x 262,144 = 2 MiB', at2m: '2 MiB (the same)' },
  bytesPerGiB: { at4k: 2 * MIB, at2m: 2 * MIB },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: false,
    updateCanFail: false,
    collateralPages: 1,
    reservePages: 0,
    downgradesInPlace: false,
    translates: true,
  },
  params: [],
  sites: [{ name: 'register', kind: 'table' }],
};

/** Page-table designs of the field beside mlx5's own: IOMMU, KVM, GPU and research tables. */
export const designs: readonly StrategyEntry[] = [
  radix,
  toppedUpCache,
  eagerSplit,
  perJobPrealloc,
  buildAside,
  sharedCpuTable,
  softwareXarray,
  pageSizeFlip,
  ...researchDesigns,
  flatC,
];
