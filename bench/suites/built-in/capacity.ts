import type { SuiteInput } from '../suite.ts';

const RATES = [20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000];

export const capacity: SuiteInput = {
  name: 'capacity',
  description:
    'Open-loop rate sweep: latency from the planned time, offered against achieved, to the knee',
  duration: { seconds: 60, per: 'strategy' },
  groups: [
    {
      strategies: ['all'],
      workloads: ['storm'],
      // A NIC's own commands saturate below the lowest of these rates: this knee is the strategy's.
      devices: ['ideal'],
      forks: 3,
      pace: RATES.map((perSecond) => ({ kind: 'rate' as const, perSecond })),
    },
  ],
};
