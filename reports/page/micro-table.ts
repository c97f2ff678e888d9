import { microLabel } from '../../results/metrics.ts';
import type { Scenario } from '../report-model.ts';
import { formatValue } from '../units.ts';
import { html, type Markup } from './markup.ts';

/** The map / unmap table that Linux page-table patches carry: rows operations, columns strategies. */
export function microTable({ series, title }: Scenario): Markup | null {
  const measured = series.filter(({ micro }) => micro.length > 0);
  if (measured.length === 0) return null;
  const labels = [...new Set(measured.flatMap(({ micro }) => micro.map(microLabel)))];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Single operations of ${title}">
<table class="results"><caption>Single operations: mean per operation, below it the fastest sample</caption>
<thead><tr><th scope="col">operation</th>${measured.map(
    ({ strategy }) => html`<th scope="col" class="num"><bdi>${strategy}</bdi></th>`,
  )}</tr></thead>
<tbody>${labels.map(
    (label) =>
      html`<tr><th scope="row">${label}</th>${measured.map(({ micro }) => {
        const found = micro.find((row) => microLabel(row) === label);
        return found === undefined
          ? html`<td class="num none">–</td>`
          : html`<td class="num">${formatValue(found.avgNs, 'ns')}<small>${formatValue(found.minNs, 'ns')}</small></td>`;
      })}</tr>`,
  )}</tbody></table></div>`;
}
