import { inspectionFigures } from './inspection-text.ts';
import type { TraceInspection } from './trace-inspection.ts';

/** Narrow, so that a phone does not shrink the text of a chart below reading. */
const CHART_WIDTH = 420;
const TIMELINE_HEIGHT = 120;
const BAR_HEIGHT = 20;
const LABEL_WIDTH = 110;
const COUNT_WIDTH = 70;
/** Room for the ticks of the timeline. */
const AXIS_WIDTH = 48;
/** Half a line of text above the highest tick. */
const TOP = 8;

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem;
  color: #1a1a1a; background: #fff }
h1 { font-size: 1.4rem }
h2 { font-size: 1.05rem; margin-top: 2rem }
table { border-collapse: collapse }
td, th { padding: .15rem .8rem .15rem 0; text-align: left; font-variant-numeric: tabular-nums }
td.n, th.n { text-align: right }
.scroll { overflow-x: auto }
.end { text-anchor: end }
line { stroke: #8888; }
.warning { border-left: 4px solid #b45309; padding-left: .8rem }
svg { width: 100%; max-width: 30rem; height: auto }
svg text { font: 13px system-ui, sans-serif; fill: currentColor }
rect { fill: #2563a8 }
@media (prefers-color-scheme: dark) {
  body { color: #e8e8e8; background: #161616 }
  rect { fill: #6ea8dc }
}`;

/** What headline figures mean, where their names do not say. */
const MEANINGS: Readonly<Record<string, string>> = {
  'peak in 10 ms': 'most ranges that begin within one aligned interval of 10 ms',
  'announced in all': 'sum of the lengths of all ranges, repeats included',
  'repeats of a range': 'share of ranges with the place and length of an earlier one',
  'derived per recorded':
    'ranges that system calls and page faults alone would tell, per range that the kernel announced',
};

/** The inspection as one self-contained page: no script, no other file. */
export function inspectionHtml(inspection: TraceInspection): string {
  const { metadata, space } = inspection;
  const title = metadata.sources.map((source) => source.name).join(' + ');
  const process = space ? `, process ${space.comm} (${space.pid})` : '';
  const sections = [
    `<h1>${escapeHtml(title + process)}</h1>`,
    ...metadata.warnings.map((warning) => `<p class="warning">${escapeHtml(warning)}</p>`),
    table(
      ['', ''],
      inspectionFigures(inspection).map(([label, value]) => [label, value]),
      MEANINGS,
    ),
    '<h2>Ranges over time</h2>',
    timelineChart(inspection),
    '<h2>Range size</h2>',
    barChart(
      'Ranges by size',
      inspection.sizes.map(({ label, count }) => [label, count]),
    ),
    '<h2>Reason</h2>',
    barChart(
      'Ranges by reason',
      inspection.reasons.map(({ reason, count }) => [reason, count]),
    ),
    '<h2>Records</h2>',
    barChart(
      'Records by kind',
      inspection.records.map(({ op, count }) => [op, count]),
    ),
    '<h2>Processes</h2>',
    processTable(inspection),
    '<h2>Lines of the recording</h2>',
    table(['event', 'lines'], Object.entries(metadata.lines).map(row)),
    '<h2>Left out, ambiguous or inferred</h2>',
    table(['kind', 'count'], Object.entries(metadata.notes).map(row)),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body>
${sections.join('\n')}
</body></html>
`;
}

function row([label, count]: [string, number]): [string, string] {
  return [label, String(count)];
}

function processTable({ metadata }: TraceInspection): string {
  const spaces = [...metadata.spaces];
  spaces.sort((left, right) => right.ranges - left.ranges || right.faults - left.faults);
  const rows = spaces.slice(0, 30).map((space) => {
    const { comm, pid, ranges, derivedRanges, faults, startNs, endNs } = space;
    const seconds = ((endNs - startNs) / 1e9).toFixed(2);
    return [comm, ...[pid, ranges, derivedRanges, faults].map(String), seconds];
  });
  const more = spaces.length - rows.length;
  const rest = more > 0 ? `<p>and ${more} more</p>` : '';
  return table(['process', 'pid', 'ranges', 'derived', 'faults', 'seconds'], rows) + rest;
}

function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  meanings: Readonly<Record<string, string>> = {},
): string {
  const meaning = (text: string): string =>
    Object.hasOwn(meanings, text) ? ` title="${escapeHtml(meanings[text]!)}"` : '';
  const cell = (tag: string, text: string, i: number): string =>
    `<${tag}${i > 0 ? ' class="n"' : ''}${meaning(text)}>${escapeHtml(text)}</${tag}>`;
  const head = heads.some((text) => text !== '')
    ? `<tr>${heads.map((text, i) => cell('th', text, i)).join('')}</tr>`
    : '';
  const body = rows.map(
    (cells) => `<tr>${cells.map((text, i) => cell('td', text, i)).join('')}</tr>`,
  );
  return `<div class="scroll"><table>${head}${body.join('')}</table></div>`;
}

/** Ranges per slot of equal time; the highest tick is the fullest slot, so it is not the peak in 10 ms. */
function timelineChart({ timeline, seconds }: TraceInspection): string {
  const most = Math.max(1, ...timeline);
  const slot = (CHART_WIDTH - AXIS_WIDTH) / timeline.length;
  const columns = timeline.map((count, i) => {
    const height = (count / most) * TIMELINE_HEIGHT;
    const x = (AXIS_WIDTH + i * slot).toFixed(1);
    const y = (TOP + TIMELINE_HEIGHT - height).toFixed(1);
    return `<rect x="${x}" y="${y}" width="${(slot * 0.8).toFixed(1)}" height="${height.toFixed(1)}"/>`;
  });
  const slotMs = ((seconds * 1000) / timeline.length).toFixed(1);
  const label = `Ranges in each ${slotMs} ms of ${seconds.toFixed(2)} s`;
  const height = TOP + TIMELINE_HEIGHT + 20;
  return `<p>${label}</p>
<svg role="img" aria-label="${label}; at most ${most}" viewBox="0 0 ${CHART_WIDTH} ${height}">
${timelineAxes(most, seconds)}${columns.join('')}</svg>`;
}

function timelineAxes(most: number, seconds: number): string {
  const counts = most % 2 === 0 ? [0, most / 2, most] : [0, most];
  const levels = counts.map((count) => {
    const y = TOP + TIMELINE_HEIGHT * (1 - count / most);
    return `<line x1="${AXIS_WIDTH}" x2="${CHART_WIDTH}" y1="${y}" y2="${y}"/><text class="end" x="${AXIS_WIDTH - 6}" y="${y + 4}">${count}</text>`;
  });
  const moments = [0, 0.5, 1].map((share) => {
    const x = AXIS_WIDTH + share * (CHART_WIDTH - AXIS_WIDTH);
    const anchor = ['start', 'middle', 'end'][share * 2];
    return `<text x="${x}" y="${TOP + TIMELINE_HEIGHT + 16}" text-anchor="${anchor}">${Number((share * seconds).toPrecision(3))} s</text>`;
  });
  return [...levels, ...moments].join('');
}

function barChart(title: string, rows: readonly (readonly [string, number])[]): string {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const room = CHART_WIDTH - LABEL_WIDTH - COUNT_WIDTH;
  const bars = rows.map(([label, count], i) => {
    const y = i * BAR_HEIGHT;
    const width = count === 0 ? 0 : Math.max(1, (count / most) * room);
    const countX = LABEL_WIDTH + width + 6;
    return `<text x="0" y="${y + 13}">${escapeHtml(label)}</text><rect x="${LABEL_WIDTH}" y="${y + 3}" width="${width.toFixed(1)}" height="12"/><text x="${countX.toFixed(1)}" y="${y + 13}">${count}</text>`;
  });
  const height = rows.length * BAR_HEIGHT + 4;
  return `<svg role="img" aria-label="${escapeHtml(title)}" viewBox="0 0 ${CHART_WIDTH} ${height}">${bars.join('')}</svg>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
