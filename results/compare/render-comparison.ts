import type { Comparison, ComparisonRow } from '../comparison.ts';
import { figureText, ratioText } from '../figure-text.ts';

export type ComparisonFormat = 'text' | 'json' | 'markdown';

const HEADER = [
  'candidate',
  'metric',
  'baseline',
  'candidate is',
  'ratio',
  'forks',
  'verdict',
  'why',
];

interface Section {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

function cellsOf(row: ComparisonRow): string[] {
  let change = '-';
  if (row.ratio !== null) change = ratioText(row.ratio);
  else if (row.difference !== null) {
    const { estimate } = row.difference;
    change = `${estimate >= 0 ? '+' : ''}${figureText(estimate, row.unit)}`;
  }
  return [
    row.candidate,
    row.label + (row.gate ? '' : ' (not gated)'),
    figureText(row.baselineValue ?? row.baselinePooled, row.unit),
    figureText(row.candidateValue ?? row.candidatePooled, row.unit),
    change,
    row.baselineForks === row.candidateForks
      ? String(row.baselineForks)
      : `${row.baselineForks}/${row.candidateForks}`,
    row.verdict,
    row.reason,
  ];
}

/** One section for each scenario, in the order of the rows. */
function sectionsOf(comparison: Comparison): Section[] {
  const scenarios = [...new Set(comparison.rows.map(({ scenario }) => scenario))];
  return scenarios.map((scenario) => {
    const rows = comparison.rows.filter((row) => row.scenario === scenario);
    const baseline = rows[0]!.baseline;
    return { title: `${scenario} against ${baseline}`, rows: rows.map(cellsOf) };
  });
}

/** What stands under the tables, in every format alike. */
function notesOf(comparison: Comparison): string[] {
  const { method } = comparison;
  return [
    ...comparison.unmeasured.map(
      (cell) =>
        `${cell.verdict}: ${cell.strategy} in ${cell.scenario}, fork ${cell.fork}, ${cell.side}: ${cell.reason}`,
    ),
    ...comparison.unmatched,
    ...comparison.tradeOffs.flatMap(({ recommendation }) =>
      recommendation === null ? [] : [`choice: ${recommendation.sentence}`],
    ),
    ...comparison.differences.map(({ severity, text }) =>
      severity === 'blocks' ? `blocks verdicts: ${text}` : `note: ${text}`,
    ),
    ...comparison.flags.map(
      ({ severity, text, cells }) =>
        `${severity}: ${text} (${cells} record${cells === 1 ? '' : 's'})`,
    ),
    `intervals: ${100 * method.level} %, bootstrap over forks, ${method.draws} draws, seed ${method.seed}; ` +
      `${method.tests} tests, Holm-corrected at ${method.alpha}`,
  ];
}

function textTable({ title, rows }: Section): string {
  const table = [HEADER, ...rows];
  const widths = HEADER.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [title, ...lines].join('\n');
}

function markdownTable({ title, rows }: Section): string {
  const escaped = (cell: string): string => cell.replaceAll('|', '\\|');
  const line = (row: readonly string[]): string => `| ${row.map(escaped).join(' | ')} |`;
  const rule = `|${HEADER.map(() => '---').join('|')}|`;
  return [`### ${title.replaceAll('|', ' / ')}`, '', line(HEADER), rule, ...rows.map(line)].join(
    '\n',
  );
}

/** The comparison as text for a terminal, as Markdown, or as the JSON that both are made from. */
export function renderComparison(comparison: Comparison, format: ComparisonFormat): string {
  if (format === 'json') return `${JSON.stringify(comparison, null, 2)}\n`;
  const { baseline, candidate, conclusion } = comparison;
  const headline = `${candidate.label} against ${baseline.label}: ${conclusion.text}`;
  const sections = sectionsOf(comparison);
  const notes = notesOf(comparison);
  const blocks =
    format === 'text'
      ? [headline, ...sections.map(textTable), notes.join('\n')]
      : [`**${headline}**`, ...sections.map(markdownTable), notes.map((n) => `- ${n}`).join('\n')];
  return `${blocks.join('\n\n')}\n`;
}
