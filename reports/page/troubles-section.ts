import type { ReportModel } from '../report-model.ts';
import { html, type Markup } from './markup.ts';

/** Rows of each table; the CSV of all cells has every one. */
const SHOWN = 200;
/** More rows than this fold away: they are for who looks for one of them. */
const OPEN_ROWS = 12;

/** Cells that are not figures: failed, crashed, timed out, refused or never recorded. */
export function troublesSection(model: ReportModel): Markup {
  const rows = model.scenarios.flatMap((scenario) =>
    scenario.series.flatMap(({ forks }) => forks.filter(({ verdict }) => verdict !== 'passed')),
  );
  const title = html`<h2 id="troubles-title">Cells that did not pass</h2>`;
  if (rows.length === 0 && model.missing.length === 0) {
    return html`<section id="troubles" aria-labelledby="troubles-title">${title}<p>None: every planned cell was recorded and passed.</p></section>`;
  }
  return html`<section id="troubles" aria-labelledby="troubles-title">${title}
${rows.length === 0 ? null : folded(rows.length, verdictCounts(rows), troublesTable(rows))}
${model.missing.length === 0 ? null : missingCells(model.missing)}
${Math.max(rows.length, model.missing.length) > SHOWN ? html`<p class="fine">The first ${SHOWN} are shown; the CSV of all cells names each.</p>` : null}
</section>`;
}

type Trouble = ReportModel['scenarios'][number]['series'][number]['forks'][number];

/** `8 refused, 1 failed` */
function verdictCounts(rows: readonly Trouble[]): string {
  const counts = new Map<string, number>();
  for (const { verdict } of rows) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ');
}

function folded(count: number, summary: string, content: Markup): Markup {
  if (count <= OPEN_ROWS) return content;
  return html`<details class="more"><summary>${summary}</summary>${content}</details>`;
}

function troublesTable(rows: readonly Trouble[]): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Cells that did not pass">
<table class="results troubles"><thead><tr><th scope="col">cell</th><th scope="col">verdict</th><th scope="col">reason</th></tr></thead><tbody>
${rows
  .slice(0, SHOWN)
  .map(
    ({ cellId, verdict, reason, examples }) =>
      html`<tr><th scope="row"><bdi>${cellId}</bdi></th><td class="bad">${verdict}</td><td><bdi>${reason ?? 'no reason recorded'}</bdi>${examples.map(
        (example) => html`<small><bdi>${example}</bdi></small>`,
      )}</td></tr>`,
  )}</tbody></table></div>`;
}

/** They all have one reason, so their names are enough. */
function missingCells(missing: ReportModel['missing']): Markup {
  const names = html`<ul class="cell-names">${missing
    .slice(0, SHOWN)
    .map((cellId) => html`<li><bdi>${cellId}</bdi></li>`)}</ul>`;
  return html`<p>${missing.length} planned cell${missing.length === 1 ? '' : 's'} left no record: the run ended before. “xlt-bench run --resume” goes on.</p>
${folded(missing.length, 'Names of the cells without a record', names)}`;
}
