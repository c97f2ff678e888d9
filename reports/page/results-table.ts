import type { Estimate } from '../estimate.ts';
import { isRanked, rankedSeries } from '../ranked-series.ts';
import type { MetricHeader, ReportModel, Scenario, Series } from '../report-model.ts';
import { formatRange, formatValue } from '../units.ts';
import { spreadText } from '../verdict.ts';
import { html, type Markup } from './markup.ts';

/** Columns of the table, as far as they were measured; all metrics are in the CSV. */
const COLUMNS = [
  'notifier-p50',
  'notifier-p99',
  'notifier-p999',
  'fault-p50',
  'fault-p99',
  'stall-share',
  'modelled-time',
  'bytes-per-gib',
  'table-bytes-peak',
  'allocation-failures',
  'update-failed',
  'notifier-max',
  'spurious-faults',
  'commands',
  'entries-written',
  'cache-lines',
] as const;

export function tableMetrics(model: ReportModel, scenario: Scenario): MetricHeader[] {
  return COLUMNS.flatMap((id) => {
    const metric = model.metrics.find((candidate) => candidate.id === id);
    const measured = scenario.series.some(({ estimates }) => estimates[id] != null);
    return metric !== undefined && measured ? [metric] : [];
  });
}

/** One row per strategy, whatever became of it; the best figure of a column is marked. */
export function resultsTable(model: ReportModel, scenario: Scenario): Markup {
  const metrics = tableMetrics(model, scenario);
  const best = new Map(metrics.map((metric) => [metric.id, bestValue(scenario, metric)]));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Results of ${scenario.title}">
<table class="results"><thead><tr><th scope="col">strategy</th><th scope="col">cells</th>${metrics.map(
    ({ id, label }) =>
      html`<th scope="col" class="num">${label}${
        scenario.openLoop && id.startsWith('notifier-')
          ? html`<small>from planned time</small>`
          : null
      }</th>`,
  )}</tr></thead>
<tbody>${scenario.series.map((series) => row(scenario, series, metrics, best))}</tbody></table></div>`;
}

function bestValue(scenario: Scenario, { id, better }: MetricHeader): number | null {
  const values = rankedSeries(scenario).flatMap(({ estimates }) =>
    estimates[id] == null ? [] : [estimates[id].value],
  );
  const best = better === 'lower' ? Math.min(...values) : Math.max(...values);
  // What most strategies reach sets none of them apart.
  const sharing = values.filter((value) => value === best).length;
  return sharing * 2 > values.length ? null : best;
}

/** Why a strategy is not ranked, or that nothing dominates it. */
function roleOf({ undominated, objectives }: Scenario, series: Series): Markup | null {
  if (series.floor) return html`<small class="role">floor: no table, not ranked</small>`;
  if (series.wrong !== null) {
    return html`<small class="role"><abbr title="${series.wrong}">known wrong</abbr>, not ranked</small>`;
  }
  if (!undominated.includes(series.strategy)) return null;
  const counts = objectives.map(
    ({ label, tolerance }) => `${label}${tolerance === 0 ? '' : ` (${100 * tolerance} %)`}`,
  );
  const meaning = `no other strategy is clearly better in one of these and worse in none: ${counts.join(', ')}; closer than the percentage counts as equal`;
  return html`<small class="role"><abbr title="${meaning}">undominated</abbr></small>`;
}

function row(
  scenario: Scenario,
  series: Series,
  metrics: readonly MetricHeader[],
  best: ReadonlyMap<string, number | null>,
): Markup {
  const { strategy, status, reason, forks, notes } = series;
  const role = roleOf(scenario, series);
  const name = html`<th scope="row"><span class="key" data-key="${series.style}"></span><bdi>${strategy}</bdi>${role}</th>`;
  const passed = forks.filter(({ verdict }) => verdict === 'passed').length;
  const noisy =
    notes.length > 0 ? html` <abbr class="noisy" title="${notes.join('; ')}">noisy</abbr>` : null;
  const count =
    status === 'passed'
      ? html`<td class="cells">${passed}${noisy}</td>`
      : html`<td class="cells bad">${passed} of ${forks.length}${noisy}</td>`;
  const unusable = status !== 'passed' && status !== 'partial';
  if (unusable) {
    return html`<tr data-strategy="${strategy}" class="unusable">${name}${count}<td colspan="${Math.max(1, metrics.length)}"><b>${status}</b>${
      reason === null ? null : html`: <bdi>${reason}</bdi>`
    }</td></tr>`;
  }
  return html`<tr data-strategy="${strategy}">${name}${count}${metrics.map((metric) =>
    cell(
      series.estimates[metric.id] ?? null,
      metric,
      best.get(metric.id) ?? null,
      isRanked(series),
    ),
  )}</tr>`;
}

function cell(
  figure: Estimate | null,
  { unit }: MetricHeader,
  best: number | null,
  ranked: boolean,
): Markup {
  if (figure === null) {
    return html`<td class="num none" title="not measured, or too few samples for it">–</td>`;
  }
  const { value, low, high, kind } = figure;
  const isBest = ranked && value === best;
  const spread =
    low === null || high === null || kind === 'exact'
      ? null
      : html`<small>${formatRange(low, high, unit)}</small>`;
  const title =
    kind === 'interval' || kind === 'exact' ? null : html` title="${spreadText(figure, unit)}"`;
  return html`<td class="num${isBest ? ' best' : ''}"${title}>${formatValue(value, unit)}${spread}</td>`;
}
