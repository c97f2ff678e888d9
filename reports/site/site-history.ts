import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomic } from '../../results/atomic-file.ts';
import { UsageError } from '../../results/usage-error.ts';
import type { ReportModel, Scenario, Series } from '../report-model.ts';
import type { LanePoint } from './change-points.ts';

/** Version 2 kept no forks: its points are shown, and none of them is judged. */
const HISTORY_VERSION = 3;

const runEntrySchema = z.object({
  id: z.string(),
  slug: z.string(),
  createdAt: z.string(),
  suite: z.string().nullable(),
  machineId: z.string(),
  machine: z.string(),
  /** Tells an unchanged run folder from one that has grown, without reading it. */
  fingerprint: z.string(),
  cells: z.number(),
  passed: z.number(),
  violations: z.number(),
  strategies: z.array(z.string()),
  workloads: z.array(z.string()),
});
export type RunEntry = z.output<typeof runEntrySchema>;

/** Fork number, figure. */
const forkSchema = z.tuple([z.number(), z.number()]);
const bound = z.number().nullable();

const historySchema = z.object({
  version: z.union([z.literal(2), z.literal(HISTORY_VERSION)]),
  runs: z.array(runEntrySchema),
  /** Lane -> [run index, value, low, high, forks], oldest run first. */
  lanes: z.record(
    z.string(),
    z.array(
      z.union([
        z.tuple([z.number(), z.number(), bound, bound, z.array(forkSchema)]),
        z.tuple([z.number(), z.number(), bound, bound]),
      ]),
    ),
  ),
});

/** All that a site remembers of its runs; small enough to be read whole for each new run. */
export interface SiteHistory {
  readonly runs: RunEntry[];
  readonly lanes: Map<string, LanePoint[]>;
}

/**
 * What a lane follows. Lanes of two machines are never one, nor are those of two suites that set the same
 * scenario differently: a change between them would be nobody's.
 */
export interface LaneName {
  readonly machineId: string;
  readonly scenario: string;
  /** Digest of what shapes the figures, with the seed where they are counts of it. */
  readonly conditions: string;
  readonly strategy: string;
  readonly metric: string;
}

/** Metrics with a history: one latency, by mode, and one memory figure. */
export const HISTORY_METRICS: readonly string[] = [
  'notifier-p99',
  'fault-p99',
  'modelled-time',
  'bytes-per-gib',
];

/** The scenario's name without its run: the same in every run that measures it. */
export function scenarioName({ workload, device, mode, pressure, variant }: Scenario): string {
  return [workload, device, mode, pressure, variant].filter((part) => part !== null).join(' · ');
}

export function laneKey({ machineId, scenario, conditions, strategy, metric }: LaneName): string {
  return JSON.stringify([machineId, scenario, strategy, metric, conditions]);
}

export function laneName(key: string): LaneName {
  const [machineId, scenario, strategy, metric, conditions] = JSON.parse(key) as [
    string,
    string,
    string,
    string,
    string,
  ];
  return { machineId, scenario, conditions, strategy, metric };
}

/** @throws UsageError when the file is not a history of this version */
export function readHistory(path: string): SiteHistory {
  if (!existsSync(path)) return { runs: [], lanes: new Map() };
  let parsed: z.output<typeof historySchema>;
  try {
    parsed = historySchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new UsageError(
      `${path}: not a history of version ${HISTORY_VERSION}; publish into an empty folder, or remove the file to build the site anew`,
    );
  }
  const lanes = Object.entries(parsed.lanes).map(([key, points]): [string, LanePoint[]] => [
    key,
    points.map(([run, value, low, high, forks = []]) => ({
      ...{ run, value, low, high },
      forks: forks.map(([fork, figure]) => ({ fork, value: figure })),
    })),
  ]);
  return { runs: parsed.runs, lanes: new Map(lanes) };
}

export function writeHistory(path: string, { runs, lanes }: SiteHistory): void {
  const plain = Object.fromEntries(
    [...lanes].map(([key, points]) => [
      key,
      points.map(({ run, value, low, high, forks }) => [
        ...[run, value, low, high],
        forks.map((sample) => [sample.fork, sample.value]),
      ]),
    ]),
  );
  writeFileAtomic(path, JSON.stringify({ version: HISTORY_VERSION, runs, lanes: plain }));
}

/** Adds a run, or replaces it when its folder has grown. Runs stay in the order of their creation. */
export function addRun(history: SiteHistory, entry: RunEntry, model: ReportModel): void {
  removeRun(history, entry.id);
  const later = history.runs.findIndex(({ createdAt }) => createdAt > entry.createdAt);
  const at = later < 0 ? history.runs.length : later;
  history.runs.splice(at, 0, entry);
  if (later >= 0) renumber(history, (run) => (run >= at ? run + 1 : run));
  const judged = model.runs.every(({ block }) => block === null);
  for (const scenario of model.scenarios) {
    for (const series of scenario.series) {
      const { strategy, status, estimates } = series;
      if (status !== 'passed' && status !== 'partial') continue;
      const conditions = laneConditions(scenario, series);
      for (const id of HISTORY_METRICS) {
        const figure = estimates[id];
        if (figure == null) continue;
        const { machineId } = entry;
        const name = scenarioName(scenario);
        const key = laneKey({ machineId, scenario: name, conditions, strategy, metric: id });
        const lane = history.lanes.get(key) ?? [];
        const bound = (value: number | null) => (value === null ? null : round6(value));
        lane.push({
          run: at,
          value: round6(figure.value),
          low: bound(figure.low),
          high: bound(figure.high),
          forks: judged ? forkSamples(series, id) : [],
        });
        lane.sort((a, b) => a.run - b.run);
        history.lanes.set(key, lane);
      }
    }
  }
}

/** The figures of the passed forks, as the compare page holds them. */
function forkSamples({ forks, values }: Series, metric: string): LanePoint['forks'] {
  const passed = forks.filter(({ verdict }) => verdict === 'passed');
  return (values[metric] ?? []).flatMap((value, i) => {
    if (value === null) return [];
    const short = Number.isInteger(value) ? value : Number(value.toPrecision(6));
    return [{ fork: passed[i]!.fork, value: short }];
  });
}

/** Whether a lane holds counts of one seed. */
export function isCounted({ conditions }: LaneName): boolean {
  return /, seed \d+$/.test(conditions);
}

/** Eight digits tell suites apart; what a replay counts belongs to its seed besides. */
function laneConditions({ mode }: Scenario, { conditions, forks }: Series): string {
  const settings = conditions
    .split(' ')
    .map((hash) => hash.slice(0, 8))
    .join('+');
  return mode === 'replay' ? `${settings}, seed ${forks[0]?.seed ?? 0}` : settings;
}

function removeRun(history: SiteHistory, id: string): void {
  const at = history.runs.findIndex((run) => run.id === id);
  if (at < 0) return;
  history.runs.splice(at, 1);
  for (const [key, lane] of history.lanes) {
    const kept = lane.filter(({ run }) => run !== at);
    if (kept.length === 0) history.lanes.delete(key);
    else history.lanes.set(key, kept);
  }
  renumber(history, (run) => (run > at ? run - 1 : run));
}

function renumber(history: SiteHistory, change: (run: number) => number): void {
  for (const [key, lane] of history.lanes) {
    history.lanes.set(
      key,
      lane.map((point) => ({ ...point, run: change(point.run) })),
    );
  }
}

/** More digits than a page shows: what is rounded twice may end on the wrong side. */
function round6(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(6));
}
