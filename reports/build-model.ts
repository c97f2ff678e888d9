import {
  replicateKey,
  scenarioKey,
  strategyLabel,
  workloadLabel,
} from '../results/cell-identity.ts';
import type { CellRecord } from '../results/cell-record.ts';
import { runDefects } from '../results/compare/run-differences.ts';
import { DEFAULT_BASELINE } from '../results/default-baseline.ts';
import { groupBy } from '../results/group-by.ts';
import { growthsOf } from '../results/growth.ts';
import { type Knee, kneesOf, plannedRate, sweptScenario } from '../results/knee.ts';
import { knownWrong } from '../results/known-wrong.ts';
import { METRICS } from '../results/metrics.ts';
import { FLOOR_FAMILY, paretoSets } from '../results/pareto.ts';
import { pressureStandings } from '../results/pressure-standing.ts';
import type { StoredRun } from '../results/run-store.ts';
import { buildSeries } from './build-series.ts';
import { slug } from './escape.ts';
import { mergedText } from './merged-text.ts';
import type {
  CheckRow,
  FlagCount,
  MetricHeader,
  ReportModel,
  RunHeader,
  Scenario,
  StrategyEntry,
} from './report-model.ts';
import { scenarioTitle } from './scenario-title.ts';
import { formatValue } from './units.ts';

/** In the order in which a report shows them. */
const MODES = ['storm', 'replay', 'micro'];

/** Members of this family exist to be caught. */
const CANARY_FAMILY = 'canary';

/**
 * Reduces run folders to what a report shows. Runs are never merged: cells of two runs stand in two
 * scenarios, because they need not share a machine.
 */
export function buildModel(runs: readonly StoredRun[]): ReportModel {
  const records = runs.flatMap((run) => run.records);
  const strategies = strategyEntries(records, runs);
  const styleOf = new Map(strategies.map(({ label, style }) => [label, style]));
  const scenarios = runs.flatMap((run) => scenariosOf(run, runs.length > 1, styleOf));
  return {
    runs: runs.map(runHeader),
    strategies,
    metrics: metricHeaders(scenarios),
    scenarios,
    knees: runs.flatMap((run) => kneesOf(run.records, formatValue)),
    growths: runs.flatMap((run) => growthsOf(run.records, formatValue)),
    pressure: runs.flatMap((run) => {
      const standings = pressureStandings(run.records.filter((record) => !isCheck(record)));
      return standings.length === 0 ? [] : [{ run: run.plan.runId, standings }];
    }),
    missing: runs.flatMap(missingCells),
    checks: runs.flatMap((run) => run.records.filter(isCheck).map((r) => checkRow(run, r))),
  };
}

/** Verify and explore cells, and whatever says of itself that it may not be compared. */
function isCheck(record: CellRecord): boolean {
  return !record.comparison || record.mode === 'verify' || record.mode === 'explore';
}

function isCanary(record: CellRecord): boolean {
  return !record.comparison && (record.family === null || record.family === CANARY_FAMILY);
}

/**
 * Ids in the order in which the first run's configuration names them, because cells run shuffled:
 * `strategies`, or those of a suite's groups.
 */
function configuredOrder(runs: readonly StoredRun[]): string[] {
  const config = runs[0]?.plan.config ?? {};
  const groups = memberOf(memberOf(config, 'suite'), 'groups');
  const named = [config, ...(Array.isArray(groups) ? groups : [])].flatMap((part) => {
    const list = memberOf(part, 'strategies');
    return Array.isArray(list) ? list : [];
  });
  return named.map((entry) => String(memberOf(entry, 'id') ?? entry));
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function strategyEntries(
  records: readonly CellRecord[],
  runs: readonly StoredRun[],
): StrategyEntry[] {
  const order = configuredOrder(runs);
  const rank = ({ id, family }: StrategyEntry) => {
    const place = order.indexOf(id);
    // The floor is nobody's baseline: it comes last.
    if (family === FLOOR_FAMILY) return 1e6;
    if (place >= 0) return place;
    return id === DEFAULT_BASELINE ? 1e5 : 2e5;
  };
  const entries = new Map<string, StrategyEntry>();
  for (const record of records) {
    const label = strategyLabel(record);
    if (isCheck(record) || entries.has(label)) continue;
    entries.set(label, {
      label,
      id: record.strategy,
      title: record.strategyTitle ?? record.strategy,
      family: record.family ?? 'not recorded',
      params: record.params,
      guarantees: record.guarantees,
      style: entries.size,
      modules: record.modules,
    });
  }
  // Styles follow the configuration and the name, not the shuffled order in which cells ended.
  return [...entries.values()]
    .sort((a, b) => rank(a) - rank(b) || compareText(a.label, b.label))
    .map((entry, style) => ({ ...entry, style }));
}

/** 20000ps before 100000ps, 2 regions before 10. */
const bySize = new Intl.Collator('en', { numeric: true });

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function scenariosOf(
  run: StoredRun,
  manyRuns: boolean,
  styleOf: ReadonlyMap<string, number>,
): Scenario[] {
  const compared = run.records.filter((record) => !isCheck(record));
  const knees = kneesOf(compared);
  const wrong = knownWrong(run.records);
  const tradeOffs = new Map(paretoSets(run.records, formatValue).map((set) => [set.scenario, set]));
  const scenarios = [...groupBy(compared, scenarioKey)].map(([key, records]): Scenario => {
    const first = records[0]!;
    const parts = [workloadLabel(first), first.device.profile, first.mode];
    for (const part of [first.pressure, first.variant]) if (part !== null) parts.push(part);
    if (manyRuns) parts.push(run.plan.runId);
    const bySeries = groupBy(records, strategyLabel);
    return {
      key: `${run.plan.runId}|${key}`,
      anchor: `scenario-${parts.map(slug).join('--')}`,
      run: run.plan.runId,
      title: scenarioTitle(parts.join(' · ')),
      workload: workloadLabel(first),
      workloadName: first.workload,
      workloadParams: first.workloadParams,
      origin: first.workloadOrigin,
      description: first.workloadDescription ?? '',
      device: first.device.profile,
      mode: first.mode,
      pressure: first.pressure,
      openLoop: records.some(({ load }) => load.loop === 'open'),
      variant: first.variant,
      rangeSizes: rangeSizesOf(records),
      objectives: tradeOffs.get(key)?.objectives ?? [],
      undominated: (tradeOffs.get(key)?.points ?? [])
        .filter(({ undominated }) => undominated)
        .map(({ strategy }) => strategy),
      recommendation: tradeOffs.get(key)?.recommendation ?? null,
      series: [...bySeries]
        .map(([strategy, forks]) => ({
          ...buildSeries(strategy, styleOf.get(strategy) ?? 0, forks, wrong.get(strategy) ?? null),
          capacity: sweptFrom(knees, strategy, first),
        }))
        .sort((a, b) => a.style - b.style),
    };
  });
  const origins = ['recorded', 'derived', 'synthetic', null];
  // What a real program did comes first, and of one workload what was measured before what was counted.
  const rank = ({ origin, workload, device, mode, key }: Scenario) =>
    [origins.indexOf(origin), workload, device, MODES.indexOf(mode), key] as const;
  return scenarios.sort((a, b) => {
    const [one, other] = [rank(a), rank(b)];
    const at = one.findIndex((part, i) => part !== other[i]);
    return at < 0 ? 0 : bySize.compare(String(one[at]), String(other[at]));
  });
}

/** A rate sweep stands once: in the scenario of its lowest rate. */
function sweptFrom(knees: readonly Knee[], strategy: string, first: CellRecord): Knee['points'] {
  const rate = plannedRate(first);
  const own = knees.find(
    (knee) => knee.strategy === strategy && knee.scenario === sweptScenario(first),
  );
  return rate !== null && own?.points[0]?.offeredPerSecond === rate ? own.points : first.capacity;
}

/** `extra.rangeSizes`: [[log2 of bytes, ranges], ...] of the workload, from any cell that has it. */
function rangeSizesOf(records: readonly CellRecord[]): Scenario['rangeSizes'] {
  for (const { extra } of records) {
    const sizes = extra.rangeSizes;
    if (!Array.isArray(sizes) || sizes.length === 0) continue;
    const pairs = sizes.filter(
      (pair): pair is [number, number] =>
        Array.isArray(pair) && typeof pair[0] === 'number' && typeof pair[1] === 'number',
    );
    if (pairs.length === sizes.length) return pairs.sort((a, b) => a[0] - b[0]);
  }
  return null;
}

/** The metrics that any series measured. */
function metricHeaders(scenarios: readonly Scenario[]): MetricHeader[] {
  const measured = new Set<string>();
  for (const { series } of scenarios) {
    for (const { estimates } of series) {
      for (const [id, value] of Object.entries(estimates)) if (value !== null) measured.add(id);
    }
  }
  return METRICS.filter(({ id }) => measured.has(id)).map(
    ({ id, label, unit, better, threshold, exactInReplay }) => ({
      ...{ id, label, unit, better, threshold, exactInReplay },
    }),
  );
}

function runHeader(run: StoredRun): RunHeader {
  const { cells, ...plan } = run.plan;
  const verdicts: Record<string, number> = {};
  let translations = 0;
  let violations = 0;
  let gcEvents: number | null = null;
  for (const record of run.records) {
    const verdict = isCheck(record) ? 'check' : record.verdict;
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (record.host.gcEvents !== null) gcEvents = (gcEvents ?? 0) + record.host.gcEvents;
    if (isCheck(record)) continue;
    translations += record.oracle.translations ?? 0;
    violations += record.oracle.violations ?? 0;
  }
  return {
    id: run.plan.runId,
    folder: run.directory,
    plan,
    host: run.host,
    plannedCells: cells.length,
    recordedCells: run.records.length,
    verdicts,
    translations,
    violations,
    flags: flagCounts(run.records),
    gcEvents,
    block: runDefects(run).find(({ severity }) => severity === 'blocks')?.text ?? null,
  };
}

function flagCounts(records: readonly CellRecord[]): FlagCount[] {
  const counts = new Map<string, Pick<FlagCount, 'code' | 'severity'> & { texts: string[] }>();
  for (const { flags } of records) {
    for (const { code, severity, text } of flags) {
      const known = counts.get(code) ?? { code, severity, texts: [] };
      known.texts.push(text);
      counts.set(code, known);
    }
  }
  return [...counts.values()]
    .map(({ code, severity, texts }) => ({
      ...{ code, severity, text: mergedText(texts), cells: texts.length },
    }))
    .sort((a, b) => b.cells - a.cells);
}

function missingCells(run: StoredRun): string[] {
  const recorded = new Set(run.records.map(replicateKey));
  return run.plan.cells.map(replicateKey).filter((key) => !recorded.has(key));
}

function checkRow(run: StoredRun, record: CellRecord): CheckRow {
  return {
    run: run.plan.runId,
    cellId: replicateKey(record),
    strategy: strategyLabel(record),
    workload: workloadLabel(record),
    mode: record.mode,
    canary: isCanary(record),
    verdict: record.verdict,
    reason: record.reason,
    translations: record.oracle.translations,
    violations: record.oracle.violations,
    examples: record.oracle.examples.slice(0, 3),
    checks: record.checks,
  };
}
