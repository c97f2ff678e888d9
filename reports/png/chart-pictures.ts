import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../results/atomic-file.ts';
import { judgePairs } from '../../results/compare/judge-pairs.ts';
import { REPORT_CHARTS, SCENARIO_CHARTS } from '../charts/all-charts.ts';
import type { ChartConfig } from '../charts/chart-definition.ts';
import { HEAT_MAP, heatMapColumns, heatMapConfig } from '../charts/heat-map.ts';
import { slug } from '../escape.ts';
import { payloadScenario } from '../page/page-payload.ts';
import type { ReportModel } from '../report-model.ts';
import { renderPng } from './render-png.ts';

/** A chart that would be drawn to a file. */
export interface ChartPicture {
  /** Without folder; unique in a report. */
  readonly fileName: string;
  readonly title: string;
  readonly config: ChartConfig;
}

/** Every chart of a report in its first view, and the heat map. */
export function chartPictures(model: ReportModel): ChartPicture[] {
  const pictures: ChartPicture[] = [];
  for (const scenario of model.scenarios) {
    for (const chart of SCENARIO_CHARTS) {
      const variant = chart.variants(model, scenario)[0];
      const outcome = chart.build(model, scenario, variant?.key ?? '');
      if ('absent' in outcome) continue;
      pictures.push({
        fileName: `${scenario.anchor.replace(/^scenario-/, '')}-${chart.id}.png`,
        title: `${chart.title}: ${scenario.title}`,
        config: outcome.config,
      });
    }
  }
  for (const chart of REPORT_CHARTS) {
    for (const { key, label } of chart.variants(model)) {
      const outcome = chart.build(model, key);
      if ('absent' in outcome) continue;
      const fileName = `${chart.id}-${slug(label)}.png`;
      pictures.push({ fileName, title: `${chart.title}: ${label}`, config: outcome.config });
    }
  }
  return [...pictures, ...heatMapPicture(model)];
}

/** The metric that a heat map shows first: the notifier's tail, or what replay can say. */
function heatMapPicture(model: ReportModel): ChartPicture[] {
  const counted = model.scenarios.every(({ mode }) => mode === 'replay');
  const wanted = [...(counted ? ['modelled-time'] : []), 'notifier-p99', 'notifier-p50'];
  const metric = wanted.map((id) => model.metrics.find((m) => m.id === id)).find(Boolean);
  const baseline = model.strategies[0]?.label;
  if (metric === undefined || baseline === undefined || model.strategies.length < 2) return [];
  const scenarios = model.scenarios.map((scenario) => payloadScenario(model, scenario));
  const columns = heatMapColumns(scenarios, metric, baseline, judgePairs);
  const config = heatMapConfig({ metric, baseline, strategies: model.strategies, columns });
  return [{ fileName: `${HEAT_MAP.id}.png`, title: HEAT_MAP.title, config }];
}

/** Draws every chart into a folder. @returns the paths that were written */
export function writeChartPictures(model: ReportModel, folder: string): string[] {
  makeFolder(folder);
  return chartPictures(model).map(({ fileName, title, config }) => {
    const path = join(folder, fileName);
    writeFileAtomic(path, renderPng(config, title));
    return path;
  });
}
