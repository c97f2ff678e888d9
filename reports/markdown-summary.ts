import { STANDINGS } from '../results/pressure-standing.ts';
import { escapeMarkdown, visibleText } from './escape.ts';
import { isAsExpected } from './page/checks-section.ts';
import { tableMetrics } from './page/results-table.ts';
import type { MetricHeader, ReportModel, Scenario, Series } from './report-model.ts';
import { formatCount, formatRange, formatValue } from './units.ts';
import { verdictSentences } from './verdict.ts';

/** More columns than this do not fit a pull request. */
const COLUMNS = 8;

/**
 * The report for a pull request or `$GITHUB_STEP_SUMMARY`: the same sentences and figures as the
 * page, from the same model.
 */
export function markdownSummary(model: ReportModel): string {
  return [
    '## xlt-bench',
    ...model.runs.map(trustLine),
    ...model.scenarios.flatMap((scenario) => scenarioLines(model, scenario)),
    ...pressureLines(model),
    ...sweepLines(model),
    ...checkLines(model),
    ...(model.missing.length > 0
      ? [
          `${model.missing.length} planned cells left no record: ${model.missing.slice(0, 5).map(code).join(', ')}`,
        ]
      : []),
  ]
    .join('\n\n')
    .concat('\n');
}

function code(text: string): string {
  return `\`${visibleText(text)
    .replace(/`/g, "'")
    .replace(/[\r\n|]+/g, ' ')}\``;
}

function trustLine({
  id,
  verdicts,
  recordedCells,
  plannedCells,
  translations,
  violations,
  host,
  plan,
  flags,
}: ReportModel['runs'][number]): string {
  const machine =
    host === null ? '' : ` on ${escapeMarkdown(host.cpu.model)}, ${host.cpu.logicalCores} cores`;
  const warnings = flags.filter(({ severity }) => severity === 'warning');
  const noise =
    warnings.length === 0
      ? ''
      : ` Read with care: ${warnings.map(({ text, cells }) => `${escapeMarkdown(text)} (${cells} cells)`).join('; ')}.`;
  return `**${escapeMarkdown(id)}**${machine}: ${verdicts.passed ?? 0} of ${recordedCells - (verdicts.check ?? 0)} cells passed, ${recordedCells} of ${plannedCells} recorded; ${formatCount(translations)} translations checked, ${formatCount(violations)} stale.${noise} Command: ${code(plan.command)}`;
}

function scenarioLines(model: ReportModel, scenario: Scenario): string[] {
  const derived = scenario.origin === 'derived' ? ' (derived recording)' : '';
  const metrics = tableMetrics(model, scenario).slice(0, COLUMNS);
  const sentences = verdictSentences(model, scenario).map(
    (sentence) =>
      `- ${sentence.map((part) => (typeof part === 'string' ? escapeMarkdown(part) : `**${escapeMarkdown(part.name)}**`)).join('')}`,
  );
  return [
    `### ${escapeMarkdown(scenario.title)}${derived}`,
    sentences.join('\n'),
    ...(scenario.recommendation === null
      ? []
      : [`Recommended: ${escapeMarkdown(scenario.recommendation.sentence)}`]),
    [
      `| strategy | cells | ${metrics.map(({ label }) => label).join(' | ')} |`,
      `| --- | --- |${' ---: |'.repeat(metrics.length)}`,
      ...scenario.series.map((series) => row(series, metrics)),
    ].join('\n'),
  ];
}

function row(series: Series, metrics: readonly MetricHeader[]): string {
  const { strategy, status, reason, forks, estimates } = series;
  const passed = forks.filter(({ verdict }) => verdict === 'passed').length;
  const cells = metrics.map(({ id, unit }) => {
    const figure = estimates[id];
    if (figure == null) return '–';
    const { value, low, high, kind } = figure;
    const spread =
      low === null || high === null || kind === 'exact' ? '' : ` (${formatRange(low, high, unit)})`;
    return `${formatValue(value, unit)}${spread}`;
  });
  const unusable = status !== 'passed' && status !== 'partial';
  const text = unusable
    ? [
        `**${status}**${reason === null ? '' : `: ${escapeMarkdown(reason)}`}`,
        ...cells.slice(1).map(() => ''),
      ]
    : cells;
  return `| ${escapeMarkdown(strategy)} | ${passed} of ${forks.length} | ${text.join(' | ')} |`;
}

function pressureLines({ pressure }: ReportModel): string[] {
  if (pressure.length === 0) return [];
  const parts = pressure.flatMap(({ run, standings }) => {
    const lines = STANDINGS.map((standing) => {
      const names = standings.filter((one) => one.standing === standing);
      return `- ${standing}: ${names.map(({ strategy }) => escapeMarkdown(strategy)).join(', ') || 'none'}`;
    });
    return pressure.length > 1
      ? [`**${escapeMarkdown(run)}**`, lines.join('\n')]
      : [lines.join('\n')];
  });
  return ['### Memory pressure', ...parts];
}

function sweepLines({ knees, growths }: ReportModel): string[] {
  const found = [...knees, ...growths];
  if (found.length === 0) return [];
  const lines = found.map(
    ({ strategy, scenario, sentence }) =>
      `- **${escapeMarkdown(strategy)}**, ${escapeMarkdown(scenario)}: ${escapeMarkdown(sentence)}`,
  );
  return ['### Capacity and growth', lines.join('\n')];
}

function checkLines({ checks }: ReportModel): string[] {
  if (checks.length === 0) return [];
  const wrong = checks.filter((check) => !isAsExpected(check));
  const caught = checks.filter((check) => check.canary && isAsExpected(check)).length;
  const canaries = checks.filter(({ canary }) => canary).length;
  const names = wrong.map(({ strategy, verdict }) => `${code(strategy)} (${verdict})`).join(', ');
  return [
    `Checker: ${caught} of ${canaries} canaries caught, ${checks.length - wrong.length} of ${checks.length} verify cells as expected.${wrong.length > 0 ? ` Not as expected: ${names}.` : ''}`,
  ];
}
