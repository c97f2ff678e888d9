import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildModel } from '../build-model.ts';
import { generateRun } from '../fixtures/generate-run.ts';
import type { ReportModel, Scenario } from '../report-model.ts';
import { formatValue } from '../units.ts';
import { historyChanges } from './regressions.ts';
import {
  addRun,
  laneName,
  type RunEntry,
  readHistory,
  type SiteHistory,
  writeHistory,
} from './site-history.ts';

const model = buildModel([
  generateRun({ runId: 'day', seed: 1, strategies: 2, workloads: 1, forks: 6 }),
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
      values: Object.fromEntries(
        Object.entries(series.values).map(([id, figures]) => [
          id,
          figures.map((figure) => figure && figure * factor),
        ]),
      ),
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

/** The first forks of each series only. */
const cutTo = (count: number) => (scenario: Scenario) => ({
  ...scenario,
  series: scenario.series.map((series) => ({
    ...series,
    forks: series.forks.slice(0, count),
    values: Object.fromEntries(
      Object.entries(series.values).map(([id, figures]) => [id, figures.slice(0, count)]),
    ),
  })),
});

test.each([1, 4])('%i measured forks change no level, however far the figure moves', (count) => {
  const history: SiteHistory = { runs: [], lanes: new Map() };
  addRun(history, entry('1'), altered(cutTo(count)));
  addRun(history, entry('2'), altered(cutTo(count), 4.42));
  const changes = historyChanges(history);
  // Bytes that are the same in every fork of a side are counted.
  expect(changes.filter(({ metric }) => metric !== 'bytes-per-gib')).toEqual([]);
  const whole: SiteHistory = { runs: [], lanes: new Map() };
  addRun(whole, entry('1'), altered(cutTo(6)));
  addRun(whole, entry('2'), altered(cutTo(6), 4.42));
  expect(historyChanges(whole).map(({ metric }) => metric)).toContain('notifier-p99');
});

test('a history of the version before is read, and its points change no level', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xlt-history-'));
  try {
    const path = join(folder, 'history-data.json');
    const lane = [...laneOfOneRun().keys()][0]!;
    const runs = [entry('1'), entry('2')];
    const lanes = {
      [lane]: [
        [0, 100, 99, 101],
        [1, 442, 440, 444],
      ],
    };
    writeFileSync(path, JSON.stringify({ version: 2, runs, lanes }));
    const history = readHistory(path);
    expect(history.lanes.get(lane)).toMatchObject([{ value: 100 }, { value: 442, forks: [] }]);
    expect(historyChanges(history)).toEqual([]);
    const now: SiteHistory = { runs: [], lanes: laneOfOneRun() };
    writeHistory(path, now);
    expect(readHistory(path).lanes).toEqual(now.lanes);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function laneOfOneRun(): SiteHistory['lanes'] {
  const history: SiteHistory = { runs: [], lanes: new Map() };
  addRun(history, entry('1'), model);
  return history.lanes;
}

test('a figure is not rounded twice on its way to a page', () => {
  const history: SiteHistory = { runs: [], lanes: new Map() };
  const exact = altered((scenario) => ({
    ...scenario,
    series: scenario.series.map((series) => ({
      ...series,
      estimates: {
        'notifier-p99': { value: 1.2246e9, low: null, high: null, kind: 'single' as const, n: 1 },
      },
    })),
  }));
  addRun(history, entry('1'), exact);
  const values = [...history.lanes.values()].flat().map(({ value }) => formatValue(value, 'ns'));
  expect(new Set(values)).toEqual(new Set(['1.22 s']));
});
