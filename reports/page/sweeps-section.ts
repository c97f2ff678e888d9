import { exponentText, MIN_SIZES } from '../../results/growth.ts';
import { throughputLatency } from '../charts/throughput-latency.ts';
import type { ReportModel } from '../report-model.ts';
import { scenarioTitle } from '../scenario-title.ts';
import { formatValue } from '../units.ts';
import type { ChartSet } from './chart-set.ts';
import { figure } from './figure.ts';
import { html, type Markup } from './markup.ts';

/** Where rate sweeps bend and how cost grows with size; null where nothing was swept. */
export function sweepsSection(model: ReportModel, charts: ChartSet): Markup | null {
  const { knees, growths } = model;
  const curves = capacityFigures(model, charts);
  if (knees.length === 0 && growths.length === 0 && curves.length === 0) return null;
  return html`<section id="sweeps" aria-labelledby="sweeps-title"><h2 id="sweeps-title">Capacity and growth</h2>
${knees.length === 0 ? null : kneeTable(knees)}
${curves.length === 0 ? null : html`<div class="charts">${curves}</div>`}
${growths.length === 0 ? null : growthTable(growths)}</section>`;
}

/** The curves that the knees are read from; a sweep belongs to the scenario of its lowest rate. */
function capacityFigures({ scenarios }: ReportModel, charts: ChartSet): Markup[] {
  const { id, title, howToRead } = throughputLatency;
  return scenarios.flatMap(({ anchor, workload, device }, index) => {
    const { views = [] } = charts.get(id)?.get(String(index)) ?? {};
    if (views.length === 0) return [];
    return figure({
      anchor: `${anchor}-${id}`,
      chart: id,
      scenario: index,
      title: `${title}: ${scenarioTitle(workload)} · ${device}`,
      howToRead,
      variants: views,
    });
  });
}

function kneeTable(knees: ReportModel['knees']): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Knees"><table class="results"><thead><tr><th scope="col">strategy</th><th scope="col">scenario</th><th scope="col">knee</th><th scope="col">in words</th></tr></thead><tbody>${knees.map(
    ({ strategy, scenario, points, atPerSecond, sentence }) =>
      html`<tr data-strategy="${strategy}"><th scope="row"><bdi>${strategy}</bdi></th><td><bdi>${scenarioTitle(scenario)}</bdi></td><td class="num">${
        atPerSecond === null ? 'none' : kneeText(atPerSecond, points[0]!.offeredPerSecond)
      }</td><td>${sentence}</td></tr>`,
  )}</tbody></table></div>
<p class="fine">The knee is the lowest offered rate of which less than 95 % was achieved, or at which the notifier’s p99, from the planned time, exceeded 2 ms. Medians over forks.</p>`;
}

/** At the lowest rate of a sweep the knee lies there or anywhere below. */
function kneeText(atPerSecond: number, lowestPerSecond: number): string {
  const text = formatValue(atPerSecond, 'per second');
  return atPerSecond === lowestPerSecond ? `≤ ${text}` : text;
}

function growthTable(growths: ReportModel['growths']): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Growth"><table class="results"><thead><tr><th scope="col">strategy</th><th scope="col">scenario</th><th scope="col">size</th><th scope="col">exponent</th><th scope="col">in words</th></tr></thead><tbody>${growths.map(
    ({ strategy, scenario, size, exponent, sentence }) =>
      html`<tr data-strategy="${strategy}"><th scope="row"><bdi>${strategy}</bdi></th><td><bdi>${scenarioTitle(scenario)}</bdi></td><td>${size}</td><td class="num">${exponentText(exponent)}</td><td>${sentence}</td></tr>`,
  )}</tbody></table></div>
<p class="fine">Exponent: slope of the line through the logarithms of the medians over forks; 1 doubles with the size, 0 is flat. No worse than O(log n): the exponent is no larger than the one that 1 + log2 of the growth has over the same sizes; said of ${MIN_SIZES} sizes or more.</p>`;
}
