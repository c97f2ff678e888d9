import { canaries } from './manifest-canaries.ts';
import { designs } from './manifest-designs.ts';
import { mlx5Strategies } from './manifest-mlx5.ts';

/** What a site's memory is for; decides which account pays (table, staging or reserve). */
export type MemoryKind = 'table' | 'staging' | 'reserve';

export interface StrategyParam {
  readonly name: string;
  readonly summary: string;
  /** A number, or one of `choices` (the module gets its index). */
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Claims a strategy makes about itself with its default parameters (others may cost more pages, or fail);
 * the conformance suite checks each one.
 */
export interface StrategyGuarantees {
  /** May `invalidate` ask the allocator for memory? (It may never fail because of it.) */
  readonly allocatesInInvalidate: boolean;
  /** May `update` ask the allocator for memory after registration? */
  readonly allocatesInUpdate: boolean;
  /** May `update` return ENOMEM? */
  readonly updateCanFail: boolean;
  /** Pages that an invalidation of one page may zap at most (1 = none but its own). */
  readonly collateralPages: number;
  /** Spare pages held per region at most; 0 = no reserve. */
  readonly reservePages: number;
  /** Does it remove only the WRITE right on protection events? */
  readonly downgradesInPlace: boolean;
  /** Does it hold translations at all? (noop does not.) */
  readonly translates: boolean;
}

export interface StrategyEntry {
  /** File strategies/<id>.ts (or strategies/c/<id>.c); unique. */
  readonly id: string;
  readonly title: string;
  readonly kind: 'strategy' | 'floor' | 'control' | 'canary';
  readonly family: string;
  readonly language: 'assemblyscript' | 'c';
  readonly summary: string;
  /** Who works this way, and where it can be read. */
  readonly users: string;
  readonly source: string;
  /** Table bytes per mapped GiB at 4 KiB and at 2 MiB, as text with the arithmetic. */
  readonly memory: { readonly at4k: string; readonly at2m: string };
  /** The same figures as numbers, checked by the suite within 1 %; null: depends on the workload. */
  readonly bytesPerGiB: { readonly at4k: number | null; readonly at2m: number | null };
  readonly lock: 'region' | 'block' | 'own';
  /** Its device walks the CPU's table: invalidate is called while that changes, not before. */
  readonly notifiesAfterChange?: true;
  readonly guarantees: StrategyGuarantees;
  readonly params: readonly StrategyParam[];
  /** Allocation sites in the order of the module's SITE_* constants. */
  readonly sites: readonly { readonly name: string; readonly kind: MemoryKind }[];
  /** Conformance cases that cannot apply, with the reason; printed by verify. */
  readonly excused?: Readonly<Record<string, string>>;
  /** Canaries and controls: the invariant it breaks (domain words, I1..I10). */
  readonly breaks?: string;
}

const MIB = 1024 * 1024;
const KIB = 1024;

const noop: StrategyEntry = {
  id: 'noop',
  title: 'no-op',
  kind: 'floor',
  family: 'floor',
  language: 'assemblyscript',
  summary: 'Holds no translations; what its cells cost is what the harness costs.',
  users: 'nobody: the floor of every chart',
  source: 'this project',
  memory: { at4k: '0', at2m: '0' },
  bytesPerGiB: { at4k: 0, at2m: 0 },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: false,
    updateCanFail: false,
    collateralPages: 1,
    reservePages: 0,
    downgradesInPlace: false,
    translates: false,
  },
  params: [],
  sites: [],
};

const flatPreallocated: StrategyEntry = {
  id: 'flat-preallocated',
  title: 'flat table, preallocated at 4 KiB',
  kind: 'strategy',
  family: 'preallocated',
  language: 'assemblyscript',
  summary: 'One 4 KiB-grained array a region, allocated at registration; updates never allocate.',
  users: 'mlx5 explicit ODP, pinned MRs (catalogue S1, S2)',
  source: 'drivers/infiniband/hw/mlx5/odp.c, mr.c (2019)',
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

const hugeThen4k: StrategyEntry = {
  id: 'huge-then-4k',
  title: 'huge entries, then 4 KiB tables',
  kind: 'strategy',
  family: 'dynamic',
  language: 'assemblyscript',
  summary:
    'A 2 MiB leaf until the OS breaks it; the 4 KiB table is allocated when the break is seen, or by the next fault if that fails.',
  users: 'the question of the 2019 thread; KVM TDP MMU has the same NOWAIT-then-restart shape',
  source: 'linux-mm, 20 Feb 2019; arch/x86/kvm/mmu/tdp_mmu.c',
  memory: {
    at4k: '512 tables x 4 KiB + 4 KiB directory = 2 MiB + 4 KiB',
    at2m: '4 KiB directory',
  },
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
  params: [],
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'fault', kind: 'table' },
    { name: 'break', kind: 'table' },
  ],
};

const deposit: StrategyEntry = {
  id: 'deposit',
  title: 'deposit and withdraw',
  kind: 'strategy',
  family: 'allocation-free',
  language: 'assemblyscript',
  summary:
    'A 4 KiB table is parked for every 2 MiB block; a split withdraws it and cannot fail, a collapse parks it again.',
  users: 'THP in mm/ (catalogue S7)',
  source: 'mm/pgtable-generic.c, mm/huge_memory.c',
  memory: {
    at4k: '512 tables x 4 KiB + 4 KiB directory = 2 MiB + 4 KiB',
    at2m: '512 parked x 4 KiB + 4 KiB directory = 2 MiB + 4 KiB',
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
      name: 'prepay',
      summary: '1: all pages are parked at registration; 0: when a block gets its first mapping',
      default: 1,
      min: 0,
      max: 1,
    },
  ],
  sites: [
    { name: 'directory', kind: 'table' },
    { name: 'deposit', kind: 'table' },
  ],
};

/**
 * Every strategy of the tree, in the order tables show them. Adding one takes its source file and one
 * entry here; build, command line, conformance suite, report and docs take it from there.
 */
export const manifest: readonly StrategyEntry[] = [
  noop,
  flatPreallocated,
  hugeThen4k,
  deposit,
  ...mlx5Strategies,
  ...designs,
  ...canaries,
];
