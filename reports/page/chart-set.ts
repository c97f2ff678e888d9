import { REPORT_CHARTS, SCENARIO_CHARTS } from '../charts/all-charts.ts';
import type { ChartConfig, ChartOutcome, ChartVariant } from '../charts/chart-definition.ts';
import type { ReportModel } from '../report-model.ts';

/** Place of a chart that belongs to the whole report. */
export const WHOLE_REPORT = 'report';

/** A chart in one place of the page, in all its views. */
export interface PlacedChart {
  readonly views: readonly (ChartVariant & { readonly config: ChartConfig })[];
  /** Why there is no view; null where there is one. */
  readonly absent: string | null;
}

/** Chart id -> scenario index or WHOLE_REPORT -> chart. */
export type ChartSet = ReadonlyMap<string, ReadonlyMap<string, PlacedChart>>;

/** Builds every chart of a report once. */
export function buildChartSet(model: ReportModel): ChartSet {
  const set = new Map<string, Map<string, PlacedChart>>();
  for (const chart of SCENARIO_CHARTS) {
    const places = new Map<string, PlacedChart>();
    for (const [index, scenario] of model.scenarios.entries()) {
      const variants = chart.variants(model, scenario);
      places.set(
        String(index),
        placed(variants, (key) => chart.build(model, scenario, key)),
      );
    }
    set.set(chart.id, places);
  }
  for (const chart of REPORT_CHARTS) {
    const views = placed(chart.variants(model), (key) => chart.build(model, key));
    set.set(chart.id, new Map([[WHOLE_REPORT, views]]));
  }
  return set;
}

function placed(
  variants: readonly ChartVariant[],
  build: (key: string) => ChartOutcome,
): PlacedChart {
  const views: (ChartVariant & { config: ChartConfig })[] = [];
  let absent: string | null = null;
  for (const variant of variants.length > 0 ? variants : [{ key: '', label: '' }]) {
    const outcome = build(variant.key);
    if ('config' in outcome) views.push({ ...variant, config: outcome.config });
    else absent ??= outcome.absent;
  }
  return { views, absent: views.length > 0 ? null : absent };
}
