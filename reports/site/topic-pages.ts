import { slug } from '../escape.ts';
import { html, type Markup } from '../page/markup.ts';
import type { StrategyEntry } from '../report-model.ts';
import { lanesWhere, laneTable } from './lane-rows.ts';
import type { LaneName, SiteHistory } from './site-history.ts';

/** What only the strategy's source can say; the publish command reads it from the manifest. */
export interface StrategyNotes {
  /** The comment at the head of its source. */
  readonly sourceHeader: string;
  /** Bytes per mapped GiB, as the catalogue states it. */
  readonly memoryFormula: string;
}

/** A strategy's lanes: the label itself, and the label with parameters. */
export function strategyLanes(history: SiteHistory, label: string): string[] {
  return lanesWhere(history, ({ strategy }) => strategy === label);
}

export function workloadLanes(history: SiteHistory, workload: string): string[] {
  return lanesWhere(history, ({ scenario }: LaneName) => scenario.split(' · ')[0] === workload);
}

/** What the strategy is, what it promises, and every figure it has. */
export function strategyBody(
  history: SiteHistory,
  label: string,
  entry: StrategyEntry | null,
  notes: StrategyNotes | null,
): Markup {
  const runs = history.runs.filter(({ strategies }) => strategies.includes(label));
  const facts = [
    ['title', entry?.title],
    ['family', entry?.family],
    ['memory', notes?.memoryFormula],
    ...Object.entries(entry?.params ?? {}).map(([key, value]) => [
      `parameter ${key}`,
      String(value),
    ]),
    ...Object.entries(entry?.guarantees ?? {}).map(([key, value]) => [key, String(value)]),
  ] as const;
  return html`<section aria-labelledby="what"><h2 id="what">What it is</h2>
<dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd><bdi>${value ?? 'not recorded'}</bdi></dd></div>`)}</dl>
${notes === null ? html`<p class="fine">The source was not at hand when this page was made; family and guarantees are those of its newest record.</p>` : html`<pre tabindex="0">${notes.sourceHeader}</pre>`}</section>
<section aria-labelledby="figures"><h2 id="figures">Figures</h2>${laneTable(history, strategyLanes(history, label), `Figures of ${label}`)}</section>
${runList(runs)}`;
}

/** Every strategy's figures on one workload. */
export function workloadBody(history: SiteHistory, workload: string): Markup {
  const runs = history.runs.filter(({ workloads }) => workloads.includes(workload));
  return html`<section aria-labelledby="figures"><h2 id="figures">Figures</h2>${laneTable(history, workloadLanes(history, workload), `Figures on ${workload}`)}</section>
${runList(runs)}`;
}

const SHOWN_RUNS = 50;

function runList(runs: SiteHistory['runs']): Markup {
  const newest = [...runs].reverse();
  return html`<section aria-labelledby="runs"><h2 id="runs">In ${runs.length} runs</h2><ul class="index-grid">${newest
    .slice(0, SHOWN_RUNS)
    .map(
      (run) => html`<li><a href="../runs/${run.slug}/index.html"><bdi>${run.id}</bdi></a></li>`,
    )}</ul>${newest.length > SHOWN_RUNS ? html`<p class="fine">The newest ${SHOWN_RUNS} are shown.</p>` : null}</section>`;
}

/** File name of a topic's page, without its ending. */
export function topicFile(name: string): string {
  return slug(name);
}
