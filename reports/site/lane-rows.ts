import { METRICS } from '../../results/metrics.ts';
import { html, type Markup } from '../page/markup.ts';
import { formatRange, formatValue } from '../units.ts';
import { laneChanges } from './regressions.ts';
import { type LaneName, laneKey, laneName, type SiteHistory } from './site-history.ts';
import { sparkline } from './sparkline.ts';

export function unitOf(metric: string): string {
  return METRICS.find(({ id }) => id === metric)?.unit ?? 'count';
}

/** The metric's name as the reports write it. */
export function labelOf(metric: string): string {
  return METRICS.find(({ id }) => id === metric)?.label ?? metric;
}

export interface LaneRow extends LaneName {
  readonly runs: number;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly changes: number;
}

/** Lanes that a page shows, in the order scenario, strategy, metric. */
export function lanesWhere(history: SiteHistory, wanted: (name: LaneName) => boolean): string[] {
  // Numbers in names by their value: a rate of 20000 stands before one of 100000.
  const { compare } = new Intl.Collator('en', { numeric: true });
  return [...history.lanes.keys()].filter((key) => wanted(laneName(key))).sort(compare);
}

/** A table of lanes: the newest figure, its way there, and the changes of level. */
export function laneTable(history: SiteHistory, keys: readonly string[], title: string): Markup {
  if (keys.length === 0) return html`<p>No figures yet.</p>`;
  const names = keys.map(laneName);
  // A column that says the same in every row says it once above the table.
  const machines = new Set(names.map(({ machineId }) => machineId));
  const strategies = new Set(names.map(({ strategy }) => strategy));
  const shown = {
    machine: machines.size > 1,
    strategy: strategies.size > 1,
    twins: twinsAmong(names),
  };
  const once = shown.machine
    ? null
    : html`<p class="fine">All on machine <bdi>${[...machines][0]!}</bdi>.</p>`;
  return html`${once}<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="results">
<thead><tr>${shown.machine ? html`<th scope="col">machine</th>` : null}<th scope="col">scenario</th>${shown.strategy ? html`<th scope="col">strategy</th>` : null}<th scope="col">metric</th><th scope="col" class="num">newest</th><th scope="col">over the runs</th><th scope="col" class="num">runs</th></tr></thead>
<tbody>${keys.map((key) => row(history, key, shown))}</tbody></table></div>`;
}

const withoutConditions = (name: LaneName): string => laneKey({ ...name, conditions: '' });

/** Names that stand in more than one lane: their conditions tell them apart. */
function twinsAmong(names: readonly LaneName[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twins = new Set<string>();
  for (const name of names.map(withoutConditions)) (seen.has(name) ? twins : seen).add(name);
  return twins;
}

function row(
  history: SiteHistory,
  key: string,
  shown: {
    readonly machine: boolean;
    readonly strategy: boolean;
    readonly twins: ReadonlySet<string>;
  },
): Markup {
  const name = laneName(key);
  const { machineId, scenario, conditions, strategy, metric } = name;
  const settings = shown.twins.has(withoutConditions(name))
    ? html` <small>settings ${conditions}</small>`
    : null;
  const lane = history.lanes.get(key)!;
  const changes = laneChanges(history, key);
  const newest = lane[lane.length - 1]!;
  const unit = unitOf(metric);
  const { value, low, high } = newest;
  const spread =
    low === null || high === null || low === high
      ? null
      : html`<small>${formatRange(low, high, unit)}</small>`;
  const label = `${lane.length} runs, newest ${formatValue(value, unit)}, ${changes.length} changes of level`;
  return html`<tr>${shown.machine ? html`<td><bdi>${machineId}</bdi></td>` : null}<th scope="row"><bdi>${scenario}</bdi>${settings}</th>${shown.strategy ? html`<td><bdi>${strategy}</bdi></td>` : null}<td class="metric">${labelOf(metric)}</td><td class="num">${formatValue(value, unit)}${spread}</td><td>${
    lane.length < 2 ? html`<span class="none">one run</span>` : sparkline(lane, changes, label)
  }</td><td class="num">${lane.length}</td></tr>`;
}

/** The same lanes as plain rows, for JSON and CSV. */
export function laneRows(history: SiteHistory, keys: readonly string[]): LaneRow[] {
  return keys.map((key) => {
    const name = laneName(key);
    const lane = history.lanes.get(key)!;
    const { value, low, high } = lane[lane.length - 1]!;
    const changes = laneChanges(history, key).length;
    return { ...name, runs: lane.length, value, low, high, changes };
  });
}
