import type { SuiteInput } from '../suite.ts';

export const soak: SuiteInput = {
  name: 'soak',
  description: 'A long storm with failing allocations; --set minutes=N sets its length',
  duration: { seconds: 90, per: 'strategy' },
  groups: [
    {
      strategies: ['all'],
      workloads: ['storm'],
      devices: ['ideal'],
      modes: ['verify'],
      windowSeconds: 60,
      timeoutSeconds: 120,
      inject: ['probability=1,times=-1', 'device-error-interval=100000'],
      comparison: false,
    },
  ],
};
