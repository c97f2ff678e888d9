import { expect, test } from 'vitest';
import { buildModel } from '../build-model.ts';
import { generateRun } from '../fixtures/generate-run.ts';
import type { ReportModel, Scenario } from '../report-model.ts';
import { historyChanges } from './regressions.ts';
import { addRun, laneName, type RunEntry, type SiteHistory } from './site-history.ts';

const model = buildModel([
  generateRun({ runId: 'day', seed: 1, strategies: 2, workloads: 1, forks: 3 }),
]);

function entry(id: string): RunEntry {
  return {
    ...{ id, slug: id, createdAt: `2026-03-0${id}T12:00:00.000Z`, suite: 'quick' },
    ...{ machineId: 'm', machine: 'm', fingerprint: id, cells: 1, passed: 1, violations: 0 },
    ...{ strategies: [], workloads: [] },
  };
}

/** The same figures, three times as large where `factor` says so. */
function altered(change: (scenario: Scenario) => Scenario, factor = 1): ReportModel {
  const scenarios = model.scenarios.map(change).map((scenario) => ({
    ...scenario,
    series: scenario.series.map((series) => ({
      ...series,
      estimates: Object.fromEntries(
        Object.entries(series.estimates).map(([id, figure]) => [
          id,
          figure && { ...figure, value: figure.value * factor, low: null, high: null },
        ]),
      ),
    })),
  }));
  return { ...model, scenarios };
}

const replay = (seed: number) => (scenario: Scenario) => ({
  ...scenario,
  mode: 'replay',
  series: scenario.series.map((series) => ({
    ...series,
    forks: series.forks.map((fork) => ({ ...fork, seed })),
  })),
});

const conditions = (hash: string) => (scenario: Scenario) => ({
  ...scenario,
  series: scenario.series.map((series) => ({ ...series, conditions: hash })),
});

test.each([
  ['a replay of another seed', replay(1), replay(2)],
  ['a suite that sets the scenario differently', conditions('a1b2c3d4'), conditions('99999999')],
])('%s begins a lane of its own, and is no change', (_, first, second) => {
  const history: SiteHistory = { runs: [], lanes: new Map() };
  addRun(history, entry('1'), altered(first));
  const lanes = history.lanes.size;
  addRun(history, entry('2'), altered(second, 3));
  expect(history.lanes.size).toBe(2 * lanes);
  expect(new Set([...history.lanes.keys()].map((key) => laneName(key).conditions)).size).toBe(2);
  expect(historyChanges(history)).toEqual([]);
  addRun(history, entry('3'), altered(second, 9));
  expect(history.lanes.size).toBe(2 * lanes);
  expect(historyChanges(history).length).toBeGreaterThan(0);
});
