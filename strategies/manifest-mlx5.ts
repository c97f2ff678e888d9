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

/** mlx5's own designs, the two answers given in the 2019 thread, and those grown from them. */
export const mlx5Strategies: readonly StrategyEntry[] = [mlx5Odp];
