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

/** What runs out in a storm: memory that is short from the start, and memory that becomes short. */
const SHORT: SuiteInput['groups'][number]['memory'] = [
  { profile: 'tight' },
  { profile: 'collapse' },
];

// Replay cells are exact: one fork says what fails and what it causes. Storms show what it costs in time.
export const pressure: SuiteInput = {
  name: 'pressure',
  description:
    'Strategies x memory profiles: what fails when table memory runs out, and what it causes',
  duration: { seconds: 20, per: 'strategy' },
  groups: [
    {
      strategies: ['all'],
      workloads: WORKLOADS,
      memory: PROFILES,
      modes: ['replay'],
      maintenanceThreads: 1,
    },
    { strategies: ['all'], workloads: WORKLOADS.slice(0, 1), memory: SHORT },
  ],
};
