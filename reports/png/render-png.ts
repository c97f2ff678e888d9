import { createRequire } from 'node:module';
import { finishChart } from '../chart-finish.ts';
import { chartMarks } from '../chart-marks.ts';
import type { ChartConfig } from '../charts/chart-definition.ts';
import { frontierOf } from '../frontier.ts';
import { LIGHT } from '../palette.ts';
import { formatValue } from '../units.ts';

/** The font that PNG charts are set in; shipped by a package, because a machine may have none. */
const FONT_FAMILY = 'Inter';
const FONT_PACKAGE = '@fontsource/inter';
const FONT_FILES = ['inter-latin-400-normal.woff', 'inter-greek-400-normal.woff'];

export interface PngSize {
  /** In CSS pixels; the picture has twice as many in each direction. */
  readonly width: number;
  readonly height: number;
}

interface Renderer {
  renderToBufferSync(configuration: object, mimeType: 'image/png'): Buffer;
}

const renderers = new Map<string, Renderer>();
const require = createRequire(import.meta.url);

function registerFonts(): void {
  const { GlobalFonts } = require('canvas') as typeof import('canvas');
  if (GlobalFonts.has(FONT_FAMILY)) return;
  for (const file of FONT_FILES) {
    const path = require.resolve(`${FONT_PACKAGE}/files/${file}`);
    if (GlobalFonts.registerFromPath(path, FONT_FAMILY) === null) {
      throw new Error(`${path}: the font cannot be read`);
    }
  }
}

/**
 * One renderer per size, kept: each one loads Chart.js anew and none of it is freed. Loaded at the
 * first picture only, because most runs draw none.
 */
function rendererOf({ width, height }: PngSize): Renderer {
  const key = `${width}x${height}`;
  const known = renderers.get(key);
  if (known !== undefined) return known;
  registerFonts();
  const { ChartJSNodeCanvas } = require('chartjs-node-canvas') as {
    ChartJSNodeCanvas: new (options: object) => Renderer;
  };
  const renderer = new ChartJSNodeCanvas({ width, height, backgroundColour: LIGHT.surface });
  renderers.set(key, renderer);
  return renderer;
}

/** A height at which every row of named rows, and every line of the legend, has room. */
export function pngSize(config: ChartConfig): PngSize {
  const { rows, rowsAreStrategies, xNames } = config.options.plugins.xlt;
  const width = xNames === undefined ? 760 : Math.max(760, 190 + xNames.length * 84);
  if (rowsAreStrategies === true) {
    return { width, height: 130 + Math.max(2, rows?.length ?? 0) * 26 + (xNames ? 110 : 0) };
  }
  const lines = config.data.datasets.filter(({ xlt }) => xlt.role === 'line').length;
  return { width, height: 380 + Math.ceil(lines / 5) * 20 };
}

/**
 * Draws a chart's definition as a PNG at two pixels per CSS pixel, in the light colours. The
 * definition itself is left as it is: Chart.js changes what it is given.
 */
export function renderPng(config: ChartConfig, title: string, size = pngSize(config)): Buffer {
  const finished = finishChart(structuredClone(config), {
    look: { ...LIGHT, fontFamily: FONT_FAMILY },
    hidden: [],
    fontSize: 12,
    animation: false,
    formatValue,
    frontierOf,
    marks: chartMarks,
  });
  finished.options.devicePixelRatio = 2;
  finished.options.layout.padding = { top: 6, right: 22, bottom: 8, left: 10 };
  finished.options.plugins.title = {
    display: true,
    text: title,
    align: 'start',
    color: LIGHT.text,
    padding: { top: 6, bottom: 14 },
    font: { family: FONT_FAMILY, size: 15, weight: 'normal' },
  };
  return rendererOf(size).renderToBufferSync(finished, 'image/png');
}
