import { inlineJson } from '../escape.ts';
import { clientModules, sharedFunctions } from '../page/inline-script.ts';
import { html, Markup } from '../page/markup.ts';
import { comparableMetrics, plainFigures } from '../page/page-payload.ts';
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
    seed: model.runs[0]?.plan.seed ?? 1,
    block: model.runs[0]?.block ?? null,
    scenarios: model.scenarios.map((scenario) => ({
      name: scenarioName(scenario),
      mode: scenario.mode,
      series: scenario.series.map(({ strategy, status, forks, ...series }) => ({
        strategy,
        status,
        forks: forks.map(({ fork, seed, verdict }) => [fork, seed, verdict]),
        ...plainFigures(
          series,
          metrics.map(({ id }) => id),
        ),
      })),
    })),
  };
  return `xltRun(${inlineJson(data)});\n`;
}

/** The page on which a reader picks two runs. */
export function compareBody({ runs }: SiteHistory): Markup {
  const list = runs.map(({ id, slug, createdAt, machineId, suite }) => ({
    ...{ id, slug, createdAt, machineId, suite },
  }));
  return html`<p>Picks two runs and compares each strategy in each scenario, with the verdicts of <code>xlt-bench compare BEFORE AFTER --metric METRIC</code>: ratio of medians with a seeded bootstrap interval, p corrected for all rows. Timings of two machines are not compared.</p>
<div class="controls"><label class="pick">Before <select id="before"></select></label> <label class="pick">After <select id="after"></select></label> <label class="pick">Metric <select id="metric"></select></label> <label><input type="checkbox" id="all"> also rows without a difference or a verdict</label> <button type="button" id="csv">CSV</button></div>
<p id="said" role="status" aria-live="polite"></p>
<div class="scroll" tabindex="0" role="region" aria-label="Comparison"><div id="rows"></div></div>
<script id="runs" type="application/json">${new Markup(inlineJson(list))}</script>`;
}

export function compareScript(): string {
  return `${sharedFunctions()}\n${clientModules(['download.mjs', 'compare-app.mjs'])}`;
}
