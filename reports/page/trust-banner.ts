import type { ReportModel, RunHeader, Scenario } from '../report-model.ts';
import { formatCount } from '../units.ts';
import { html, type Markup } from './markup.ts';

/** How far the figures may be trusted, before the first of them. */
export function trustBanner(model: ReportModel): Markup {
  return html`<section class="trust" aria-labelledby="trust-title" id="trust">
<h2 id="trust-title">How far to trust this</h2>
${model.runs.map((run) => runTrust(model, run))}
</section>`;
}

function runTrust(model: ReportModel, run: RunHeader): Markup {
  const scenarios = model.scenarios.filter((s) => s.run === run.id);
  const series = scenarios.flatMap((s) => s.series);
  // One fork is all there is to know of a replay, so it says nothing of the others.
  const measured = scenarios.filter((s) => s.mode !== 'replay');
  const counted = measured.length === 0;
  const forks = (counted ? scenarios : measured).flatMap(forksPerFigure);
  const warnings = run.flags.filter(({ severity }) => severity === 'warning');
  const unsteady = series.filter(({ notes }) =>
    notes.some((note) => note.startsWith('no steady')),
  ).length;
  return html`${model.runs.length > 1 ? html`<h3><bdi>${run.id}</bdi></h3>` : null}
<ul class="facts">
${fact(...cellsFact(run))}
${fact(
  run.violations === 0 ? 'good' : 'bad',
  `${formatCount(run.translations)} translations checked`,
  run.violations === 0
    ? 'none was stale'
    : `${formatCount(run.violations)} ${run.violations === 1 ? 'was' : 'were'} stale`,
)}
${fact(Math.min(...forks, 99) >= 6 ? 'good' : 'note', forkRange(forks), forkMeaning(forks, counted))}
${
  unsteady === 0
    ? null
    : fact('warn', `${unsteady} of ${series.length} series`, 'no steady state in some fork')
}
${fact(...gcFact(run))}
${warnings.map((flag) => fact('warn', flag.text, `in ${flag.cells} cell${flag.cells === 1 ? '' : 's'}`))}
${warnings.length === 0 ? fact('good', 'no warning', 'nothing seen of noise, throttling or an unstable clock') : null}
</ul>`;
}

function fact(kind: 'good' | 'note' | 'warn' | 'bad', what: string, meaning: string): Markup {
  const marks = { good: '✓', note: 'i', warn: '!', bad: '✗' } as const;
  return html`<li class="fact ${kind}"><span class="mark" aria-hidden="true">${marks[kind]}</span><span><b>${what}:</b> ${meaning}</span></li>`;
}

function cellsFact(run: RunHeader): ['good' | 'bad' | 'warn', string, string] {
  const { passed = 0, check = 0, ...others } = run.verdicts;
  const missing = run.plannedCells - run.recordedCells;
  const compared = run.recordedCells - check;
  const rest = Object.entries(others).map(([verdict, count]) => `${count} ${verdict}`);
  if (missing > 0) rest.push(`${missing} planned cell${missing === 1 ? '' : 's'} left no record`);
  const what = `${passed} of ${compared} cells passed`;
  if (rest.length === 0) return ['good', what, 'none is missing'];
  return [others.failed === undefined ? 'warn' : 'bad', what, rest.join(', ')];
}

/** Forks behind each series' deciding figure: one too short for a percentile does not count for it. */
function forksPerFigure({ objectives, series }: Scenario): number[] {
  const id = objectives[0]?.id ?? '';
  return series
    .filter(({ status }) => status === 'passed' || status === 'partial')
    .map(({ estimates, forks }) => estimates[id]?.n ?? forks.length);
}

function forkRange(forks: readonly number[]): string {
  if (forks.length === 0) return 'no forks';
  const [least, most] = [Math.min(...forks), Math.max(...forks)];
  const plural = most === 1 ? 'fork' : 'forks';
  return least === most ? `${least} ${plural} per figure` : `${least} to ${most} forks per figure`;
}

function forkMeaning(forks: readonly number[], counted: boolean): string {
  if (counted) return 'replay counts and adds up costs; one seed gives one answer, on any machine';
  const least = Math.min(...forks, 99);
  if (least >= 6) return 'brackets are 95 % intervals of the median over forks';
  if (Math.max(...forks) === 1) return 'one process each: no interval, no verdict on differences';
  const alone = least === 1 ? ', a figure of one fork has none' : '';
  return `brackets are the range over forks, from 6 on a 95 % interval${alone}; a verdict needs 5`;
}

function gcFact(run: RunHeader): ['good' | 'warn' | 'note', string, string] {
  if (run.gcEvents === null) return ['note', 'garbage collections', 'not counted'];
  if (run.gcEvents === 0) return ['good', 'garbage collections', 'none inside a measured window'];
  return ['warn', 'garbage collections', `${run.gcEvents} inside measured windows`];
}
