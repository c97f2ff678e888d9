import type { SuiteInput } from '../suite.ts';

const PROFILES: SuiteInput['groups'][number]['memory'] = [
  { profile: 'plenty' },
  { profile: 'tight' },
  { profile: 'fragmented' },
  { profile: 'reclaim' },
  { profile: 'atomic-only' },
  { profile: 'collapse' },
];

// All memory begins in 2 MiB mappings: what the breaks allocate is what a profile can refuse.
const WORKLOADS = [
  { id: 'storm', params: { hugeShare: 1 } },
  { id: 'dirty-logging', params: {} },
];

export const pressure: SuiteInput = {
  name: 'pressure',
  description:
    'Strategies x memory profiles: what fails when table memory runs out, and what it causes',
  duration: { seconds: 100, per: 'strategy' },
  groups: [
    { strategies: ['all'], workloads: WORKLOADS, memory: PROFILES, modes: ['replay'] },
    { strategies: ['all'], workloads: WORKLOADS, memory: PROFILES, forks: 3, windowSeconds: 1.2 },
  ],
};
