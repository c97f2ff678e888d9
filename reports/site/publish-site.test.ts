import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artefactPath, chromiumPath, launchBrowser } from '../fixtures/browser.ts';
import { type FixtureOptions, generateRun } from '../fixtures/generate-run.ts';
import { HOSTILE_TEXT } from '../fixtures/hostile-text.ts';
import { writeRun } from '../fixtures/write-run.ts';
import { type PublishedSite, publishSite } from './publish-site.ts';

/** A slow machine must not fail a test: this only ends a hang. */
const SOON = { timeout: 20_000 };

const BASE = { strategies: 3, workloads: 2, forks: 6 };

describe('a published site', () => {
  let folder: string;
  let out: string;
  let first: PublishedSite;
  let second: PublishedSite;
  let stamps: Map<string, number>;

  const runFolder = (id: string, options: Partial<FixtureOptions>) =>
    writeRun(join(folder, id), generateRun({ ...BASE, runId: id, seed: 1, ...options }));

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'xlt-site-'));
    out = join(folder, 'site');
    const slow = { strategy: 'huge-then-4k', factor: 1.6 };
    const runs = [1, 2, 3, 4].map((day) =>
      runFolder(`day-${day}`, {
        seed: day,
        createdAt: `2026-03-0${day}T12:00:00.000Z`,
        ...(day >= 3 ? { slowdown: slow } : {}),
      }),
    );
    const other = runFolder('elsewhere', {
      machineId: 'm-other',
      createdAt: '2026-03-03T18:00:00.000Z',
      slowdown: { strategy: 'flat-preallocated', factor: 5 },
    });
    first = publishSite({ runFolders: runs.slice(0, 3), out });
    stamps = new Map(['day-1', 'day-2'].map((id) => [id, pageStamp(id)]));
    second = publishSite({ runFolders: [...runs, other], out });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const pageStamp = (id: string) => statSync(join(out, 'runs', id, 'index.html')).mtimeMs;
  const text = (path: string) => readFileSync(join(out, path), 'utf8');

  test('only new runs are read and written', () => {
    expect(first).toMatchObject({ added: ['day-1', 'day-2', 'day-3'], unchanged: 0 });
    expect(second).toMatchObject({ added: ['day-4', 'elsewhere'], unchanged: 3 });
    for (const [id, stamp] of stamps) expect(pageStamp(id)).toBe(stamp);
    const { runs } = JSON.parse(text('index.json'));
    expect(runs.map(({ id }: { id: string }) => id)).toEqual([
      'day-1',
      'day-2',
      'day-3',
      'elsewhere',
      'day-4',
    ]);
  });

  test('a planted slowdown is a confirmed change, and another machine is none', () => {
    const { changes } = JSON.parse(text('index.json'));
    const latency = changes.filter(({ metric }: { metric: string }) => metric === 'notifier-p99');
    expect(latency.length).toBe(2);
    for (const change of latency) {
      expect(change).toMatchObject({
        strategy: 'huge-then-4k',
        machineId: 'm-3f9c',
        confirmed: true,
      });
      expect(change.run.id).toBe('day-3');
      expect(change.after / change.before).toBeGreaterThan(1.4);
    }
    const feed = text('feed.xml');
    expect(feed.match(/<entry>/g)?.length).toBeGreaterThanOrEqual(2);
    expect(feed).toContain('huge-then-4k on redis-bgsave');
    expect(feed).not.toContain('m-other');
  });

  test('pages exist for strategies and workloads, with JSON and CSV beside them', () => {
    for (const name of ['strategies/huge-then-4k', 'workloads/redis-bgsave']) {
      for (const ending of ['html', 'json', 'csv']) {
        expect(existsSync(join(out, `${name}.${ending}`))).toBe(true);
      }
    }
    expect(text('strategies/huge-then-4k.html')).toContain('class="spark"');
    expect(text('strategies/huge-then-4k.html')).toContain('allocatesInNotifier');
  });

  test('every relative link leads to a file', () => {
    const pages = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.html') && !path.startsWith('runs/'),
    );
    expect(pages.length).toBeGreaterThan(7);
    for (const page of pages) {
      for (const [, target] of text(page).matchAll(/href="([^"#:]+)"/g)) {
        expect([page, target, existsSync(join(out, dirname(page), target!))]).toEqual([
          page,
          target,
          true,
        ]);
      }
    }
  });

  test('a folder that grew is read again and stands once', () => {
    const grown = join(folder, 'grown');
    const run = generateRun({ ...BASE, runId: 'grown', seed: 9 });
    writeRun(grown, { ...run, records: run.records.slice(0, 20) });
    const site = join(folder, 'grown-site');
    publishSite({ runFolders: [grown], out: site });
    writeRun(grown, run);
    expect(publishSite({ runFolders: [grown], out: site }).added).toEqual(['grown']);
    const { runs } = JSON.parse(readFileSync(join(site, 'index.json'), 'utf8'));
    expect(runs).toMatchObject([{ id: 'grown', cells: run.records.length }]);
  });

  test('bad input: one line that names the folder, and the index stays', () => {
    const before = text('index.html');
    const bad = join(folder, 'nothing-here');
    expect(() => publishSite({ runFolders: [bad], out })).toThrow(/nothing-here.*cannot be read/);
    writeRun(bad, { ...generateRun({ ...BASE, runId: 'bad', seed: 1 }), records: [] });
    expect(() => publishSite({ runFolders: [bad], out })).toThrow(/nothing-here.*holds no record/);
    expect(() => publishSite({ runFolders: [], out })).toThrow(/no run folder/);
    expect(text('index.html')).toBe(before);
  });

  test('hostile names are text in every page and well-formed in the feed', () => {
    const site = join(folder, 'hostile-site');
    const options = { hostileText: HOSTILE_TEXT, troubles: true, strategies: 8 };
    publishSite({ runFolders: [runFolder('hostile', options)], out: site });
    const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /\.(html|xml|js)$/.test(path),
    );
    for (const page of pages) {
      const content = readFileSync(join(site, page), 'utf8');
      expect([page, content.includes('<img'), content.includes('\u202e')]).toEqual([
        page,
        false,
        false,
      ]);
    }
  });

  test.runIf(chromiumPath !== null)(
    'the compare page works from file://',
    { timeout: 60_000 },
    async () => {
      const browser = await launchBrowser();
      try {
        const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
        const problems: string[] = [];
        page.on('pageerror', (error) => problems.push(error.message));
        page.on(
          'console',
          (message) => message.type() === 'error' && problems.push(message.text()),
        );
        await page.goto(`${pathToFileURL(join(out, 'compare.html'))}#before=day-2&after=day-4`);
        await page.waitForSelector('html[data-ready="yes"]', { timeout: 20_000 });
        const row = page.locator('#rows tbody tr').first();
        expect(await row.textContent()).toContain('huge-then-4k');
        expect(await row.locator('td').last().textContent()).toBe('slower');
        await page.screenshot({ path: artefactPath('site-compare.png') });
        await page.selectOption('#before', 'elsewhere');
        await expect
          .poll(() => page.locator('#rows').textContent(), SOON)
          .toContain('two machines');
        const labels = await page.locator('#before option').allTextContents();
        expect(new Set(labels).size).toBe(labels.length);
        for (const label of labels) expect(label).toMatch(/ · \d{4}-\d\d-\d\d \d\d:\d\d/);
        await page.locator('#all').check();
        expect(await page.locator('#rows tbody tr').count()).toBeGreaterThan(1);
        await page.setViewportSize({ width: 390, height: 800 });
        const verdict = page.locator('#rows tbody td').last();
        const box = await verdict.boundingBox();
        expect(box!.x + box!.width).toBeLessThanOrEqual(390);
        for (const name of ['index', 'strategies/huge-then-4k']) {
          await page.goto(pathToFileURL(join(out, `${name}.html`)).href);
          await page.screenshot({ path: artefactPath(`site-${name.split('/').pop()}.png`) });
        }
        expect(problems).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );

  test.runIf(chromiumPath !== null)(
    'axe finds nothing serious on any kind of page; none asks for anything or complains',
    { timeout: 120_000 },
    async () => {
      const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
      const browser = await launchBrowser();
      const kinds = ['index', 'history', 'compare', 'strategies/huge-then-4k'];
      kinds.push('workloads/redis-bgsave', 'runs/day-1/index');
      const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
      const looks = [{ colorScheme: 'light' as const }, { colorScheme: 'dark' as const, ...phone }];
      try {
        for (const look of looks) {
          for (const kind of kinds) {
            const page = await browser.newPage(look);
            const problems: string[] = [];
            page.on('pageerror', (error) => problems.push(error.message));
            page.on('console', (message) => {
              if (['error', 'warning'].includes(message.type())) problems.push(message.text());
            });
            page.on('request', (request) => {
              if (!/^(file|data|blob):/.test(request.url())) problems.push(request.url());
            });
            await page.goto(pathToFileURL(join(out, `${kind}.html`)).href);
            if (kind === 'compare') await page.waitForSelector('html[data-ready="yes"]');
            await page.evaluate(axe);
            const found = await page.evaluate<{ impact: string }[]>(
              `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
                violations.map(({ id, impact, nodes }) => ({ id, impact, html: nodes[0].html })))`,
            );
            const serious = found.filter(({ impact }) => ['serious', 'critical'].includes(impact));
            expect([kind, serious, problems]).toEqual([kind, [], []]);
            const width = await page.evaluate<number>('document.documentElement.scrollWidth');
            expect([kind, width <= page.viewportSize()!.width]).toEqual([kind, true]);
            await page.close();
          }
        }
      } finally {
        await browser.close();
      }
    },
  );

  test.runIf(chromiumPath !== null)(
    'a wide table says so on a phone',
    { timeout: 60_000 },
    async () => {
      const browser = await launchBrowser();
      try {
        const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
        await page.goto(pathToFileURL(join(out, 'history.html')).href);
        const hint = page.locator('.scroll-hint').first();
        await expect.poll(() => hint.textContent(), SOON).toMatch(/^Scroll for \d more columns →$/);
        expect(await hint.isVisible()).toBe(true);
      } finally {
        await browser.close();
      }
    },
  );

  test('a history of another version is refused by name', () => {
    const site = join(folder, 'old-site');
    publishSite({ runFolders: [join(folder, 'day-1')], out: site });
    writeFileSync(join(site, 'history-data.json'), '{"version":99}');
    expect(() => publishSite({ runFolders: [join(folder, 'day-1')], out: site })).toThrow(
      /history-data\.json: not a history of version 3/,
    );
  });
});
