import { STANDINGS, type Standing } from '../../results/pressure-standing.ts';
import type { ReportModel, Scenario, Series } from '../report-model.ts';
import { formatCount, formatValue } from '../units.ts';
import { consequences } from '../verdict.ts';
import { html, type Markup } from './markup.ts';

/** What each standing means for somebody who chooses a strategy. */
export const STANDING_MEANINGS: Readonly<Record<Standing, string>> = {
  'ran everywhere without a failed allocation': 'nothing failed under any profile',
  'ran everywhere, at a price':
    'the table is as large as what is mapped asks for, no invalidation ever failed; the price is that devices waited or more was dropped than asked',
  'did not run everywhere':
    'what it allocates beforehand did not fit, or it failed otherwise; where it runs see its cells',
  'failed in the notifier': 'the OS was told that an invalidation failed: this must not be',
};

/**
 * Strategies against memory profiles, and the answer to the thread's question: who keeps table memory
 * dynamic and never fails in the notifier, and what is the price? Null where no profile was set.
 */
export function pressureSection({ pressure, scenarios }: ReportModel): Markup | null {
  if (pressure.length === 0) return null;
  const columns = pressedScenarios(scenarios);
  return html`<section id="pressure" aria-labelledby="pressure-title"><h2 id="pressure-title">Memory pressure: who never fails in the notifier?</h2>
<dl class="standings">${STANDINGS.map((standing) => {
    const names = pressure.filter((one) => one.standing === standing);
    return html`<dt>${standing}</dt><dd>${
      names.length === 0
        ? 'none'
        : names.map(({ strategy }, i) => html`${i === 0 ? '' : ', '}<bdi>${strategy}</bdi>`)
    }<small>${STANDING_MEANINGS[standing]}</small></dd>`;
  })}</dl>
<p class="fine">The price, summed over all profiles, then the failed allocations in each.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Failed allocations by memory profile"><table class="results"><thead><tr><th scope="col">strategy</th><th scope="col" class="num">table per GiB, plenty</th><th scope="col" class="num">updates failed</th><th scope="col" class="num">degraded</th><th scope="col" class="num">collateral entries</th>${columns.map(
    ({ anchor, workload, mode, pressure: profile }) =>
      html`<th scope="col" class="num"><a href="#${anchor}">${profile ?? 'plenty'}</a><small>${workload} · ${mode}</small></th>`,
  )}</tr></thead>
<tbody>${pressure.map(
    (one) =>
      html`<tr data-strategy="${one.strategy}"><th scope="row"><bdi>${one.strategy}</bdi></th><td class="num">${
        one.bytesPerGib === null ? '–' : formatValue(one.bytesPerGib, 'bytes')
      }</td><td class="num">${formatCount(one.updateFailed)}</td><td class="num">${formatCount(one.degraded)}</td><td class="num">${formatCount(one.collateral)}</td>${columns.map(
        ({ series }) => failureCell(series.find(({ strategy }) => strategy === one.strategy)),
      )}</tr>`,
  )}</tbody></table></div></section>`;
}

/** Of workloads that ran under some memory profile, all of them, the unpressed ones included. */
function pressedScenarios(scenarios: readonly Scenario[]): Scenario[] {
  const pressed = new Set(
    scenarios.filter(({ pressure }) => pressure !== null).map(({ workload }) => workload),
  );
  return scenarios.filter(({ workload, mode }) => mode !== 'micro' && pressed.has(workload));
}

function failureCell(series: Series | undefined): Markup {
  if (series === undefined) return html`<td class="num none">–</td>`;
  const { status, reason, failures } = series;
  if (status !== 'passed' && status !== 'partial') {
    return html`<td class="num" title="${reason ?? status}">${status}</td>`;
  }
  if (failures.failures === 0) return html`<td class="num">0</td>`;
  const worst = failures.notifierFailed === 0 ? '' : ' bad';
  return html`<td class="num${worst}" title="${consequences(failures)}">${formatCount(failures.failures)}</td>`;
}
