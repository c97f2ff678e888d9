import { rerunCommand } from '../../results/rerun-command.ts';
import { type ChartConfig, round4 } from '../charts/chart-definition.ts';
import { forkStrip } from '../charts/fork-strip.ts';
import { DARK, LIGHT, type Look } from '../palette.ts';
import type { ReportModel, Scenario } from '../report-model.ts';
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

interface PayloadScenario {
  readonly anchor: string;
  readonly title: string;
  readonly workload: string;
  readonly device: string;
  readonly mode: string;
  readonly series: readonly {
    readonly strategy: string;
    /** The command that measures it again. */
    readonly reproduce: string;
    readonly status: string;
    readonly values: Readonly<Record<string, readonly (number | null)[]>>;
    /** [fork, seed, verdict, translations, violations, steady state, reason] */
    readonly forks: readonly (readonly (string | number | null)[])[];
  }[];
}

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

function payloadScenario(model: ReportModel, scenario: Scenario): PayloadScenario {
  const { metrics } = model;
  const { anchor, title, workload, device, mode } = scenario;
  const plan = model.runs.find(({ id }) => id === scenario.run)?.plan;
  return {
    anchor,
    title,
    workload,
    device,
    mode,
    series: scenario.series.map(({ strategy, cellId, status, values, forks }) => ({
      strategy,
      reproduce:
        (plan && rerunCommand(plan, cellId)) ?? `not made by "xlt-bench run": cell ${cellId}`,
      status,
      values: Object.fromEntries(
        metrics
          .filter(({ id }) => values[id] !== undefined)
          .map(({ id }) => [id, values[id]!.map((v) => (v === null ? null : round4(v)))]),
      ),
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
