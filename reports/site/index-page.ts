import { slug } from '../escape.ts';
import { html, type Markup } from '../page/markup.ts';
import { formatValue } from '../units.ts';
import { labelOf, unitOf } from './lane-rows.ts';
import { type HistoryChange, isRegression } from './regressions.ts';
import type { RunEntry, SiteHistory } from './site-history.ts';

/** Runs on the front page; all of them are in index.json. */
const SHOWN_RUNS = 200;
const SHOWN_CHANGES = 30;

/** The site's front page: changes first, then runs, strategies and workloads. */
export function indexBody(history: SiteHistory, changes: readonly HistoryChange[]): Markup {
  const names = (pick: (run: RunEntry) => readonly string[]) =>
    [...new Set(history.runs.flatMap(pick))].sort();
  const newest = [...history.runs].reverse();
  return html`<p class="lead">Each run measures how strategies that keep a device’s translation table in step with the CPU’s page tables hold up under invalidations: how long the OS and the device wait, what the tables cost in memory, and which allocations fail. A run’s report has the verdicts, charts and the command that repeats it.</p>
<section aria-labelledby="changes"><h2 id="changes">Changes of level</h2>
<p class="fine">A figure that left the median run before it by more than its metric’s threshold, by the judge of <code>xlt-bench compare</code>: measured figures need five forks or more on both sides, an interval beyond the threshold, and a p that stands after correction for all lanes; counts of one seed differ or do not.</p>${changeTable(changes.slice(0, SHOWN_CHANGES))}</section>
<section aria-labelledby="runs"><h2 id="runs">${newest.length} runs</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table class="results"><thead><tr><th scope="col">run</th><th scope="col">created</th><th scope="col">suite</th><th scope="col">machine</th><th scope="col" class="num">cells</th><th scope="col" class="num">passed</th><th scope="col" class="num">stale</th></tr></thead>
<tbody>${newest.slice(0, SHOWN_RUNS).map(runRow)}</tbody></table></div>
${newest.length > SHOWN_RUNS ? html`<p class="fine">The newest ${SHOWN_RUNS} are shown; <a href="index.json">index.json</a> lists all.</p>` : null}</section>
<section aria-labelledby="strategies"><h2 id="strategies">Strategies</h2>${links(
    'strategies',
    names((run) => run.strategies),
  )}</section>
<section aria-labelledby="workloads"><h2 id="workloads">Workloads</h2>${links(
    'workloads',
    names((run) => run.workloads),
  )}</section>`;
}

function runRow(run: RunEntry): Markup {
  const { id, createdAt, suite, machine, machineId, cells, passed, violations } = run;
  return html`<tr><th scope="row"><a href="runs/${run.slug}/index.html"><bdi>${id}</bdi></a></th><td>${createdAt.slice(0, 16).replace('T', ' ')}</td><td><bdi>${suite ?? '–'}</bdi></td><td><bdi>${machine}</bdi> <small><bdi>${machineId}</bdi></small></td><td class="num">${cells}</td><td class="num">${passed}</td><td class="num${violations > 0 ? ' bad' : ''}">${violations}</td></tr>`;
}

function links(folder: string, names: readonly string[]): Markup {
  return html`<ul class="index-grid">${names.map(
    (name) => html`<li><a href="${folder}/${slug(name)}.html"><bdi>${name}</bdi></a></li>`,
  )}</ul>`;
}

/** Changes of level as a table; says so when there is none. */
export function changeTable(changes: readonly HistoryChange[], root = ''): Markup {
  if (changes.length === 0)
    return html`<p>None seen: in no lane does the judge tell a run from its level. Runs of fewer than five forks are not judged.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Changes of level"><table class="results">
<thead><tr><th scope="col">run</th><th scope="col">scenario</th><th scope="col">strategy</th><th scope="col">metric</th><th scope="col" class="num">before</th><th scope="col" class="num">after</th><th scope="col" class="num">ratio</th><th scope="col">standing</th></tr></thead>
<tbody>${changes.map((change) => {
    const { run, scenario, strategy, metric, before, after, confirmed, machineId } = change;
    const unit = unitOf(metric);
    const kind = isRegression(change) ? 'worse' : 'better';
    return html`<tr><th scope="row"><a href="${root}runs/${run.slug}/index.html"><bdi>${run.id}</bdi></a> <small>machine <bdi>${machineId}</bdi></small></th><td class="scenario-name"><bdi>${scenario}</bdi></td><td><bdi>${strategy}</bdi></td><td>${labelOf(metric)}</td><td class="num">${formatValue(before, unit)}</td><td class="num">${formatValue(after, unit)}</td><td class="num ${kind}">${formatValue(after / before, 'ratio')} ${kind}</td><td>${confirmed ? 'a later run agrees' : 'newest run, not confirmed'}</td></tr>`;
  })}</tbody></table></div>`;
}
