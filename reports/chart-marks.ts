import type { FinishOptions } from './chart-finish.ts';
import type { ChartMeaning } from './charts/chart-definition.ts';
import type { Look } from './palette.ts';

/**
 * What Chart.js cannot draw by itself: storm bands, ribbons, whiskers, a rug, labels beside points
 * and the cells of a heat map. Written into the page by source text like chart-finish.ts: each
 * function uses its arguments, language globals and functions of this file.
 */

// biome-ignore lint/suspicious/noExplicitAny: Chart.js hands plugins its open chart object
type Loose = any;

/** More ribbons than this hide each other; with more lines none is drawn. */
export function ribbonsFit(lines: number): boolean {
  return lines <= 6;
}

export function drawBands(chart: Loose, meaning: ChartMeaning, options: FinishOptions): void {
  const { ctx, chartArea, scales } = chart;
  const clamp = (x: number) => Math.min(chartArea.right, Math.max(chartArea.left, x));
  ctx.fillStyle = options.look.band;
  const bands = meaning.bands ?? [];
  for (const [from, to] of bands) {
    const left = clamp(scales.x.getPixelForValue(from));
    const width = clamp(scales.x.getPixelForValue(to)) - left;
    ctx.fillRect(left, chartArea.top, width, chartArea.bottom - chartArea.top);
  }
  ctx.fillStyle = options.look.muted;
  ctx.font = `${options.fontSize - 1}px ${options.look.fontFamily}`;
  ctx.textBaseline = 'top';
  if (bands[0] !== undefined && meaning.bandLabel !== undefined) {
    ctx.textAlign = 'left';
    ctx.fillText(
      meaning.bandLabel,
      clamp(scales.x.getPixelForValue(bands[0][0])) + 3,
      chartArea.top + 3,
    );
  }
  if (meaning.rug === undefined) return;
  ctx.strokeStyle = options.look.muted;
  ctx.lineWidth = 1;
  for (const moment of meaning.rug) {
    const x = clamp(scales.x.getPixelForValue(moment));
    ctx.beginPath();
    ctx.moveTo(x, chartArea.bottom);
    ctx.lineTo(x, chartArea.bottom - 7);
    ctx.stroke();
  }
}

/** The interval of each line whose points carry one. */
export function drawRibbons(chart: Loose, options: FinishOptions): void {
  const { ctx, scales, data } = chart;
  const lines = data.datasets.filter((dataset: Loose) => dataset.xlt.role === 'line');
  if (!ribbonsFit(lines.length)) return;
  for (const dataset of lines) {
    const ends = dataset.data.filter((point: Loose) => point.length === 4 && point[2] > 0);
    if (ends.length < 2) continue;
    ctx.beginPath();
    for (const [x, , low] of ends)
      ctx.lineTo(scales.x.getPixelForValue(x), scales.y.getPixelForValue(low));
    for (const [x, , , high] of ends.slice().reverse()) {
      ctx.lineTo(scales.x.getPixelForValue(x), scales.y.getPixelForValue(high));
    }
    ctx.closePath();
    ctx.globalAlpha = 0.16;
    ctx.fillStyle = options.look.hues[dataset.xlt.style % options.look.hues.length];
    ctx.fill();
    ctx.globalAlpha = 1;
  }
}

/** Points as [x, y, yLow, yHigh, xLow, xHigh]: bars to each end that is known. */
export function drawWhiskers(chart: Loose, options: FinishOptions): void {
  const { ctx, scales, data } = chart;
  ctx.lineWidth = 1.25;
  for (const dataset of data.datasets) {
    if (dataset.xlt.role !== 'points') continue;
    ctx.strokeStyle = options.look.hues[dataset.xlt.style % options.look.hues.length];
    for (const [x, y, yLow, yHigh, xLow, xHigh] of dataset.data) {
      const line = (x1: number, y1: number, x2: number, y2: number) => {
        ctx.beginPath();
        ctx.moveTo(scales.x.getPixelForValue(x1), scales.y.getPixelForValue(y1));
        ctx.lineTo(scales.x.getPixelForValue(x2), scales.y.getPixelForValue(y2));
        ctx.stroke();
      };
      if (yLow != null && yHigh != null) line(x, yLow, x, yHigh);
      if (xLow != null && xHigh != null) line(xLow, y, xHigh, y);
    }
  }
}

/**
 * Names beside points, each at the first place around its point where it covers nothing that is
 * drawn already; a name that fits nowhere is left to the tooltip and the table.
 */
export function drawPointLabels(chart: Loose, options: FinishOptions): void {
  const { ctx, chartArea, data } = chart;
  const size = options.fontSize;
  const taken: number[][] = [];
  const labels: { x: number; y: number; text: string; style: number }[] = [];
  data.datasets.forEach((dataset: Loose, index: number) => {
    if (dataset.xlt.role !== 'points' || dataset.xlt.pointLabels === undefined) return;
    const { x, y } = chart.getDatasetMeta(index).data[0];
    taken.push([x - 7, y - 7, x + 7, y + 7]);
    labels.push({ x, y, text: dataset.xlt.pointLabels[0], style: dataset.xlt.style });
  });
  ctx.font = `${size}px ${options.look.fontFamily}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  for (const { x, y, text, style } of labels) {
    const width = ctx.measureText(text).width;
    const right = x + 13;
    const left = x - 13 - width;
    const places = [0, -size, size, -2 * size, 2 * size, -3 * size, 3 * size].flatMap((dy) => [
      [right, y + dy],
      [left, y + dy],
    ]);
    for (const [at, middle] of places as [number, number][]) {
      const box = [at - 2, middle - size * 0.55, at + width + 2, middle + size * 0.55];
      const inside =
        box[0]! >= chartArea.left &&
        box[2]! <= chart.width &&
        box[1]! >= 0 &&
        box[3]! <= chartArea.bottom;
      const free = taken.every(
        ([x1, y1, x2, y2]) => box[2]! < x1! || box[0]! > x2! || box[3]! < y1! || box[1]! > y2!,
      );
      if (!inside || !free) continue;
      taken.push(box);
      // A halo keeps the name readable where a line runs behind it.
      ctx.lineWidth = 4;
      ctx.strokeStyle = options.look.surface;
      ctx.strokeText(text, at, middle);
      ctx.fillStyle = options.look.hues[style % options.look.hues.length];
      ctx.fillText(text, at, middle);
      break;
    }
  }
}

/** What stands in a heat map cell; `?` where the forks allow no verdict, the verdict where a figure is 0. */
export function cellText(verdict: string, ratio: number | null): string {
  if (verdict === 'failed' || verdict === 'crashed' || verdict === 'timeout') return verdict;
  if (verdict === 'refused') return 'refused';
  const open = verdict === 'too noisy' || verdict === 'not comparable';
  if (ratio === null && verdict === 'no difference seen') return 'equal';
  if (ratio === null) return verdict === 'absent' ? '–' : open ? '?' : verdict;
  const digits = ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2;
  return `${open ? '? ' : ''}×${ratio.toFixed(digits)}`;
}

/** A colour between two, both as #rrggbb; share 0 is the first. */
export function mixed(from: string, to: string, share: number): string {
  const channel = (at: number) => {
    const [a, b] = [from, to].map((colour) => Number.parseInt(colour.slice(at, at + 2), 16));
    return Math.round(a! + (b! - a!) * share)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

/** The further from 1 the ratio, the stronger: full colour at a factor of 8. */
export function cellColour(verdict: string, ratio: number | null, look: Look): string {
  const strength = ratio === null || ratio <= 0 ? 0 : Math.min(1, Math.abs(Math.log2(ratio)) / 3);
  const share = 0.3 + 0.7 * strength;
  if (verdict === 'faster' || verdict === 'better') return mixed(look.equal, look.better, share);
  if (verdict === 'slower' || verdict === 'worse') return mixed(look.equal, look.worse, share);
  return ['no difference seen', 'equal', 'baseline'].includes(verdict) ? look.equal : look.surface;
}

export function drawCells(chart: Loose, options: FinishOptions): void {
  const { ctx, scales, data } = chart;
  ctx.font = `${options.fontSize}px ${options.look.fontFamily}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  for (const dataset of data.datasets) {
    if (dataset.xlt.role !== 'cells') continue;
    dataset.data.forEach(([column, row, ratio]: [number, number, number | null], index: number) => {
      const verdict = dataset.xlt.pointLabels[index];
      const left = scales.x.getPixelForValue(column - 0.5);
      const top = scales.y.getPixelForValue(row - 0.5);
      const width = scales.x.getPixelForValue(column + 0.5) - left;
      const height = scales.y.getPixelForValue(row + 0.5) - top;
      ctx.fillStyle = cellColour(verdict, ratio, options.look);
      ctx.fillRect(left + 1, top + 1, width - 2, height - 2);
      ctx.fillStyle = ['failed', 'crashed', 'timeout'].includes(verdict)
        ? options.look.danger
        : options.look.text;
      ctx.fillText(cellText(verdict, ratio), left + width / 2, top + height / 2, width - 4);
    });
  }
}

/** The Chart.js plugin of one chart. */
export function chartMarks(meaning: ChartMeaning, options: FinishOptions): object {
  return {
    id: 'xltMarks',
    beforeDatasetsDraw(chart: Loose) {
      chart.ctx.save();
      drawBands(chart, meaning, options);
      drawRibbons(chart, options);
      chart.ctx.restore();
    },
    afterDatasetsDraw(chart: Loose) {
      chart.ctx.save();
      drawWhiskers(chart, options);
      drawCells(chart, options);
      drawPointLabels(chart, options);
      chart.ctx.restore();
    },
  };
}
