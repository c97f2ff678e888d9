import type { SuiteInput } from '../suite.ts';

const WORKLOADS = [
  'redis-bgsave',
  'node-gc',
  'storm',
  'cow-after-fork',
  'thp-break-collapse',
  'munmap-churn',
];

export const standard: SuiteInput = {
  name: 'standard',
  description:
    'Every strategy on recordings and storms, on a NIC and a GPU, with enough forks for intervals',
  duration: { seconds: 200, per: 'strategy' },
  groups: [
    {
      strategies: ['all'],
      workloads: WORKLOADS,
      devices: ['mlx5-odp', 'gpu-fault'],
      forks: 7,
      windowSeconds: 1.5,
    },
    {
      strategies: ['all'],
      workloads: WORKLOADS,
      devices: ['mlx5-odp', 'gpu-fault'],
      modes: ['replay'],
    },
  ],
};
