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
  {
    ...flatCanary,
    id: 'canary-early-free',
    title: 'canary: frees before the fence',
    summary: 'Gives a table back while walks may still be reading it.',
    breaks: 'I10 (table memory freed before the fence)',
    memory: { at4k: '2 MiB + 4 KiB', at2m: '4 KiB' },
    guarantees: {
      ...flatCanary.guarantees,
      allocatesInUpdate: true,
      updateCanFail: true,
      collateralPages: 512,
    },
    sites: [
      { name: 'directory', kind: 'table' },
      { name: 'fault', kind: 'table' },
      { name: 'break', kind: 'table' },
    ],
  },
  {
    ...flatCanary,
    id: 'canary-wide-rights',
    title: 'canary: lets the device write everything',
    summary: 'Sets the WRITE right whatever the CPU grants.',
    breaks: 'I5 (rights wider than the CPU granted)',
  },
  {
    ...flatCanary,
    id: 'canary-foreign-frame',
    title: "canary: maps the neighbour's frame",
    summary: 'Gives a page the frame of the page after it.',
    breaks: 'I1 (a translation the CPU never made)',
  },
  {
    ...flatCanary,
    id: 'canary-lost-publish-check',
    title: 'canary: publishes unasked',
    summary: 'Has a lock of its own and does not ask whether an invalidation came between.',
    breaks: 'I3 (publishes after the sequence moved)',
    lock: 'own',
  },
];
