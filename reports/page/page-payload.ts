import { rerunCommand } from '../../results/rerun-command.ts';
import type { ChartConfig } from '../charts/chart-definition.ts';
import { forkStrip } from '../charts/fork-strip.ts';
import type { HeatMapScenario } from '../charts/heat-map.ts';
import { DARK, LIGHT, type Look } from '../palette.ts';
import type { ReportModel, Scenario, Series } from '../report-model.ts';
import type { ChartSet } from './chart-set.ts';

/** Metrics whose forks the page carries, so that the reader may change the baseline. */
const COMPARABLE = [
  'notifier-p50',
  'notifier-p99',
  'notifier-p999',
  'notifier-max',
  'fault-p50',
  'fault-p99',
  'fault-p999',
  'stall-share',
  'modelled-time',
  'commands',
  'entries-written',
  'cache-lines',
  'table-bytes-mean',
  'table-bytes-peak',
  'bytes-per-gib',
  'allocation-failures',
  'update-failed',
  'spurious-faults',
  'achieved-rate',
];

/** All that the page's script works with; plain JSON. */
export interface PagePayload {
  readonly looks: { readonly light: Look; readonly dark: Look };
  readonly metrics: ReportModel['metrics'];
  readonly strategies: readonly { readonly label: string; readonly style: number }[];
  readonly scenarios: readonly PayloadScenario[];
  /** `chart` -> scenario index (or `report`) -> variant -> configuration. */
  readonly charts: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, ChartConfig>>>>>
  >;
  /** Variant names, once per chart: key -> label. */
  readonly variantLabels: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface PayloadScenario extends HeatMapScenario {
  readonly anchor: string;
  readonly workload: string;
  readonly device: string;
  readonly series: readonly PayloadSeries[];
}

/** `forks`: [fork, seed, verdict, translations, violations, steady state, reason] */
type PayloadSeries = HeatMapScenario['series'][number] & {
  /** The command that measures it again. */
  readonly reproduce: string;
};

/** The metrics a reader may choose in the page. */
export function comparableMetrics(model: ReportModel): ReportModel['metrics'] {
  return model.metrics.filter(({ id }) => COMPARABLE.includes(id));
}

export function pagePayload(model: ReportModel, chartSet: ChartSet): PagePayload {
  const charts: Record<string, Record<string, Record<string, ChartConfig>>> = {};
  const variantLabels: Record<string, Record<string, string>> = {};
  for (const [chart, places] of chartSet) {
    // The page makes the strip plots from the forks' figures, which it holds anyway.
    if (chart === forkStrip.id) continue;
    for (const [place, { views }] of places) {
      for (const { key, label, config } of views) {
        charts[chart] ??= {};
        charts[chart][place] ??= {};
        charts[chart][place][key] = config;
        variantLabels[chart] ??= {};
        variantLabels[chart][key] = label;
      }
    }
  }
  return {
    looks: { light: LIGHT, dark: DARK },
    metrics: model.metrics,
    strategies: model.strategies.map(({ label, style }) => ({ label, style })),
    scenarios: model.scenarios.map((scenario) => payloadScenario(model, scenario)),
    charts,
    variantLabels,
  };
}

/** A scenario as the page holds it: every fork's figures, so that the reader may pick a baseline. */
export function payloadScenario(model: ReportModel, scenario: Scenario): PayloadScenario {
  const { anchor, title, workload, device, mode } = scenario;
  const run = model.runs.find(({ id }) => id === scenario.run);
  const ids = model.metrics.map(({ id }) => id);
  return {
    anchor,
    title,
    run: scenario.run,
    seed: run?.plan.seed ?? 1,
    block: run?.block ?? null,
    workload,
    device,
    mode,
    series: scenario.series.map(({ strategy, cellId, status, forks, ...series }) => ({
      strategy,
      reproduce:
        (run && rerunCommand(run.plan, cellId)) ?? `not made by "xlt-bench run": cell ${cellId}`,
      status,
      ...plainFigures(series, ids),
      forks: forks.map(({ fork, seed, verdict, translations, violations, steady, reason }) => [
        fork,
        seed,
        verdict,
        translations,
        violations,
        steady,
        reason,
      ]),
    })),
  };
}

/** The forks' figures of some metrics: counts as they are, other figures to six digits. */
export function plainFigures(
  { values, conditions }: Pick<Series, 'values' | 'conditions'>,
  ids: readonly string[],
): Pick<PayloadSeries, 'values' | 'conditions'> {
  const held = ids.filter((id) => values[id] !== undefined);
  const short = (value: number | null) =>
    value === null || Number.isInteger(value) ? value : Number(value.toPrecision(6));
  return {
    conditions,
    values: Object.fromEntries(held.map((id) => [id, values[id]!.map(short)])),
  };
}
