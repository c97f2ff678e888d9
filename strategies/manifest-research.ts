import type { StrategyEntry } from './manifest.ts';

const MIB = 1024 * 1024;
const KIB = 1024;

const elasticCuckoo: StrategyEntry = {
  id: 'elastic-cuckoo',
  title: 'elastic cuckoo page table',
  kind: 'strategy',
  family: 'hashed',
  language: 'assemblyscript',
  summary:
    'A hashed page table of 64-byte lines in three ways that doubles and halves while it is in use.',
  users: 'research page tables: ECPT, ME-HPT',
  source: 'Skarlatos et al., Elastic Cuckoo Page Tables, ASPLOS 2020',
  memory: {
    at4k: '3 ways x 32,768 lines x 64 B (32,768 lines in use, 60 % allowed) + 4 pages = 6 MiB + 16 KiB',
    at2m: '2 tables x 3 ways x 4 KiB + 4 KiB head = 28 KiB',
  },
  bytesPerGiB: { at4k: 6 * MIB + 16 * KIB, at2m: 28 * KIB },
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
      name: 'fullPercent',
      summary: 'occupancy at which a table doubles, more than twice emptyPercent',
      default: 60,
      min: 50,
      max: 95,
    },
    {
      name: 'emptyPercent',
      summary: 'occupancy below which maintain halves a table; 0: never',
      default: 20,
      min: 0,
      max: 24,
    },
  ],
  sites: [
    { name: 'head', kind: 'table' },
    { name: 'ways', kind: 'table' },
  ],
};

const extentTree: StrategyEntry = {
  id: 'extent-tree',
  title: 'copy-on-write B+tree of extents',
  kind: 'strategy',
  family: 'ranges',
  language: 'assemblyscript',
  summary:
    'Runs of pages with running frames are one item of a B+tree; updates merge runs and publish a new root, invalidations trim and split them.',
  users: 'range translation (RMM); range trees of software page tables (catalogue S16)',
  source: 'Karakostas et al., Redundant Memory Mappings, ISCA 2015; lib/maple_tree.c',
  memory: {
    at4k: '16 B x runs, 254 to a node of 4 KiB, half full at worst: 4 KiB (one run) to 8.2 MiB (no two frames in a row)',
    at2m: '16 B x runs: 4 KiB (one run) to 24 KiB (512 runs)',
  },
  bytesPerGiB: { at4k: null, at2m: null },
  lock: 'region',
  guarantees: {
    allocatesInInvalidate: false,
    allocatesInUpdate: true,
    updateCanFail: true,
    // Half of the longest extent, which is a region of 32 GiB.
    collateralPages: 4_194_304,
    reservePages: 8,
    downgradesInPlace: false,
    translates: true,
  },
  params: [
    {
      name: 'spare',
      summary:
        'pages held for holes in extents; a hole takes one a level of the tree, and one a split',
      default: 8,
      min: 0,
      max: 64,
    },
  ],
  sites: [
    { name: 'node', kind: 'table' },
    { name: 'spare', kind: 'reserve' },
  ],
};

/** Tables of the literature that no mainline driver uses. */
export const researchDesigns: readonly StrategyEntry[] = [elasticCuckoo, extentTree];
