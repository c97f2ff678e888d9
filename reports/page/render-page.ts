import { REPORT_CHARTS } from '../charts/all-charts.ts';
import { HEAT_MAP } from '../charts/heat-map.ts';
import { pareto } from '../charts/pareto.ts';
import { inlineJson, visibleText } from '../escape.ts';
import type { ReportModel } from '../report-model.ts';
import { headline } from '../verdict.ts';
import { buildChartSet, type ChartSet, WHOLE_REPORT } from './chart-set.ts';
import { checksSection } from './checks-section.ts';
import { environmentSection } from './environment-section.ts';
import { absentFigure, figure } from './figure.ts';
import {
  chartLibrary,
  clientFile,
  clientScript,
  inScript,
  sharedFunctions,
} from './inline-script.ts';
import { html, Markup } from './markup.ts';
import { comparableMetrics, pagePayload } from './page-payload.ts';
import { pressureSection } from './pressure-section.ts';
import { scenarioSection } from './scenario-section.ts';
import { sentenceMarkup } from './sentence-markup.ts';
import { strategiesSection } from './strategies-section.ts';
import { sweepsSection } from './sweeps-section.ts';
import { toolbar } from './toolbar.ts';
import { troublesSection } from './troubles-section.ts';
import { trustBanner } from './trust-banner.ts';

const QUESTION =
  'Which translation-table update strategy holds up the OS and the device least, at what price in memory, and does any update fail for want of it?';

/** @returns one HTML document that needs nothing but itself */
export function renderPage(whole: ReportModel): string {
  const model = { ...whole, metrics: comparableMetrics(whole) };
  const charts = buildChartSet(model);
  const title = `xlt-bench: ${model.runs.map(({ id }) => id).join(', ')}`;
  const body = html`<a class="jump" href="#verdicts">Skip to the verdicts</a>
<header class="top"><p class="brand">xlt-bench</p>
<h1>${QUESTION}</h1>
<p class="meta">${model.runs.map(runLine)}</p></header>
${toolbar(model)}
<main>
<div class="first">
<section id="verdicts" aria-labelledby="verdicts-title"><h2 id="verdicts-title">The answer</h2>${verdictList(model)}</section>
${paretoFigure(model, charts)}
</div>
${trustBanner(model)}
${pressureSection(model)}
${heatMap(model)}
${sweepsSection(model, charts)}
${reportCharts(charts)}
${model.scenarios.map((_, index) => scenarioSection(model, charts, index))}
${troublesSection(model)}
${checksSection(model)}
${strategiesSection(model)}
${environmentSection(model)}
</main>
<footer><p>Made by xlt-bench from the recorded cells alone. Every figure of this page is in its data tables and in the run folder’s <code>cells.ndjson</code>.</p></footer>`;
  return document_(title, body, inlineJson(pagePayload(model, charts)));
}

function document_(title: string, body: Markup, payload: string): string {
  const style = new Markup(clientFile('report.css'));
  const library = new Markup(chartLibrary());
  const shared = new Markup(inScript(sharedFunctions()));
  const client = new Markup(clientScript());
  return `${html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${visibleText(title)}</title>
<style>${style}</style></head>
<body>${body}
<script id="payload" type="application/json">${new Markup(payload)}</script>
<script>${library}</script>
<script type="module">
${shared}
${client}</script>
</body></html>`.toString()}\n`;
}

function runLine({ plan, host, recordedCells }: ReportModel['runs'][number]): Markup {
  const machine =
    host === null
      ? 'machine not recorded'
      : `${host.cpu.model}, ${host.cpu.logicalCores} cores, ${host.kernel}`;
  return html`<span><bdi>${plan.runId}</bdi> · ${plan.createdAt.slice(0, 10)} · suite <bdi>${plan.suite ?? 'none'}</bdi> · ${recordedCells} cells · <bdi>${machine}</bdi> · <a href="#environment">all of it</a></span>`;
}

function verdictList(model: ReportModel): Markup {
  if (model.scenarios.length === 0) return html`<p>No cell of these runs can be compared.</p>`;
  return html`<ol class="verdicts">${model.scenarios.map(
    (scenario, index) =>
      html`<li data-scenario="${index}"><a href="#${scenario.anchor}"><bdi>${scenario.title}</bdi></a>${
        scenario.origin === 'derived' ? html` <span class="tag derived">derived</span>` : null
      }<p>${sentenceMarkup(headline(model, scenario))}</p></li>`,
  )}</ol>`;
}

/** The first screen's chart: the reader picks the scenario in it. */
function paretoFigure(model: ReportModel, charts: ChartSet): Markup {
  const { id, title, howToRead } = pareto;
  const usable = model.scenarios.flatMap((scenario, index) => {
    const views = charts.get(id)?.get(String(index))?.views ?? [];
    return views.length > 0 ? [{ scenario, index, views }] : [];
  });
  const [first] = usable;
  if (first === undefined) {
    return absentFigure(id, title, 'no scenario has latency and memory of two strategies');
  }
  const select = html`<label class="pick"><span class="hidden">Scenario</span><select data-scenario-pick>${usable.map(
    ({ scenario, index }) => html`<option value="${index}">${scenario.title}</option>`,
  )}</select></label>`;
  return figure({
    anchor: id,
    chart: id,
    scenario: first.index,
    title,
    howToRead,
    variants: first.views,
    shown: first.scenario.title,
    controls: usable.length > 1 ? select : html``,
  });
}

function heatMap(model: ReportModel): Markup | null {
  if (model.scenarios.length === 0 || model.strategies.length < 2) return null;
  return html`<section id="heat-map-section" aria-labelledby="heat-map-title"><h2 id="heat-map-title">${HEAT_MAP.title}</h2>
<p class="fine" id="heat-map-what"></p>
<div class="scroll" tabindex="0" role="region" aria-label="${HEAT_MAP.title}"><div id="heat-map"></div></div>
<p class="fine"><b>How to read:</b> ${HEAT_MAP.howToRead}</p>
<p class="downloads"><button type="button" id="heat-map-csv">CSV</button><button type="button" id="heat-map-json">JSON</button></p></section>`;
}

/** Charts over all scenarios; a run without a sweep of sizes has none, and needs no word about it. */
function reportCharts(charts: ChartSet): Markup | null {
  const figures = REPORT_CHARTS.flatMap(({ id, title, howToRead }) => {
    const { views = [] } = charts.get(id)?.get(WHOLE_REPORT) ?? {};
    if (views.length === 0) return [];
    return figure({ anchor: id, chart: id, title, howToRead, variants: views });
  });
  if (figures.length === 0) return null;
  return html`<section id="across" aria-labelledby="across-title"><h2 id="across-title">Across scenarios</h2><div class="charts">${figures}</div></section>`;
}
