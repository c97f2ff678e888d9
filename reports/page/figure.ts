import type { ChartVariant } from '../charts/chart-definition.ts';
import { html, type Markup } from './markup.ts';

export interface FigureOptions {
  readonly anchor: string;
  readonly chart: string;
  /** Index into the payload's scenarios; absent for a chart of the whole report. */
  readonly scenario?: number;
  readonly title: string;
  readonly howToRead: string;
  readonly variants: readonly ChartVariant[];
  readonly wide?: boolean;
  /** Which scenario is drawn, for paper: there the control that says so is gone. */
  readonly shown?: string;
  /** Further controls in the figure's tool line. */
  readonly controls?: Markup;
}

/** The frame of a chart: title, plot, choices, downloads, caption and the data as a table. */
export function figure(options: FigureOptions): Markup {
  const { anchor, chart, scenario, title, howToRead, variants, wide, shown, controls } = options;
  const at = scenario === undefined ? null : html` data-scenario="${scenario}"`;
  return html`<figure class="chart${wide ? ' wide' : ''}" id="${anchor}" data-chart="${chart}"${at}>
<h3>${title}${shown === undefined ? null : html`<span class="on-paper">: ${shown}</span>`} <a class="anchor" href="#${anchor}" aria-label="Link to ${title}">#</a></h3>
<div class="tools">${controls}${variants.length > 1 ? variantSelect(title, variants) : null}
<span class="downloads"><button type="button" data-save="png">PNG</button><button type="button" data-save="csv">CSV</button><button type="button" data-save="json">JSON</button></span></div>
<div class="plot"><canvas role="img" aria-label="${title}; the figures are in the data table below"></canvas></div>
<div class="notes"></div>
<figcaption><b>How to read:</b> ${howToRead}</figcaption>
<details class="data"><summary>Data table</summary><div class="scroll" tabindex="0" role="region" aria-label="Data of ${title}"></div></details>
</figure>`;
}

function variantSelect(title: string, variants: readonly ChartVariant[]): Markup {
  return html`<label class="pick"><span class="hidden">Shown in ${title}</span><select data-variant>${variants.map(
    ({ key, label }) => html`<option value="${key}">${label}</option>`,
  )}</select></label>`;
}

/** Stands where a chart would, and says why there is none. */
export function absentFigure(anchor: string, title: string, reason: string): Markup {
  return html`<figure class="chart absent" id="${anchor}"><h3>${title}</h3><p>Not shown: ${reason}.</p></figure>`;
}

/** Charts of one place that cannot be shown, in one line each: a frame would be mostly air. */
export function absentList(
  charts: readonly { readonly anchor: string; readonly title: string; readonly reason: string }[],
): Markup {
  if (charts.length === 0) return html``;
  return html`<ul class="absent">${charts.map(
    ({ anchor, title, reason }) => html`<li id="${anchor}">${title}: not shown, ${reason}.</li>`,
  )}</ul>`;
}
