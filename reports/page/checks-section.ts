import type { CheckRow, ReportModel } from '../report-model.ts';
import { formatValue } from '../units.ts';
import { html, type Markup } from './markup.ts';

/** Canaries and verify cells: evidence that the checker works, apart from every comparison. */
export function checksSection({ checks }: ReportModel): Markup {
  if (checks.length === 0) {
    return html`<section id="checker" aria-labelledby="checker-title"><h2 id="checker-title">The checker catches what it must</h2>
<p>Not shown: these runs hold no verify cell. “xlt-bench verify” makes them.</p></section>`;
  }
  return html`<section id="checker" aria-labelledby="checker-title">
<h2 id="checker-title">The checker catches what it must</h2>
<p>A canary breaks one rule on purpose. If the oracle does not catch it, no “passed” in this report means anything. None of these cells is compared with another.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Verify cells">
<table class="results"><thead><tr><th scope="col">strategy</th><th scope="col">workload</th><th scope="col">expected</th><th scope="col">verdict</th><th scope="col" class="num">translations</th><th scope="col" class="num">stale</th><th scope="col">checks</th></tr></thead>
<tbody>${checks.map(row)}</tbody></table></div></section>`;
}

/** Right means: a canary was caught, anything else passed. */
export function isAsExpected({ canary, verdict }: CheckRow): boolean {
  return canary ? verdict === 'failed' : verdict === 'passed';
}

function row(check: CheckRow): Markup {
  const good = isAsExpected(check);
  const verdict = check.canary && check.verdict === 'failed' ? 'caught' : check.verdict;
  const wrong = check.canary ? 'NOT caught' : verdict;
  const failed = check.checks.filter(({ outcome }) => outcome === 'failed');
  const skipped = check.checks.filter(({ outcome }) => outcome === 'skipped');
  return html`<tr><th scope="row"><bdi>${check.strategy}</bdi></th><td><bdi>${check.workload}</bdi> · ${check.mode}</td><td>${
    check.canary ? 'to be caught' : 'to pass'
  }</td><td class="${good ? 'good' : 'bad'}">${good ? '✓' : '✗'} ${good ? verdict : wrong}${
    check.reason === null ? null : html`<small><bdi>${check.reason}</bdi></small>`
  }</td><td class="num">${formatValue(check.translations, 'count')}</td><td class="num">${formatValue(check.violations, 'count')}</td><td>${
    check.checks.length === 0
      ? '–'
      : `${check.checks.length - failed.length - skipped.length} passed`
  }${failed.length > 0 ? `, ${failed.length} failed` : null}${skipped.length > 0 ? `, ${skipped.length} excused` : null}${failed
    .slice(0, 5)
    .map(
      ({ name, detail }) =>
        html`<small><bdi>${name}${detail === null ? '' : `: ${detail}`}</bdi></small>`,
    )}</td></tr>`;
}
