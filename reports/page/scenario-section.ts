import { SCENARIO_CHARTS } from '../charts/all-charts.ts';
import { pareto } from '../charts/pareto.ts';
import { throughputLatency } from '../charts/throughput-latency.ts';
import type { ReportModel, Scenario } from '../report-model.ts';
import { verdictSentences } from '../verdict.ts';
import type { ChartSet } from './chart-set.ts';
import { absentList, figure } from './figure.ts';
import { html, type Markup } from './markup.ts';
import { microTable } from './micro-table.ts';
import { resultsTable, tableMetrics } from './results-table.ts';
import { sentenceMarkup } from './sentence-markup.ts';

const ORIGINS = {
  recorded: 'recorded from a kernel’s notifier',
  derived: 'derived: ranges reconstructed, not seen by a notifier',
  synthetic: 'synthetic',
} as const;

/** One scenario: verdict, table, charts and how to run each of its cells again. */
export function scenarioSection(model: ReportModel, charts: ChartSet, index: number): Markup {
  const scenario = model.scenarios[index]!;
  const { anchor, title, origin, description } = scenario;
  return html`<section class="scenario" id="${anchor}" data-scenario="${index}" aria-labelledby="${anchor}-title">
<h2 id="${anchor}-title"><bdi>${title}</bdi> <a class="anchor" href="#${anchor}" aria-label="Link to this scenario">#</a></h2>
<p class="lead">${
    origin === null ? null : html`<span class="tag ${origin}">${ORIGINS[origin]}</span> `
  }<bdi>${description}</bdi></p>
<ul class="verdict">${verdictSentences(model, scenario).map((s) => html`<li>${sentenceMarkup(s)}</li>`)}</ul>
${recommendation(scenario)}
${figuresPart(model, scenario, index)}
${chartFold(charts, scenario, index)}
<details class="reproduce" data-scenario="${index}"><summary>Every cell, and how to run it again</summary><div class="cells-body"></div></details>
</section>`;
}

/** More scenarios than this, and the tables fold as well: the verdicts would be pages apart. */
const OPEN_TABLES = 4;

/** The scenario's tables, open while there are few scenarios. */
function figuresPart(model: ReportModel, scenario: Scenario, index: number): Markup {
  const { anchor, title, series } = scenario;
  const micro = microTable(scenario);
  if (micro !== null && saysNothing(model, scenario)) return micro;
  const tables = html`${resultsTable(model, scenario)}
<p class="fine">Median over forks; below it ${spreadMeaning(scenario)}. Bold: best of the column, before asking whether the difference matters. A dash: not measured, or fewer than ten samples beyond the percentile.</p>
${micro}`;
  if (model.scenarios.length <= OPEN_TABLES) return tables;
  return html`<details class="fold" id="${anchor}-figures"${index === 0 ? html` open` : null}><summary><span class="hidden">${title}: </span>Figures of ${series.length} strateg${series.length === 1 ? 'y' : 'ies'}</summary>
${tables}</details>`;
}

/** All strategies passed, and whatever was counted beside single operations is 0. */
function saysNothing(model: ReportModel, scenario: Scenario): boolean {
  const metrics = tableMetrics(model, scenario);
  return scenario.series.every(
    ({ status, estimates }) =>
      status === 'passed' && metrics.every(({ id }) => (estimates[id]?.value ?? 0) === 0),
  );
}

/** Charts that stand in other sections: the first screen's, and the rate sweep's. */
const ELSEWHERE = [pareto.id, throughputLatency.id];

/** All charts of the scenario, folded but for the first scenario's: a run may hold dozens. */
function chartFold(charts: ChartSet, { anchor, title }: Scenario, index: number): Markup {
  const placed = SCENARIO_CHARTS.filter(({ id }) => !ELSEWHERE.includes(id)).map((chart) => {
    const { views = [], absent = 'not built' } = charts.get(chart.id)?.get(String(index)) ?? {};
    return { ...chart, views, absent, place: `${anchor}-${chart.id}` };
  });
  const shown = placed.filter(({ absent }) => absent === null);
  const missing = placed.flatMap(({ place, title: name, absent }) =>
    absent === null ? [] : [{ anchor: place, title: name, reason: absent }],
  );
  if (shown.length === 0) return absentList(missing);
  return html`<details class="fold" id="${anchor}-charts"${index === 0 ? html` open` : null}><summary><span class="hidden">${title}: </span>${shown.length} chart${shown.length === 1 ? '' : 's'} <span class="fine">${shown.map(({ title: name }) => name).join(' · ')}</span></summary>
<div class="charts">${shown.map(({ id, place, title: name, howToRead, views }) =>
    figure({
      anchor: place,
      chart: id,
      scenario: index,
      title: name,
      howToRead,
      variants: views,
    }),
  )}</div>
${absentList(missing)}</details>`;
}

/** What the trade-off comes to, with the figures it rests on. */
function recommendation({ recommendation: given, undominated }: Scenario): Markup | null {
  if (given === null) return null;
  return html`<details class="reproduce"><summary>Recommended: <bdi>${given.strategy}</bdi>, of ${undominated.length} that no other strategy beats on every count</summary>
<p>${given.sentence}</p><ul>${given.evidence.map((one) => html`<li><bdi>${one}</bdi></li>`)}</ul></details>`;
}

function spreadMeaning({ series }: Scenario): string {
  const kinds = new Set(
    series.flatMap(({ estimates }) => Object.values(estimates).map((figure) => figure?.kind)),
  );
  if (kinds.has('interval')) return 'its 95 % interval';
  return kinds.has('range')
    ? 'the range over forks (too few for an interval)'
    : 'nothing: one fork, no interval';
}
