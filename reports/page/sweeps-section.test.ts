import { expect, test } from 'vitest';
import { buildModel } from '../build-model.ts';
import { generateRun } from '../fixtures/generate-run.ts';
import type { CapacityRow } from '../report-model.ts';
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
