import type { SuiteInput } from '../suite.ts';

export const recordings: SuiteInput = {
  name: 'recordings',
  description:
    'Every bundled recording against every strategy: as recorded, tenfold compressed, and counted',
  duration: { seconds: 240, per: 'strategy' },
  groups: [
    {
      strategies: ['all'],
      workloads: ['all-recordings'],
      forks: 3,
      pace: [{ kind: 'recorded' }, { kind: 'compressed', factor: 10 }],
      windowSeconds: 2,
    },
    { strategies: ['all'], workloads: ['all-recordings'], modes: ['replay'] },
  ],
};
