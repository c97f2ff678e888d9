import { expect, test } from 'vitest';
import { buildModel } from '../build-model.ts';
import { forkStrip } from '../charts/fork-strip.ts';
import { generateRun } from '../fixtures/generate-run.ts';
import type { CapacityRow, Scenario } from '../report-model.ts';
import { buildChartSet } from './chart-set.ts';
import { scenarioSection } from './scenario-section.ts';
import { sweepsSection } from './sweeps-section.ts';

const plain = buildModel([
  generateRun({ runId: 'a', seed: 3, strategies: 3, workloads: 2, forks: 2 }),
]);

test('a rate sweep is drawn once, beside the knees that are read from it', () => {
  const row = (offered: number): CapacityRow => ({
    offeredPerSecond: offered,
    achievedPerSecond: offered,
    notifierP99Ns: offered,
    notifierP999Ns: 2 * offered,
    faultP99Ns: null,
    saturated: false,
  });
  const [first, ...others] = plain.scenarios;
  const series = first!.series.map((one) => ({ ...one, capacity: [row(20_000), row(50_000)] }));
  const model = { ...plain, scenarios: [{ ...first!, series }, ...others] };
  const charts = buildChartSet(model);
  const text = sweepsSection(model, charts)!.text;
  expect(text.match(/data-chart="throughput-latency"/g)).toHaveLength(1);
  expect(text).toContain('data-scenario="0"');
  expect(scenarioSection(model, charts, 0).text).not.toContain('throughput-latency');
});

test('a run without a sweep has no such section', () => {
  expect(sweepsSection(plain, buildChartSet(plain))).toBeNull();
});

test('single operations stand open and alone where nothing else was counted', () => {
  const micro = [
    { operation: 'map', leafBytes: 4096, leaves: 1, avgNs: 81, minNs: 75, p5Ns: 76, lines: null },
  ] as unknown as Scenario['series'][number]['micro'];
  const estimates = {
    'allocation-failures': { value: 0, low: null, high: null, kind: 'exact' as const, n: 1 },
  };
  const scenarios = plain.scenarios.map((one) => ({
    ...one,
    mode: 'micro',
    series: one.series.map((series) => ({
      ...series,
      micro,
      estimates,
      status: 'passed' as const,
    })),
  }));
  // As many scenarios as make the tables fold.
  const model = { ...plain, scenarios: [...scenarios, ...scenarios, ...scenarios] };
  const text = scenarioSection(model, buildChartSet(model), 1).text;
  expect(text).toContain('map 1x4K');
  expect(text).not.toContain('Results of');
  expect(text).not.toContain('-figures"');
});

test('one fork has no spread to draw', () => {
  const [scenario] = buildModel([
    generateRun({ runId: 'a', seed: 3, strategies: 3, workloads: 1, forks: 1 }),
  ]).scenarios;
  expect(forkStrip.variants(plain, scenario!)).toEqual([]);
  expect(forkStrip.variants(plain, plain.scenarios[0]!).length).toBeGreaterThan(3);
});
