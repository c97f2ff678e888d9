import type { TraceInspection } from './trace-inspection.ts';

const BAR_COLUMNS = 40;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const SPARK_COLUMNS = 60;
const PROCESSES_SHOWN = 8;

/** The inspection for a terminal of 80 columns. */
export function inspectionText(inspection: TraceInspection): string {
  const { metadata } = inspection;
  const lines: string[] = [];
  for (const source of metadata.sources) {
    lines.push(`${source.name}  ${source.format}, ${source.lines} lines`);
  }
  const { space } = inspection;
  lines.push(space ? `process ${space.comm} (${space.pid})` : `${metadata.spaces.length} spaces`);
  for (const warning of metadata.warnings) lines.push(`warning: ${warning}`);
  lines.push('', ...figures(inspection), '', 'ranges over time (peak marked by the full block)');
  lines.push(`  ${spark(inspection.timeline)}  ${inspection.seconds.toFixed(2)} s`);
  lines.push('', 'range size');
  lines.push(...bars(inspection.sizes.map(({ label, count }) => [label, count])));
  lines.push('', 'reason');
  lines.push(...bars(inspection.reasons.map(({ reason, count }) => [reason, count])));
  lines.push('', 'records');
  lines.push(...bars(inspection.records.map(({ op, count }) => [op, count])));
  if (!space) lines.push('', ...processes(inspection));
  const notes = Object.entries(metadata.notes);
  if (notes.length > 0) lines.push('', 'left out, ambiguous or inferred');
  for (const [kind, count] of notes) lines.push(`  ${String(count).padStart(9)}  ${kind}`);
  return `${lines.join('\n')}\n`;
}

/** Label and value of each headline figure. */
export function inspectionFigures(inspection: TraceInspection): [string, string][] {
  const { origin, ranges, rangesPerSecond, peakPer10ms, derivedPerRecorded } = inspection;
  const figures: [string, string][] = [
    ['notifier ranges', `${ranges} (${origin})`],
    ['rate', `${Math.round(rangesPerSecond)} /s`],
    ['peak in 10 ms', `${peakPer10ms} at ${inspection.peakAtSeconds.toFixed(2)} s`],
    ['ranges from 2 MiB', `${(inspection.shareFrom2MiB * 100).toFixed(1)} %`],
    ['largest, p99', `${bytesText(inspection.largestBytes)}, ${bytesText(inspection.p99Bytes)}`],
    ['announced in all', bytesText(inspection.bytes)],
    ['repeats of a range', `${(inspection.repeatShare * 100).toFixed(0)} %`],
  ];
  if (derivedPerRecorded !== null) {
    const percent = (derivedPerRecorded * 100).toFixed(1);
    figures.push(['derived per recorded', `${percent} % (what calls and faults alone tell)`]);
  }
  return figures;
}

export function bytesText(bytes: number): string {
  if (bytes < 2 ** 20) return `${bytes / 1024} KiB`;
  if (bytes < 2 ** 30) return `${Number((bytes / 2 ** 20).toFixed(1))} MiB`;
  return `${Number((bytes / 2 ** 30).toFixed(2))} GiB`;
}

function figures(inspection: TraceInspection): string[] {
  return inspectionFigures(inspection).map(([label, value]) => `${label.padEnd(22)}${value}`);
}

function spark(timeline: readonly number[]): string {
  const width = Math.ceil(timeline.length / SPARK_COLUMNS);
  const sums: number[] = [];
  for (let at = 0; at < timeline.length; at += width) {
    sums.push(timeline.slice(at, at + width).reduce((sum, count) => sum + count, 0));
  }
  const most = Math.max(1, ...sums);
  return sums
    .map((sum) => (sum === 0 ? ' ' : LEVELS[Math.ceil((sum / most) * LEVELS.length) - 1]))
    .join('');
}

function bars(rows: readonly (readonly [string, number])[]): string[] {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  return rows.map(([label, count]) => {
    const eighths = Math.round((count / most) * BAR_COLUMNS * 8);
    // What is there is seen, however small it is beside the largest.
    const shown = count > 0 ? Math.max(1, eighths) : 0;
    const bar = '█'.repeat(Math.floor(shown / 8)) + EIGHTHS[shown % 8];
    return `  ${label.padEnd(14)}${String(count).padStart(9)}  ${bar}`.trimEnd();
  });
}

function processes(inspection: TraceInspection): string[] {
  const spaces = [...inspection.metadata.spaces];
  spaces.sort((left, right) => right.ranges - left.ranges || right.faults - left.faults);
  const lines = ['process             pid     ranges    derived     faults  seconds'];
  for (const space of spaces.slice(0, PROCESSES_SHOWN)) {
    const seconds = ((space.endNs - space.startNs) / 1e9).toFixed(2);
    lines.push(
      `${space.comm.padEnd(16)}${String(space.pid).padStart(7)}${String(space.ranges).padStart(11)}` +
        `${String(space.derivedRanges).padStart(11)}${String(space.faults).padStart(11)}${seconds.padStart(9)}`,
    );
  }
  const more = spaces.length - PROCESSES_SHOWN;
  if (more > 0) lines.push(`and ${more} more`);
  return lines;
}
