import { SCENARIO_CHARTS } from '../charts/all-charts.ts';
import type { ReportModel, Scenario } from '../report-model.ts';
import { verdictSentences } from '../verdict.ts';
import type { ChartSet } from './chart-set.ts';
import { absentFigure, figure } from './figure.ts';
import { html, type Markup } from './markup.ts';
import { microTable } from './micro-table.ts';
import { resultsTable } from './results-table.ts';
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
${resultsTable(model, scenario)}
<p class="fine">Median over forks; below it ${spreadMeaning(scenario)}. Bold: best of the column, before asking whether the difference matters. A dash: not measured, or fewer than ten samples beyond the percentile.</p>
${microTable(scenario)}
<div class="charts">${SCENARIO_CHARTS.filter(({ id }) => id !== 'pareto').map((chart) => {
    const chartAnchor = `${anchor}-${chart.id}`;
    const placed = charts.get(chart.id)?.get(String(index));
    const { id, title: chartTitle, howToRead } = chart;
    if (placed === undefined || placed.absent !== null) {
      return absentFigure(chartAnchor, chartTitle, placed?.absent ?? 'not built');
    }
    return figure({
      anchor: chartAnchor,
      chart: id,
      scenario: index,
      title: chartTitle,
      howToRead,
      variants: placed.views,
    });
  })}</div>
<details class="reproduce" data-scenario="${index}"><summary>Every cell, and how to run it again</summary><div class="cells-body"></div></details>
</section>`;
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
