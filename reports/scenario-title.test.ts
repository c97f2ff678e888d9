import { expect, test } from 'vitest';
import { buildModel } from './build-model.ts';
import { generateRun } from './fixtures/generate-run.ts';
import { scenarioTitle } from './scenario-title.ts';

test.each([
  ['storm · ideal · storm · 1000000ps', 'storm · ideal · storm · 1 M ranges/s'],
  ['storm · ideal · 20000ps', 'storm · ideal · 20\u202f000 ranges/s'],
  ['storm · ideal · storm · d1s2', 'storm · ideal · storm · 1 device + 2 storm threads'],
  ['storm · d2s1.500ps', 'storm · 2 device + 1 storm thread, 500 ranges/s'],
  [
    'storm{hugeShare=0.9,regions=1,spaceMiB=16384} · ideal',
    'storm (huge share 0.9, regions 1, mapped 16 GiB) · ideal',
  ],
  ['storm · ideal · spaceMiB=64 to 1024 with it', 'storm · ideal · mapped 64 MiB to 1 GiB with it'],
  ['redis-bgsave · mlx5-odp · replay · atomic-only', null],
])('%s', (name, title) => {
  expect(scenarioTitle(name)).toBe(title ?? name);
});

test('a report titles its scenarios so, and keeps their anchors', () => {
  const run = generateRun({ runId: 'a', seed: 3, strategies: 2, workloads: 1, forks: 1 });
  const records = run.records.map((record) => ({ ...record, variant: '1000000ps' }));
  const [scenario] = buildModel([{ ...run, records }]).scenarios;
  expect(scenario!.title).toMatch(/ · 1 M ranges\/s$/);
  expect(scenario!.anchor).toMatch(/--1000000ps$/);
});
