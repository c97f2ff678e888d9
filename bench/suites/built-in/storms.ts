import type { SuiteInput } from '../suite.ts';

export const storms: SuiteInput = {
  name: 'storms',
  description: 'Every synthetic storm against every strategy',
  duration: { seconds: 160, per: 'strategy' },
  groups: [
    { strategies: ['all'], workloads: ['all-synthetic'], forks: 5, windowSeconds: 1.2 },
    { strategies: ['all'], workloads: ['all-synthetic'], modes: ['replay'] },
  ],
};
