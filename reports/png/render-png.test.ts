import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildModel } from '../build-model.ts';
import { generateRun } from '../fixtures/generate-run.ts';
import { chartPictures } from './chart-pictures.ts';
import { renderPng } from './render-png.ts';

const canvas = createRequire(import.meta.url)('canvas') as typeof import('canvas');
const REFERENCES = join(import.meta.dirname, 'references');
/** Font rasterizers differ at the edges of letters; a chart that is wrong differs in far more. */
const PIXELS_ALLOWED = 0.002;
const CHANNEL_ALLOWED = 48;

const OPTIONS = { runId: 'reference', seed: 5, strategies: 5, workloads: 1, forks: 6 };
const pictures = chartPictures(buildModel([generateRun(OPTIONS)]));
const pictureOf = (chart: string) =>
  pictures.find(({ fileName }) => fileName.endsWith(`${chart}.png`))!;
const drawn = new Map<string, Buffer>();

beforeAll(() => {
  for (const chart of ['percentile-spectrum', 'memory-over-time', 'heat-map']) {
    const { config, title } = pictureOf(chart);
    drawn.set(chart, renderPng(config, title));
  }
});

async function pixelsOf(png: Buffer) {
  const image = await canvas.loadImage(png);
  const context = canvas.createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height);
}

/** Share of pixels that differ visibly. */
async function differingShare(a: Buffer, b: Buffer): Promise<number> {
  const [one, two] = await Promise.all([pixelsOf(a), pixelsOf(b)]);
  if (one.width !== two.width || one.height !== two.height) return 1;
  let differing = 0;
  for (let at = 0; at < one.data.length; at += 4) {
    const far = [0, 1, 2].some(
      (c) => Math.abs(one.data[at + c]! - two.data[at + c]!) > CHANNEL_ALLOWED,
    );
    if (far) differing++;
  }
  return differing / (one.data.length / 4);
}

test.each(['percentile-spectrum', 'memory-over-time', 'heat-map'])(
  '%s looks like its reference',
  async (chart) => {
    const reference = join(REFERENCES, `${chart}.png`);
    const png = drawn.get(chart)!;
    // XLT_UPDATE_REFERENCES=1 draws them anew; look at the change before it is committed.
    if (process.env.XLT_UPDATE_REFERENCES === '1') writeFileSync(reference, png);
    expect(existsSync(reference)).toBe(true);
    expect(await differingShare(png, readFileSync(reference))).toBeLessThan(PIXELS_ALLOWED);
  },
);

test('another chart is not taken for the reference', async () => {
  const { config, title } = pictureOf('percentile-spectrum');
  const [first, ...others] = config.data.datasets;
  const raised = {
    ...first!,
    data: first!.data.map((p) => [(p as number[])[0]!, (p as number[])[1]! * 8]),
  };
  const other = { ...config, data: { datasets: [raised, ...others] } };
  const share = await differingShare(renderPng(other, title), drawn.get('percentile-spectrum')!);
  expect(share).toBeGreaterThan(2 * PIXELS_ALLOWED);
  expect(Buffer.compare(renderPng(config, title), drawn.get('percentile-spectrum')!)).toBe(0);
});

test('pictures have two pixels per CSS pixel, and the definition is left as it was', async () => {
  const { config, title } = pictureOf('ecdf');
  const before = JSON.stringify(config);
  const { width, height } = await pixelsOf(renderPng(config, title, { width: 400, height: 300 }));
  expect([width, height]).toEqual([800, 600]);
  expect(JSON.stringify(config)).toBe(before);
});

test('file names are unique', () => {
  expect(new Set(pictures.map(({ fileName }) => fileName)).size).toBe(pictures.length);
});
