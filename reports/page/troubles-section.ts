import type { ReportModel } from '../report-model.ts';
import { html, type Markup } from './markup.ts';

const SHOWN = 200;

/** Cells that are not figures: failed, crashed, timed out, refused or never recorded. */
export function troublesSection(model: ReportModel): Markup {
  const rows = model.scenarios.flatMap((scenario) =>
    scenario.series.flatMap(({ forks }) =>
      forks.filter(({ verdict }) => verdict !== 'passed').map((fork) => ({ scenario, ...fork })),
    ),
  );
  const title = html`<h2 id="troubles-title">Cells that did not pass</h2>`;
  if (rows.length === 0 && model.missing.length === 0) {
    return html`<section id="troubles" aria-labelledby="troubles-title">${title}<p>None: every planned cell was recorded and passed.</p></section>`;
  }
  return html`<section id="troubles" aria-labelledby="troubles-title">${title}
<div class="scroll" tabindex="0" role="region" aria-label="Cells that did not pass">
<table class="results"><thead><tr><th scope="col">cell</th><th scope="col">verdict</th><th scope="col">reason</th></tr></thead><tbody>
${rows
  .slice(0, SHOWN)
  .map(
    ({ cellId, verdict, reason, examples }) =>
      html`<tr><th scope="row"><bdi>${cellId}</bdi></th><td class="bad">${verdict}</td><td><bdi>${reason ?? 'no reason recorded'}</bdi>${examples.map(
        (example) => html`<small><bdi>${example}</bdi></small>`,
      )}</td></tr>`,
  )}
${model.missing
  .slice(0, SHOWN)
  .map(
    (cellId) =>
      html`<tr><th scope="row"><bdi>${cellId}</bdi></th><td class="bad">no record</td><td>planned, but the run ended before it; “xlt-bench run --resume” goes on</td></tr>`,
  )}</tbody></table></div>
${rows.length + model.missing.length > SHOWN ? html`<p class="fine">${rows.length} cells did not pass and ${model.missing.length} left no record; the CSV of all cells names each.</p>` : null}
</section>`;
}
