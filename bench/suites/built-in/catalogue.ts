import type { SuiteInput } from '../suite.ts';

export const catalogue: SuiteInput = {
  name: 'catalogue',
  description:
    'All strategies in one table: latency on a storm and a recording, exact counts, micro figures',
  duration: { seconds: 36, per: 'strategy' },
  groups: [
    { strategies: ['all'], workloads: ['storm'], forks: 5 },
    { strategies: ['all'], workloads: ['redis-bgsave'], forks: 3 },
    { strategies: ['all'], workloads: ['storm', 'redis-bgsave'], modes: ['replay'] },
    { strategies: ['all'], workloads: ['storm'], devices: ['ideal'], modes: ['micro'], forks: 3 },
    {
      strategies: ['kind:control', 'kind:canary'],
      workloads: ['storm'],
      modes: ['verify'],
      comparison: false,
    },
  ],
};
