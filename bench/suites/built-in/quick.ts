import type { SuiteInput } from '../suite.ts';

const MISSION = ['flat-preallocated', 'huge-then-4k', 'deposit'];

/** The save of redis begins about 1.0 s into the recording and lasts 0.2 s. */
const REDIS_WINDOW_SECONDS = 1.3;

function storms(strategies: string[], forks: number): SuiteInput['groups'] {
  const common = { strategies, devices: ['ideal'], forks, timeoutSeconds: 20 };
  return [
    { ...common, workloads: ['redis-bgsave'], windowSeconds: REDIS_WINDOW_SECONDS },
    { ...common, workloads: ['storm'], windowSeconds: 0.7 },
  ];
}

export const quick: SuiteInput = {
  name: 'quick',
  description:
    'The mission in a minute: preallocated, dynamic and allocation-free tables on a recorded stream and a storm',
  duration: { seconds: 60 },
  groups: [
    ...storms(MISSION, 3),
    // The floor is shown for scale and is not ranked: one fork of it is enough.
    ...storms(['noop'], 1),
    {
      strategies: MISSION,
      workloads: ['redis-bgsave', 'storm'],
      modes: ['replay'],
      timeoutSeconds: 20,
    },
    // Everything starts huge: what a table costs before the breaks and after them.
    {
      strategies: MISSION,
      workloads: [{ id: 'storm', params: { hugeShare: 1 } }],
      modes: ['replay'],
      timeoutSeconds: 20,
    },
    // Everything starts huge and a quarter of a full table must do: the breaks need more.
    {
      strategies: MISSION,
      workloads: [{ id: 'storm', params: { hugeShare: 1 } }],
      modes: ['replay'],
      memory: { profile: 'tight' },
      timeoutSeconds: 20,
    },
    {
      strategies: ['canary-no-cache-invalidate', 'canary-late-zap'],
      workloads: ['storm'],
      devices: ['ideal'],
      access: { kind: 'hot-recent' },
      modes: ['verify'],
      windowSeconds: 1,
      timeoutSeconds: 20,
      comparison: false,
    },
  ],
};
