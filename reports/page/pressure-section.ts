import {
  type PressureStanding,
  STANDINGS,
  type Standing,
} from '../../results/pressure-standing.ts';
import type { ReportModel, RunPressure, Scenario, Series } from '../report-model.ts';
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

/** What the bench's memory profiles do to the memory for tables (bench/cell/memory-pressure.ts). */
export const PROFILE_MEANINGS: Readonly<Record<string, string>> = {
  plenty: 'room for two full 4 KiB tables; nothing need fail',
  tight: 'a quarter of a full 4 KiB table: less than broken blocks need, more than huge entries do',
  fragmented: 'plenty of memory, but no free run of more than 4 pages',
  reclaim: 'half a full table; an allocation that may wait gets memory after a stall of reclaim',
  'atomic-only': 'half a full table, and no allocation may wait',
  collapse: 'from plenty down to an eighth of a full table while the cell runs',
};

/**
 * Strategies against memory profiles, and the answer to the thread's question: who keeps table memory
 * dynamic and never fails in the notifier, and what is the price? Runs stand apart. Null where no profile
 * was set.
 */
export function pressureSection({ pressure, scenarios }: ReportModel): Markup | null {
  if (pressure.length === 0) return null;
  return html`<section id="pressure" aria-labelledby="pressure-title"><h2 id="pressure-title">Memory pressure: who never fails in the notifier?</h2>
${pressure.map((one) => [
  pressure.length > 1 ? html`<h3><bdi>${one.run}</bdi></h3>` : html``,
  runPressure(one, pressedScenarios(scenarios.filter(({ run }) => run === one.run))),
])}</section>`;
}

function runPressure({ run, standings }: RunPressure, columns: readonly Scenario[]): Markup {
  return html`<dl class="standings">${STANDINGS.map((standing) => {
    const names = standings.filter((one) => one.standing === standing);
    return html`<dt>${standing}<small>${STANDING_MEANINGS[standing]}</small></dt><dd>${
      names.length === 0
        ? 'no strategy'
        : names.map(({ strategy }, i) => html`${i === 0 ? '' : ', '}<bdi>${strategy}</bdi>`)
    }</dd>`;
  })}</dl>
${profileList(columns)}
<p class="fine">The price, summed over the cells that ran, then the failed allocations in each profile.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Failed allocations by memory profile, ${run}"><table class="results"><thead><tr><th scope="col">strategy</th><th scope="col" class="num">cells that ran</th><th scope="col" class="num">table per GiB, plenty</th><th scope="col" class="num">updates failed</th><th scope="col" class="num">degraded</th><th scope="col" class="num">collateral entries</th>${columns.map(
    ({ anchor, workload, mode, pressure: profile }) =>
      html`<th scope="col" class="num"><a href="#${anchor}">${profile ?? 'plenty'}</a><small>${workload} · ${mode}</small></th>`,
  )}</tr></thead>
<tbody>${standings.map((one) => standingRow(one, columns))}</tbody></table></div>`;
}

/** Each profile of the run in one line. */
function profileList(columns: readonly Scenario[]): Markup {
  const profiles = new Set(columns.map(({ pressure }) => pressure ?? 'plenty'));
  const known = Object.keys(PROFILE_MEANINGS).filter((profile) => profiles.has(profile));
  return html`<details class="reproduce"><summary>What the profiles are: ${known.join(', ')}</summary><ul>${known.map(
    (profile) => html`<li><b>${profile}</b>: ${PROFILE_MEANINGS[profile]!}</li>`,
  )}</ul></details>`;
}

/** What never ran under a profile has no price: a dash, not 0. */
function standingRow(one: PressureStanding, columns: readonly Scenario[]): Markup {
  const { strategy, bytesPerGib, passed, cells, passedPressed } = one;
  const price = (count: number) =>
    passedPressed === 0
      ? html`<td class="num none">–</td>`
      : html`<td class="num">${formatCount(count)}</td>`;
  return html`<tr data-strategy="${strategy}"><th scope="row"><bdi>${strategy}</bdi></th><td class="num${passed < cells ? ' bad' : ''}">${passed} of ${cells}</td><td class="num">${
    bytesPerGib === null ? '–' : formatValue(bytesPerGib, 'bytes')
  }</td>${price(one.updateFailed)}${price(one.degraded)}${price(one.collateral)}${columns.map(
    ({ series }) => failureCell(series.find((candidate) => candidate.strategy === strategy)),
  )}</tr>`;
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
