import type { StrategyEntry } from './manifest.ts';

const flatCanary = {
  kind: 'canary',
  family: 'canary',
  language: 'assemblyscript',
  users: 'nobody: a checker that does not catch it is broken',
  source: 'this project',
  memory: { at4k: '2 MiB', at2m: '2 MiB' },
  bytesPerGiB: { at4k: null, at2m: null },
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
} as const;

/** Strategies that break one invariant each; they run in verify-type cells and must be caught. */
export const canaries: readonly StrategyEntry[] = [
  {
    ...flatCanary,
    id: 'canary-no-cache-invalidate',
    title: 'canary: forgets the device cache',
    summary: 'Zaps the table but leaves the translation in the device cache.',
    breaks: 'I1 (stale translation through the cache)',
  },
  {
    ...flatCanary,
    id: 'canary-late-zap',
    title: 'canary: zaps after it returns',
    summary: 'Returns from invalidate first and zaps when the next invalidation arrives.',
    breaks: 'I1 (stale translation in the table)',
  },
];
