import type { StrategyEntry } from './manifest.ts';

const KIB = 1024;
const MIB = 1024 * 1024;
/** 512 pages of entries and one directory page a GiB. */
const FINE_TABLE = 2 * MIB + 4 * KIB;
const FINE_TEXT = '512 tables x 4 KiB + 4 KiB directory = 2 MiB + 4 KiB';

const ladder = {
  name: 'ladder',
  summary: 'year of the staging ladder: before 2021 there is no one-page step',
  default: 2021,
  min: 2019,
  max: 2021,
} as const;

const stagingSites = [
  { name: 'staging', kind: 'staging' },
  { name: 'emergency', kind: 'staging' },
] as const;

const mlx5Odp: StrategyEntry = {
  id: 'mlx5-odp',
  title: 'mlx5 explicit ODP',
  kind: 'strategy',
  family: 'preallocated',
  language: 'assemblyscript',
  summary:
    'A flat 4 KiB table that updates reach through staged commands; the staging ladder ends at one global page, so an update never fails for memory.',
  users: 'mlx5 explicit on-demand paging, the system of the 2019 thread (catalogue S2, S4)',
  source: 'drivers/infiniband/hw/mlx5/odp.c, mr.c (2019), umr.c (today)',
  memory: { at4k: FINE_TEXT, at2m: '2 MiB + 4 KiB (the same)' },
  bytesPerGiB: { at4k: FINE_TABLE, at2m: FINE_TABLE },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: true,
    allocatesInUpdate: true,
    updateCanFail: false,
    collateralPages: 8,
    reservePages: 0,
    downgradesInPlace: false,
    translates: true,
  },
  params: [ladder],
  sites: [
    ...stagingSites,
    { name: 'directory', kind: 'table' },
    { name: 'register', kind: 'table' },
  ],
};

const mlx5Implicit: StrategyEntry = {
  id: 'mlx5-implicit',
  title: 'mlx5 implicit ODP',
  kind: 'strategy',
  family: 'dynamic',
  language: 'assemblyscript',
  summary:
    'A parent entry a GiB; the first fault in a GiB makes a flat 4 KiB child, which is destroyed outside the notifier when nothing is mapped in it.',
  users: 'mlx5 implicit on-demand paging: KSM parent, MTT children (catalogue S3, S4)',
  source: 'drivers/infiniband/hw/mlx5/odp.c (implicit_get_child_mr), umr.c',
  memory: {
    at4k: '512 tables x 4 KiB + 4 KiB child directory + 4 KiB parent = 2 MiB + 8 KiB',
    at2m: '2 MiB + 8 KiB (the same)',
  },
  bytesPerGiB: { at4k: FINE_TABLE + 4 * KIB, at2m: FINE_TABLE + 4 * KIB },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: true,
    allocatesInUpdate: true,
    updateCanFail: true,
    collateralPages: 8,
    reservePages: 0,
    downgradesInPlace: false,
    translates: true,
  },
  params: [
    ladder,
    {
      name: 'parentGiB',
      summary:
        'address space the parent covers at least, 16 B a GiB (the kernel: 131,072, which takes 2 MiB a region)',
      default: 256,
      min: 1,
      max: 65_536,
    },
  ],
  sites: [...stagingSites, { name: 'parent', kind: 'table' }, { name: 'child', kind: 'table' }],
};

const deviceFormatShadow: StrategyEntry = {
  id: 'device-format-shadow',
  title: 'device-format shadow as DMA source',
  kind: 'strategy',
  family: 'allocation-free',
  language: 'assemblyscript',
  summary:
    "The driver's address list is kept in the device's format and is the source of the transfer: no staging, no allocation after registration, no collateral.",
  users: 'proposed by Haggai Eran for mlx5 ODP, 2019 (catalogue S5); UTLB-like designs',
  source: 'linux-mm, 13 Feb 2019',
  memory: { at4k: FINE_TEXT, at2m: '2 MiB + 4 KiB (the same)' },
  bytesPerGiB: { at4k: FINE_TABLE, at2m: FINE_TABLE },
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
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'register', kind: 'table' },
  ],
};

const coarseZap: StrategyEntry = {
  id: 'coarse-zap',
  title: 'coarse zap and refault',
  kind: 'strategy',
  family: 'dynamic',
  language: 'assemblyscript',
  summary:
    'The notifier kills the whole 2 MiB leaf and allocates nothing; the next fault maps 4 KiB pages.',
  users: 'generic_pt unmap, VFIO, GPU SVM, xe (catalogue S6)',
  source: 'drivers/iommu/generic_pt/iommu_pt.h, drivers/gpu/drm/drm_gpusvm.c',
  memory: { at4k: FINE_TEXT, at2m: '4 KiB directory' },
  bytesPerGiB: { at4k: FINE_TABLE, at2m: 4 * KIB },
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
  params: [],
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'fault', kind: 'table' },
  ],
};

const dmaBuiltTable: StrategyEntry = {
  id: 'dma-built-table',
  title: 'table built from contiguous DMA addresses',
  kind: 'strategy',
  family: 'dynamic',
  language: 'assemblyscript',
  summary:
    'Consecutive frames are merged into 64 KiB and 2 MiB device pages before the update, whatever size the CPU maps; a cut 2 MiB page is dropped whole.',
  users: "Jerome Glisse's answer of 2019; GPU drivers' 64 KiB and 2 MiB device pages",
  source: 'linux-mm, 20 Feb 2019',
  memory: {
    at4k: '4 KiB directory + 4 KiB for each block that is not one run of frames: 2 MiB + 4 KiB at most',
    at2m: '4 KiB directory',
  },
  bytesPerGiB: { at4k: null, at2m: 4 * KIB },
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
      name: 'mergeOrder',
      summary:
        'largest device page made of smaller CPU pages: below 9 runs of 64 KiB, 9 also 2 MiB',
      default: 9,
      min: 4,
      max: 9,
    },
  ],
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'fault', kind: 'table' },
  ],
};

const poisonPage: StrategyEntry = {
  id: 'poison-page',
  title: 'poison page instead of non-present',
  kind: 'strategy',
  family: 'allocation-free',
  language: 'assemblyscript',
  summary:
    'Invalidated pages point to one shared dummy page, found by its signature; no entry is ever non-present, so updates must flush the caches too.',
  users: 'NP-RDMA, mlx5 null key, IOMMU sink pages (catalogue S17)',
  source: 'arXiv 2310.11062',
  memory: {
    at4k: '512 tables x 4 KiB + 4 KiB directory + 4 KiB dummy page = 2 MiB + 8 KiB',
    at2m: '2 MiB + 8 KiB (the same)',
  },
  bytesPerGiB: { at4k: FINE_TABLE + 4 * KIB, at2m: FINE_TABLE + 4 * KIB },
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
  sites: [
    { name: 'dummy', kind: 'table' },
    { name: 'directory', kind: 'table' },
    { name: 'register', kind: 'table' },
  ],
};

const lazyBatch: StrategyEntry = {
  id: 'lazy-batch',
  title: 'lazy batched invalidation (unsafe control)',
  kind: 'control',
  family: 'control',
  language: 'assemblyscript',
  summary:
    'Queues invalidations and zaps and flushes 250 at a time: cheap, and wrong for an MMU notifier.',
  users: 'batching of IOMMU lazy mode (catalogue S18); never for MMU notifiers',
  source: 'commit 5e0d2a6f (2008)',
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
  breaks: 'I1 (stale translation until the batch is flushed)',
};

/** Why a case that expects all pages of a buffer to be mapped at its end cannot apply. */
const REVOKED_WHOLE =
  'each copy-on-write break revokes the object of the whole block: pages mapped before it wait for a fault';

const objectCache: StrategyEntry = {
  id: 'object-cache',
  title: 'pre-created object cache',
  kind: 'strategy',
  family: 'reserve',
  language: 'assemblyscript',
  summary:
    "Ready tables are kept in a cache that is filled in the background; an invalidation revokes the block's whole object with one command.",
  users: 'mlx5 mkey / MR cache (catalogue S13)',
  source: 'drivers/infiniband/hw/mlx5/mr.c',
  memory: {
    at4k: `${FINE_TEXT}; reserve up to 2 x limit objects of 4 KiB`,
    at2m: '4 KiB directory; the same reserve',
  },
  bytesPerGiB: { at4k: FINE_TABLE, at2m: 4 * KIB },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: true,
    updateCanFail: true,
    collateralPages: 512,
    reservePages: 16,
    downgradesInPlace: false,
    translates: true,
  },
  params: [
    {
      name: 'limit',
      summary: 'objects below which the cache is filled, up to twice as many',
      default: 8,
      min: 1,
      max: 4096,
    },
  ],
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'object', kind: 'table' },
    { name: 'cache', kind: 'reserve' },
  ],
  excused: {
    'hmm/anon_write_child': REVOKED_WHOLE,
    'hmm/exclusive_cow': REVOKED_WHOLE,
  },
};

const boundedReserve: StrategyEntry = {
  id: 'bounded-reserve',
  title: 'bounded reserve of spare pages',
  kind: 'strategy',
  family: 'reserve',
  language: 'assemblyscript',
  summary:
    'R spare pages a region let the notifier break R leaves without allocating; maintain refills them. With none left the leaf is dropped whole, or the notifier waits first.',
  users: 'mempool_t, KVM split caches (catalogue S8)',
  source: 'mm/mempool.c; virt/kvm/kvm_main.c (kvm_mmu_topup_memory_cache)',
  memory: {
    at4k: `${FINE_TEXT}; reserve R x 4 KiB a region`,
    at2m: '4 KiB directory; the same reserve',
  },
  bytesPerGiB: { at4k: FINE_TABLE, at2m: 4 * KIB },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: true,
    updateCanFail: true,
    collateralPages: 512,
    reservePages: 16,
    downgradesInPlace: false,
    translates: true,
  },
  params: [
    { name: 'spare', summary: 'R, spare pages a region', default: 16, min: 0, max: 256 },
    {
      name: 'whenEmpty',
      summary: '0: drop the whole leaf; 1: wait up to 2 ms for the refill first',
      default: 0,
      min: 0,
      max: 1,
    },
  ],
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'table', kind: 'table' },
    { name: 'reserve', kind: 'reserve' },
  ],
};

/** mlx5's own designs, the two answers given in the 2019 thread, and those grown from them. */
export const mlx5Strategies: readonly StrategyEntry[] = [
  mlx5Odp,
  mlx5Implicit,
  deviceFormatShadow,
  dmaBuiltTable,
  coarseZap,
  objectCache,
  boundedReserve,
  poisonPage,
  lazyBatch,
];
