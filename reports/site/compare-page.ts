import { round4 } from '../charts/chart-definition.ts';
import { inlineJson } from '../escape.ts';
import { clientModules, sharedFunctions } from '../page/inline-script.ts';
import { html, Markup } from '../page/markup.ts';
import { comparableMetrics } from '../page/page-payload.ts';
import type { ReportModel } from '../report-model.ts';
import { type RunEntry, type SiteHistory, scenarioName } from './site-history.ts';

/**
 * A run's forks as a script that hands them to the compare page: a page from file:// may load a
 * script beside it, but may not fetch.
 */
export function runDataScript(entry: RunEntry, model: ReportModel): string {
  const metrics = comparableMetrics(model);
  const data = {
    slug: entry.slug,
    machineId: entry.machineId,
    metrics,
    scenarios: model.scenarios.map((scenario) => ({
      name: scenarioName(scenario),
      series: scenario.series.map(({ strategy, status, values }) => ({
        strategy,
        status,
        values: Object.fromEntries(
          metrics
            .filter(({ id }) => values[id] !== undefined)
            .map(({ id }) => [id, values[id]!.map((v) => (v === null ? null : round4(v)))]),
        ),
      })),
    })),
  };
  return `xltRun(${inlineJson(data)});\n`;
}

/** The page on which a reader picks two runs. */
export function compareBody({ runs }: SiteHistory): Markup {
  const list = runs.map(({ id, slug, createdAt, machineId }) => ({
    id,
    slug,
    createdAt,
    machineId,
  }));
  return html`<p>Picks two runs and compares each strategy in each scenario, fork by fork: ratio of medians with a seeded bootstrap interval. Timings of two machines are not compared.</p>
<div class="controls"><label class="pick">Before <select id="before"></select></label> <label class="pick">After <select id="after"></select></label> <label class="pick">Metric <select id="metric"></select></label> <label><input type="checkbox" id="all"> also rows without a difference</label> <button type="button" id="csv">CSV</button></div>
<p id="said" role="status" aria-live="polite"></p>
<div class="scroll" tabindex="0" role="region" aria-label="Comparison"><div id="rows"></div></div>
<script id="runs" type="application/json">${new Markup(inlineJson(list))}</script>`;
}

export function compareScript(): string {
  return `${sharedFunctions()}\n${clientModules(['download.mjs', 'compare-app.mjs'])}`;
}
