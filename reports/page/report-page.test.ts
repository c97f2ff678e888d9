import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artefactPath, chromiumPath, launchBrowser } from '../fixtures/browser.ts';
import { generateRun } from '../fixtures/generate-run.ts';
import { HOSTILE_TEXT } from '../fixtures/hostile-text.ts';
import { renderReport } from '../render-report.ts';

const OPTIONS = { runId: 'fixture', seed: 7, strategies: 8, workloads: 2, forks: 6 };

/** A slow machine must not fail a test: this only ends a hang. */
const SOON = { timeout: 20_000 };

interface AxeFinding {
  readonly id: string;
  readonly impact: string;
  readonly html: string;
}

interface OpenPage {
  readonly page: Page;
  readonly problems: string[];
}

describe.runIf(chromiumPath !== null)('the report in a browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'xlt-report-'));
    const path = join(folder, 'report.html');
    writeFileSync(path, renderReport([generateRun({ ...OPTIONS, troubles: true })]));
    url = pathToFileURL(path).href;
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Every console error, uncaught error and request that leaves the file is a problem. */
  async function open(address = url, context: BrowserContextOptions = {}): Promise<OpenPage> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...context });
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!/^(file|data|blob):/.test(request.url())) problems.push(`request: ${request.url()}`);
    });
    await page.goto(address);
    await page.waitForSelector('html[data-ready="yes"]', { timeout: 20_000 });
    return { page, problems };
  }

  async function drawnCanvases(page: Page): Promise<number> {
    return page.evaluate<number>(
      `[...document.querySelectorAll('figure canvas')].filter((c) => Chart.getChart(c)).length`,
    );
  }

  test('opens from file://, draws, asks for nothing and complains of nothing', async () => {
    const { page, problems } = await open();
    await expect.poll(() => drawnCanvases(page), SOON).toBeGreaterThan(0);
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    expect(await drawnCanvases(page)).toBe(await page.locator('figure canvas').count());
    expect(problems).toEqual([]);
    await page.close();
  });

  test('filters hide rows, marks and lines; the link restores them', async () => {
    const { page, problems } = await open();
    await page.locator('[data-menu="strategy"] summary').click();
    await page.locator('[data-menu="strategy"] input[value="deposit"]').uncheck();
    await page.locator('[data-menu="workload"] summary').click();
    await page.locator('[data-menu="workload"] input[value="node-gc"]').uncheck();
    expect(await page.locator('tr[data-strategy="deposit"]:visible').count()).toBe(0);
    expect(await page.locator('section.scenario:visible').count()).toBe(1);
    expect(await page.locator('#heat-map tbody tr').count()).toBe(7);
    const link = page.url();
    expect(link).toContain('hide-strategy=deposit');
    await page.close();
    const again = await open(link);
    expect(await again.page.locator('tr[data-strategy="deposit"]:visible').count()).toBe(0);
    expect(await again.page.locator('section.scenario:visible').count()).toBe(1);
    await again.page.locator('#reset').click();
    expect(await again.page.locator('section.scenario:visible').count()).toBe(2);
    expect([...problems, ...again.problems]).toEqual([]);
    await again.page.close();
  });

  test('another baseline and metric change the heat map and the link', async () => {
    const { page, problems } = await open();
    await page.selectOption('#baseline', 'deposit');
    await page.selectOption('#metric', 'notifier-p50');
    const row = page.locator('#heat-map tbody tr', { hasText: 'deposit' });
    expect(await row.locator('td').allTextContents()).toEqual(['×1.00', '×1.00']);
    expect(await page.locator('#heat-map-what').textContent()).toContain(
      'divided by that of deposit',
    );
    expect(page.url()).toContain('baseline=deposit');
    expect(page.url()).toContain('metric=notifier-p50');
    expect(problems).toEqual([]);
    await page.close();
  });

  test('the theme can be chosen, and follows the system until then', async () => {
    const { page } = await open(url, { colorScheme: 'dark' });
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const dark = await ground();
    await page.selectOption('#theme', 'light');
    expect(await ground()).toBe('rgb(255, 255, 255)');
    await page.selectOption('#theme', 'dark');
    expect(await ground()).toBe(dark);
    await page.close();
  });

  test('everything can be reached and worked by keyboard', async () => {
    const { page, problems } = await open();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Skip');
    await page.locator('[data-menu="strategy"] summary').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('[data-menu="strategy"]').getAttribute('open')).not.toBeNull();
    for (let step = 0; step < 3; step++) await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    expect(page.url()).toContain('hide-strategy=');
    await page.keyboard.press('Escape');
    expect(await page.locator('[data-menu="strategy"]').getAttribute('open')).toBeNull();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('SUMMARY');
    expect(problems).toEqual([]);
    await page.close();
  });

  test('a figure gives its data as CSV, JSON, PNG and as a table', async () => {
    const { page, problems } = await open();
    const figure = page.locator('#pareto');
    const saved = async (kind: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download', { timeout: 20_000 }),
        figure.locator(`[data-save="${kind}"]`).click(),
      ]);
      return readFileSync(await download.path());
    };
    const csv = (await saved('csv')).toString();
    expect(csv.split('\r\n')[0]).toContain('bytes per mapped GiB');
    expect(csv).toContain('deposit');
    expect(JSON.parse((await saved('json')).toString()).type).toBe('scatter');
    expect((await saved('png')).subarray(1, 4).toString()).toBe('PNG');
    await figure.locator('details.data summary').click();
    await expect
      .poll(() => figure.locator('details.data tbody tr').count(), SOON)
      .toBeGreaterThan(5);
    expect(problems).toEqual([]);
    await page.close();
  });

  test('a figure names its scenario on paper and in its files, and says when all is hidden', async () => {
    const { page, problems } = await open();
    const figure = page.locator('#pareto');
    await page.selectOption('[data-scenario-pick]', '1');
    const [download] = await Promise.all([
      page.waitForEvent('download', { timeout: 20_000 }),
      figure.locator('[data-save="csv"]').click(),
    ]);
    const anchor = await page.locator('section.scenario').nth(1).getAttribute('id');
    expect(download.suggestedFilename()).toContain(anchor!.replace(/^scenario-/, ''));
    const title = await page.locator('[data-scenario-pick] option').nth(1).textContent();
    expect(await figure.locator('h3 .on-paper').isVisible()).toBe(false);
    await page.emulateMedia({ media: 'print' });
    expect(await figure.locator('h3 .on-paper').textContent()).toBe(`: ${title}`);
    expect(await figure.locator('h3 .on-paper').isVisible()).toBe(true);
    await page.emulateMedia({ media: 'screen' });
    await page.locator('[data-menu="strategy"] summary').click();
    await page.locator('[data-menu="strategy"] [data-none]').click();
    await expect.poll(() => figure.locator('.notes').textContent(), SOON).toContain('hidden');
    expect(await page.evaluate(`!Chart.getChart(document.querySelector('#pareto canvas'))`)).toBe(
      true,
    );
    expect(problems).toEqual([]);
    await page.close();
  });

  test('each cell says how to run it again', async () => {
    const { page } = await open();
    // By key: a click would miss where a chart above is drawn meanwhile.
    await page.locator('details.reproduce[data-scenario] summary').first().press('Enter');
    const command = await page.locator('.cell-block pre').first().textContent();
    expect(command).toMatch(/^xlt-bench run fixture --seed 7 --cell \S+$/);
    expect(await page.locator('.cell-block').first().locator('tbody tr').count()).toBe(6);
    await page.close();
  });

  const closedFold = (page: Page) => page.locator('section.scenario details.fold').nth(1);

  test('scenarios fold: one is open, its charts alone are drawn, and the link keeps the rest', async () => {
    const { page, problems } = await open();
    const opened = page.locator('details.fold[open]');
    expect(await opened.count()).toBe(1);
    const fold = closedFold(page);
    expect(await fold.locator('figure').first().isVisible()).toBe(false);
    const drawnInside = () =>
      page.evaluate<number>(`[...document.querySelectorAll('details.fold')[1]
        .querySelectorAll('canvas')].filter((canvas) => Chart.getChart(canvas)).length`);
    expect(await drawnInside()).toBe(0);
    await fold.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    expect(await fold.locator('figure').first().isVisible()).toBe(true);
    await fold.locator('figure').first().scrollIntoViewIfNeeded();
    await expect.poll(drawnInside, SOON).toBeGreaterThan(0);
    await expect.poll(() => page.url(), SOON).toContain('open=');
    const link = page.url();
    await page.close();
    const again = await open(link);
    expect(await again.page.locator('details.fold[open]').count()).toBe(2);
    expect([...problems, ...again.problems]).toEqual([]);
    await again.page.close();
  });

  test('a link into a closed scenario opens it, on loading and later', async () => {
    const { page, problems } = await open();
    const fold = closedFold(page);
    const figure = await fold.locator('figure').first().getAttribute('id');
    await page.evaluate(`location.hash = '${figure}?metric=notifier-p50'`);
    await expect.poll(() => fold.locator('figure').first().isVisible(), SOON).toBe(true);
    await page.close();
    const again = await open(`${url}#${figure}?metric=notifier-p50`);
    expect(await again.page.locator(`#${figure}`).isVisible()).toBe(true);
    expect([...problems, ...again.problems]).toEqual([]);
    await again.page.close();
  });

  test('one button opens and closes all charts', async () => {
    const { page } = await open();
    const button = page.locator('#fold-all');
    const all = await page.locator('details.fold').count();
    expect(all).toBeGreaterThan(1);
    await button.click();
    await expect.poll(() => button.textContent(), SOON).toBe('Close all');
    expect(await page.locator('details.fold[open]').count()).toBe(all);
    expect(page.url()).toContain('open=all');
    await button.click();
    await expect.poll(() => button.textContent(), SOON).toBe('Open all');
    expect(await page.locator('details.fold[open]').count()).toBe(0);
    await page.locator('#reset').click();
    expect(await page.locator('details.fold[open]').count()).toBe(1);
    await page.close();
  });

  test('print shows everything on white, within the paper, and gives the screen back', async () => {
    const { page, problems } = await open(url, { colorScheme: 'dark' });
    await page.evaluate(`addEventListener('beforeprint', () => { globalThis.atPrint = {
      closed: document.querySelectorAll('details.fold:not([open])').length,
      undrawn: [...document.querySelectorAll('figure canvas')].filter((c) => {
        const chart = Chart.getChart(c);
        return !chart || chart.options.animation !== false || chart.width < 600;
      }).length,
      cell: document.querySelector('#heat-map td').style.background,
    }; })`);
    const cell = () => page.evaluate(`document.querySelector('#heat-map td').style.background`);
    const dark = await cell();
    await page.pdf({ path: artefactPath('report-print.pdf'), format: 'A4' });
    await expect.poll(() => page.locator('details.fold[open]').count(), SOON).toBe(1);
    const atPrint = await page.evaluate<{ cell: string }>('globalThis.atPrint');
    expect(atPrint).toMatchObject({ closed: 0, undrawn: 0 });
    expect(atPrint.cell).not.toBe(dark);
    expect(await cell()).toBe(dark);
    await page.emulateMedia({ media: 'print' });
    // A4 without the page's own margins.
    await page.setViewportSize({ width: 703, height: 1000 });
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    expect(
      await page.evaluate(`[...document.querySelectorAll('.scroll')]
        .filter((place) => place.scrollWidth > place.clientWidth + 1)
        .map((place) => place.getAttribute('aria-label'))`),
    ).toEqual([]);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
      'rgb(255, 255, 255)',
    );
    expect(problems).toEqual([]);
    await page.close();
  });

  test('a table that is cut off says how much is out of sight, and takes the keyboard', async () => {
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
    const { page, problems } = await open(url, phone);
    const place = page.locator('section.scenario .scroll').first();
    const hint = page.locator('section.scenario .scroll-hint').first();
    const columns = await place.locator('thead th').count();
    const first = Number(
      /^Scroll for (\d+) more columns →$/.exec((await hint.textContent())!)?.[1],
    );
    expect(first).toBeGreaterThan(2);
    expect(first).toBeLessThan(columns);
    expect(await place.getAttribute('data-more')).toBe('right');
    expect(await place.getAttribute('aria-label')).toContain('Results of');
    await place.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => place.getAttribute('data-more'), SOON).toBe('left right');
    await page.evaluate(`document.querySelector('section.scenario .scroll').scrollLeft = 9999`);
    await expect.poll(() => place.getAttribute('data-more'), SOON).toBe('left');
    await expect.poll(() => hint.textContent(), SOON).toContain('scroll back');
    expect(problems).toEqual([]);
    await page.close();
    const wide = await open();
    expect(await wide.page.locator('#heat-map-section .scroll-hint').count()).toBe(1);
    expect(await wide.page.locator('#heat-map-section .scroll-hint:visible').count()).toBe(0);
    await wide.page.close();
  });

  test('axe finds nothing serious in light or dark', async () => {
    const source = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open(url, { colorScheme });
      await page.locator('details.data summary').first().click();
      await page.evaluate(source);
      const found = await page.evaluate<AxeFinding[]>(
        `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
          violations.map(({ id, impact, nodes }) => ({ id, impact, html: nodes[0].html })))`,
      );
      expect(found.filter(({ impact }) => ['serious', 'critical'].includes(impact))).toEqual([]);
      await page.close();
    }
  });

  test('hostile names are text', async () => {
    const path = join(folder, 'hostile.html');
    const run = generateRun({ ...OPTIONS, troubles: true, hostileText: HOSTILE_TEXT });
    writeFileSync(path, renderReport([run]));
    const { page, problems } = await open(pathToFileURL(path).href);
    await page.locator('details.reproduce[data-scenario] summary').first().click();
    expect(await page.evaluate(`'injected' in globalThis`)).toBe(false);
    expect(await page.locator('img, iframe, b.injected').count()).toBe(0);
    expect(await page.locator('body').textContent()).toContain('<img src=x onerror=');
    expect(problems).toEqual([]);
    await page.close();
  });

  test('screenshots for people to look at', async () => {
    const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true };
    const shots: [string, BrowserContextOptions][] = [
      ['desktop', {}],
      ['dark', { colorScheme: 'dark' }],
      ['phone', phone],
    ];
    for (const [name, context] of shots) {
      const { page } = await open(url, context);
      await page.locator('#fold-all').click();
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).toBeLessThanOrEqual(context.viewport?.width ?? 1280);
      await page.screenshot({
        path: artefactPath(`report-${name}.png`),
        fullPage: name === 'desktop',
      });
      await page.close();
    }
  });
});
