import type { ReportModel } from '../report-model.ts';
import { scenarioTitle } from '../scenario-title.ts';
import { html, type Markup } from './markup.ts';

/** The choices that hold for the whole page; all of them live in the URL's fragment. */
export function toolbar(model: ReportModel): Markup {
  const unique = (pick: (scenario: ReportModel['scenarios'][number]) => string) => [
    ...new Set(model.scenarios.map(pick)),
  ];
  return html`<div class="toolbar" role="toolbar" aria-label="What the report shows">
<label class="pick">Metric <select id="metric">${model.metrics.map(
    ({ id, label }) => html`<option value="${id}">${label}</option>`,
  )}</select></label>
<label class="pick">Baseline <select id="baseline">${model.strategies.map(
    ({ label }) => html`<option value="${label}">${label}</option>`,
  )}</select></label>
${menu(
  'strategy',
  'Strategies',
  model.strategies.map(({ label, style }) => ({ label, style })),
)}
${menu(
  'workload',
  'Workloads',
  unique(({ workload }) => workload).map((label) => ({ label, title: scenarioTitle(label) })),
)}
${menu(
  'device',
  'Devices',
  unique(({ device }) => device).map((label) => ({ label })),
)}
${menu(
  'mode',
  'Modes',
  unique(({ mode }) => mode).map((label) => ({ label })),
)}
<label class="pick">Axis <select id="scale"><option value="">as drawn</option><option value="logarithmic">logarithmic</option><option value="linear">linear</option></select></label>
<label class="pick">Theme <select id="theme"><option value="">system</option><option value="light">light</option><option value="dark">dark</option></select></label>
<span class="actions">${model.scenarios.length > 0 ? html`<button type="button" id="fold-all">Open all</button>` : null}<button type="button" id="copy-link">Copy link</button><button type="button" id="reset">Reset</button></span>
<span id="status" role="status" aria-live="polite"></span>
</div>`;
}

function menu(
  name: string,
  title: string,
  options: readonly {
    readonly label: string;
    readonly title?: string;
    readonly style?: number;
  }[],
): Markup | null {
  if (options.length < 2) return null;
  return html`<details class="menu" data-menu="${name}"><summary>${title} <span class="count"></span></summary><fieldset><legend class="hidden">${title}</legend>
<div class="menu-buttons"><button type="button" data-all>all</button><button type="button" data-none>none</button></div>${options.map(
    ({ label, title: shown = label, style }) =>
      html`<label><input type="checkbox" name="${name}" value="${label}" checked>${style === undefined ? null : html`<span class="key" data-key="${style}"></span>`}<bdi>${shown}</bdi></label>`,
  )}</fieldset></details>`;
}
