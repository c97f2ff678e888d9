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
      summary: 'occupancy at which a table doubles',
      default: 60,
      min: 10,
      max: 95,
    },
    {
      name: 'emptyPercent',
      summary: 'occupancy below which maintain halves a table; 0: never',
      default: 20,
      min: 0,
      max: 40,
    },
  ],
  sites: [
    { name: 'head', kind: 'table' },
    { name: 'ways', kind: 'table' },
  ],
};
export const researchDesigns: readonly StrategyEntry[] = [elasticCuckoo];
