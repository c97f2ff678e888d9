import type { ReportModel } from '../report-model.ts';
import { html, type Markup } from './markup.ts';

/** What each strategy says about itself, as it stood in the records. */
export function strategiesSection({ strategies }: ReportModel): Markup {
  return html`<section id="strategies" aria-labelledby="strategies-title">
<h2 id="strategies-title">The strategies</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Strategies">
<table class="results"><thead><tr><th scope="col">strategy</th><th scope="col">title</th><th scope="col">family</th><th scope="col">declares</th><th scope="col">module</th></tr></thead>
<tbody>${strategies.map(
    ({ label, title, family, guarantees, modules, style, id }) =>
      html`<tr data-strategy="${label}"><th scope="row"><span class="key" data-key="${style}"></span><bdi>${label}</bdi></th><td><bdi>${title}</bdi></td><td><bdi>${family}</bdi></td><td>${pairs(guarantees)}</td><td>${digest(modules[`strategies/${id}`] ?? modules[id])}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function pairs(values: Readonly<Record<string, unknown>>): Markup {
  const entries = Object.entries(values);
  if (entries.length === 0) return html`–`;
  return html`<ul class="pairs">${entries.map(
    ([key, value]) => html`<li>${key}: <bdi>${String(value)}</bdi></li>`,
  )}</ul>`;
}

/** Enough of a digest to tell two builds apart; "Machine, versions and command" has all of it. */
function digest(whole: string | undefined): Markup {
  if (whole === undefined) return html`–`;
  return html`<code title="${whole}">${whole.slice(0, 12)}</code>`;
}
