import { inspectionFigures } from './inspection-text.ts';
import type { TraceInspection } from './trace-inspection.ts';

const CHART_WIDTH = 720;
const TIMELINE_HEIGHT = 120;
const BAR_HEIGHT = 18;
const LABEL_WIDTH = 120;
const COUNT_WIDTH = 80;

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem;
  color: #1a1a1a; background: #fff }
h1 { font-size: 1.4rem }
h2 { font-size: 1.05rem; margin-top: 2rem }
table { border-collapse: collapse }
td, th { padding: .15rem .8rem .15rem 0; text-align: left; font-variant-numeric: tabular-nums }
td.n, th.n { text-align: right }
.warning { border-left: 4px solid #b45309; padding-left: .8rem }
svg { max-width: 100%; height: auto }
svg text { font: 12px system-ui, sans-serif; fill: currentColor }
rect { fill: #2563a8 }
@media (prefers-color-scheme: dark) {
  body { color: #e8e8e8; background: #161616 }
  rect { fill: #6ea8dc }
}`;

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
    const { comm, pid, ranges, derivedRanges, faults } = space;
    return [comm, String(pid), String(ranges), String(derivedRanges), String(faults)];
  });
  const more = spaces.length - rows.length;
  const rest = more > 0 ? `<p>and ${more} more</p>` : '';
  return table(['process', 'pid', 'ranges', 'derived', 'faults'], rows) + rest;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (tag: string, text: string, i: number): string =>
    `<${tag}${i > 0 ? ' class="n"' : ''}>${escapeHtml(text)}</${tag}>`;
  const head = heads.some((text) => text !== '')
    ? `<tr>${heads.map((text, i) => cell('th', text, i)).join('')}</tr>`
    : '';
  const body = rows.map(
    (cells) => `<tr>${cells.map((text, i) => cell('td', text, i)).join('')}</tr>`,
  );
  return `<table>${head}${body.join('')}</table>`;
}

function timelineChart({ timeline, seconds }: TraceInspection): string {
  const most = Math.max(1, ...timeline);
  const slot = CHART_WIDTH / timeline.length;
  const columns = timeline.map((count, i) => {
    const height = (count / most) * TIMELINE_HEIGHT;
    const x = (i * slot).toFixed(1);
    const y = (TIMELINE_HEIGHT - height).toFixed(1);
    return `<rect x="${x}" y="${y}" width="${(slot - 1).toFixed(1)}" height="${height.toFixed(1)}"/>`;
  });
  const slotMs = ((seconds * 1000) / timeline.length).toFixed(1);
  const label = `Ranges over ${seconds.toFixed(2)} s; highest column ${most} ranges in ${slotMs} ms`;
  return `<svg role="img" aria-label="${label}" viewBox="0 0 ${CHART_WIDTH} ${TIMELINE_HEIGHT + 20}" width="${CHART_WIDTH}">
${columns.join('')}<text x="0" y="${TIMELINE_HEIGHT + 15}">${label}</text></svg>`;
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
  return `<svg role="img" aria-label="${escapeHtml(title)}" viewBox="0 0 ${CHART_WIDTH} ${height}" width="${CHART_WIDTH}">${bars.join('')}</svg>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
