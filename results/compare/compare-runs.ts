import type { CellRecord } from '../cell-record.ts';
import type {
  Comparison,
  ComparisonRow,
  ComparisonSide,
  SideDifference,
  UnmeasuredCell,
} from '../comparison.ts';
import type { Metric } from '../metrics.ts';
import { nearestName } from '../nearest-name.ts';
import { paretoSets } from '../pareto.ts';
import type { StoredRun } from '../run-store.ts';
import { SCHEMA_VERSION } from '../schema-version.ts';
import { DEFAULT_DRAWS, DEFAULT_LEVEL } from '../statistics/fork-bootstrap.ts';
import { UsageError } from '../usage-error.ts';
import { type Blocks, compareSeries, type PendingRow } from './compare-series.ts';
import { concludeComparison, countFlags } from './conclusion.ts';
import { DEFAULT_ALPHA, settle } from './judge.ts';
import { type MetricChoice, selectMetrics } from './metric-selection.ts';
import { runDefects, runDifferences } from './run-differences.ts';
import { type Series, seriesOf } from './series.ts';

export interface CompareOptions extends MetricChoice {
  readonly draws?: number | undefined;
  /** Of the bootstrap; default: the baseline's plan seed. */
  readonly seed?: number | undefined;
  readonly alpha?: number | undefined;
  /** Differences that shall be labels instead of blocks, at the user's own risk. */
  readonly allow?: readonly ('machine' | 'conditions')[] | undefined;
}

interface Pair {
  readonly baseline: Series;
  readonly candidate: Series;
  readonly blocks: Blocks;
}

interface Context {
  readonly baselines: readonly Series[];
  readonly candidates: readonly Series[];
  readonly unmatched: readonly string[];
  readonly vanished: readonly string[];
  readonly differences: readonly SideDifference[];
  /** Of the candidate's run, for the trade-offs. */
  readonly records: readonly CellRecord[];
  /** Both sides ran in common blocks. */
  readonly paired: boolean;
}

/** One strategy at a time, before and after: the series that both runs hold. */
export function compareRuns(
  before: StoredRun,
  after: StoredRun,
  options: CompareOptions = {},
): Comparison {
  const [old, fresh] = [seriesOf(before.records), seriesOf(after.records)];
  const differences = [
    ...runDifferences(before, after),
    ...runDefects(before),
    ...runDefects(after),
  ];
  const common = [...old.values()].filter(({ key }) => fresh.has(key));
  const unmatched = [
    ...[...old.keys()].filter((key) => !fresh.has(key)).map((key) => `only in baseline: ${key}`),
    ...[...fresh.keys()].filter((key) => !old.has(key)).map((key) => `only in candidate: ${key}`),
  ];
  const pairs = common.map((series) => [series, fresh.get(series.key)!] as const);
  const side = ({ plan, host }: StoredRun): ComparisonSide => ({
    label: plan.runId,
    runId: plan.runId,
    machineId: host.machineId,
  });
  const sides = [side(before), side(after)] as const;
  const context: Context = {
    baselines: [...old.values()],
    candidates: [...fresh.values()],
    unmatched,
    vanished: vanishedSeries([...old.values()], before, after, fresh),
    differences,
    records: after.records,
    paired: false,
  };
  return compare(sides, pairs, context, { ...options, seed: options.seed ?? before.plan.seed });
}

/**
 * Strategies of one run against one of them, scenario by scenario.
 * @param baseline a strategy's label
 * @param candidates labels; absent: all others
 * @throws UsageError when the run has no such strategy
 */
export function compareStrategies(
  run: StoredRun,
  baseline: string,
  candidates?: readonly string[],
  options: CompareOptions = {},
): Comparison {
  const all = [...seriesOf(run.records).values()];
  const labels = [...new Set(all.map(({ strategy }) => strategy))];
  for (const wanted of [baseline, ...(candidates ?? [])]) {
    if (labels.includes(wanted)) continue;
    const near = nearestName(wanted, labels);
    const hint = near === undefined ? `it has ${labels.join(', ')}` : `did you mean ${near}?`;
    throw new UsageError(`${run.directory} holds no strategy "${wanted}" to compare: ${hint}`);
  }
  const others = candidates ?? labels.filter((label) => label !== baseline);
  const pairs: (readonly [Series, Series])[] = [];
  const unmatched: string[] = [];
  const baselines = all.filter(({ strategy }) => strategy === baseline);
  const challengers = all.filter(({ strategy }) => others.includes(strategy));
  for (const candidate of challengers) {
    const { scenario } = candidate;
    const base = baselines.find((series) => series.scenario === scenario);
    if (base === undefined) unmatched.push(`only in candidate: ${candidate.key}`);
    else pairs.push([base, candidate]);
  }
  const side = (label: string): ComparisonSide => ({
    label,
    runId: run.plan.runId,
    machineId: run.host.machineId,
  });
  const sides = [side(baseline), side(others.join(', '))] as const;
  const context: Context = {
    baselines,
    candidates: challengers,
    unmatched,
    vanished: [],
    differences: runDefects(run),
    records: run.records,
    paired: true,
  };
  return compare(sides, pairs, context, { ...options, seed: options.seed ?? run.plan.seed });
}

function compare(
  [baseline, candidate]: readonly [ComparisonSide, ComparisonSide],
  seriesPairs: readonly (readonly [Series, Series])[],
  context: Context,
  options: CompareOptions & { readonly seed: number },
): Comparison {
  const allow = new Set<string>(options.allow ?? []);
  const differences: SideDifference[] = context.differences.map((difference) =>
    allow.has(difference.kind) ? { ...difference, severity: 'labels' } : difference,
  );
  const blocking = differences.find(({ severity }) => severity === 'blocks')?.text ?? null;
  const pairs = seriesPairs.map(([a, b]): Pair => {
    const conditions = conditionsDifference(a, b);
    if (conditions !== null) {
      const severity = allow.has('conditions') ? 'labels' : 'blocks';
      differences.push({ kind: 'conditions', severity, text: conditions });
    }
    const condition = allow.has('conditions') ? null : conditions;
    return {
      baseline: a,
      candidate: b,
      blocks: { measured: condition ?? blocking, exact: condition ?? seedDifference(a, b) },
    };
  });
  const records = pairs.flatMap((pair) => [...pair.baseline.measured, ...pair.candidate.measured]);
  const metrics = selectMetrics(records, options);
  const { draws = DEFAULT_DRAWS, seed, alpha = DEFAULT_ALPHA } = options;
  const pending = pairs.flatMap((pair) =>
    pendingRows(pair, metrics, { draws, seed, paired: context.paired }),
  );
  const judgements = settle(
    pending.map(({ weighed }) => weighed),
    alpha,
  );
  const rows = pending.map(({ row }, i): ComparisonRow => ({ ...row, ...judgements[i]! }));
  const unmeasured = unmeasuredCells(context);
  const { unmatched, vanished } = context;
  const method = {
    level: DEFAULT_LEVEL,
    draws,
    seed,
    tests: rows.filter(({ p }) => p !== null).length,
    alpha,
  };
  return {
    schemaVersion: SCHEMA_VERSION,
    baseline,
    candidate,
    differences,
    rows,
    unmeasured,
    unmatched,
    vanished,
    tradeOffs: paretoSets(context.records),
    flags: countFlags(records),
    method,
    conclusion: concludeComparison({ rows, unmeasured, differences, vanished }),
  };
}

function pendingRows(
  { baseline, candidate, blocks }: Pair,
  metrics: readonly Metric[],
  options: { readonly draws: number; readonly seed: number; readonly paired: boolean },
): PendingRow[] {
  return metrics.flatMap((metric) => {
    if (baseline.measured.length === 0 || candidate.measured.length === 0) return [];
    const row = compareSeries(baseline, candidate, metric, blocks, options);
    return row === null ? [] : [row];
  });
}

function conditionsDifference(a: Series, b: Series): string | null {
  const hashes = [a, b].map(
    ({ measured }) => new Set(measured.map(({ conditionsHash }) => conditionsHash)),
  );
  const mixed = [a, b].find((_, side) => hashes[side]!.size > 1);
  if (mixed !== undefined) return `forks of ${mixed.key} ran under different conditions`;
  const [[before], [after]] = hashes as [Set<string | null>, Set<string | null>];
  if (before === after || before === undefined || after === undefined) return null;
  return `conditions of ${a.scenario} differ (threads, rate, duration or workload content)`;
}

/** Replay counts belong to a seed: equal fork numbers must have run with equal seeds. */
function seedDifference(a: Series, b: Series): string | null {
  const seeds = new Map(a.measured.map(({ fork, seed }) => [fork, seed]));
  const other = b.measured.find(({ fork, seed }) => (seeds.get(fork) ?? seed) !== seed);
  return other === undefined ? null : `seeds of fork ${other.fork} differ, so counts do too`;
}

/** Cells of every series of both sides, matched or not. */
function unmeasuredCells({ baselines, candidates, paired }: Context): UnmeasuredCell[] {
  const refusedBefore = baselines.filter(({ unmeasured }) =>
    unmeasured.some(({ verdict }) => verdict === 'refused'),
  );
  // Strategies of one run: the baseline is another strategy, so the scenario alone has to agree.
  const excuses = (series: Series): boolean =>
    refusedBefore.some(({ key, scenario }) =>
      paired ? scenario === series.scenario : key === series.key,
    );
  const cellsOf = (side: UnmeasuredCell['side'], series: Series): UnmeasuredCell[] =>
    series.unmeasured.map(({ fork, verdict, reason }) => {
      const { strategy, scenario } = series;
      const excused = side === 'candidate' && verdict === 'refused' && excuses(series);
      return { side, strategy, scenario, fork, verdict, reason: reason ?? 'not stated', excused };
    });
  return [
    ...baselines.flatMap((series) => cellsOf('baseline', series)),
    ...candidates.flatMap((series) => cellsOf('candidate', series)),
  ];
}

/** Options of `run` that leave cells out on purpose. */
const NARROWING = /\s--(strategy|workload|device|mode|cell)[\s=]/;

/** Series that the candidate's run planned without a record, or lacks although nobody narrowed it. */
function vanishedSeries(
  baselines: readonly Series[],
  before: StoredRun,
  after: StoredRun,
  candidates: ReadonlyMap<string, Series>,
): string[] {
  const planned = new Set(after.plan.cells.map(({ cellId }) => cellId));
  const narrowed = before.plan.suite !== after.plan.suite || NARROWING.test(after.plan.command);
  const gone = baselines.filter(({ key, measured }) => measured.length > 0 && !candidates.has(key));
  return gone
    .filter(({ measured }) => !narrowed || measured.some(({ cellId }) => planned.has(cellId)))
    .map(({ key }) => key);
}
