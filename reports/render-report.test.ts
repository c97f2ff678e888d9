import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CellRecord } from '../results/cell-record.ts';
import { UsageError } from '../results/usage-error.ts';
import { buildModel } from './build-model.ts';
import { cellsCsv, resultsCsv } from './csv-export.ts';
import { generateRun } from './fixtures/generate-run.ts';
import { HOSTILE_TEXT } from './fixtures/hostile-text.ts';
import { writeRun } from './fixtures/write-run.ts';
import { markdownSummary } from './markdown-summary.ts';
import { renderReport } from './render-report.ts';
import { writeReport } from './write-report.ts';

const OPTIONS = {
  runId: 'fixture',
  seed: 7,
  strategies: 8,
  workloads: 2,
  forks: 6,
  troubles: true,
};
const run = generateRun(OPTIONS);
const page = renderReport([run]);
const hostile = generateRun({ ...OPTIONS, hostileText: HOSTILE_TEXT });

describe('the page', () => {
  test('is one file that asks for nothing', () => {
    const markup = page.replace(/<script[\s\S]*?<\/script>/g, '');
    expect(markup).not.toMatch(/(src|href)="(?!#|data:)/);
    expect(page).not.toContain('sourceMappingURL');
    expect(page).toContain("default-src 'none'");
  });

  test('is the same for the same runs', () => {
    expect(renderReport([generateRun(OPTIONS)])).toBe(page);
  });

  test('says what failed, what was caught and how it was made', () => {
    for (const text of [
      'wasm trap: unreachable',
      '✓ caught',
      '✗ NOT caught',
      run.plan.command,
      'left no record: the run ended before',
    ]) {
      expect(page).toContain(text);
    }
  });

  test('has four scripts at most and none of them from a record', () => {
    const text = renderReport([hostile]);
    expect(text.match(/<script/g)).toHaveLength(page.match(/<script/g)!.length);
    expect(text.match(/<\/script/g)).toHaveLength(page.match(/<\/script/g)!.length);
    expect(text).not.toContain('<img');
    expect(text).not.toContain('\u202e');
  });
});

describe('memory pressure', () => {
  const calm = generateRun({ ...OPTIONS, troubles: false, strategies: 3, workloads: 1, forks: 2 });
  const records = calm.records.flatMap((record) => {
    const refused = record.strategy === 'flat-preallocated';
    const tight = { ...record, pressure: 'tight', cellId: `${record.cellId}.tight` };
    return [record, refused ? { ...tight, verdict: 'refused' as const, reason: 'no room' } : tight];
  });
  const pressed = { ...calm, records };

  test('stands before the scenarios, with a column a profile and the answer in words', () => {
    const text = renderReport([pressed]);
    expect(page).not.toContain('id="pressure"');
    expect(text.indexOf('id="pressure"')).toBeLessThan(text.indexOf('class="scenario"'));
    const section = /<section id="pressure"[\s\S]*?<\/section>/.exec(text)![0];
    // The gloss belongs to the term: beside the names it reads as said of them.
    expect(section).toMatch(
      /<dt>did not run everywhere<small>[^<]+<\/small><\/dt><dd><bdi>flat-preallocated<\/bdi><\/dd>/,
    );
    expect(section).toMatch(
      /<dt>failed in the notifier<small>[^<]+<\/small><\/dt><dd>no strategy<\/dd>/,
    );
    expect(section).toContain('<b>tight</b>: a quarter of a full 4 KiB table');
    const rowOf = (strategy: string) =>
      new RegExp(`<tr data-strategy="${strategy}".*?</tr>`, 's').exec(section)![0];
    expect(rowOf('flat-preallocated')).toContain('2 of 4</td>');
    expect(rowOf('flat-preallocated').match(/none">–/g)).toHaveLength(3);
    expect(rowOf('huge-then-4k')).toContain('4 of 4</td>');
    for (const profile of ['plenty', 'tight']) expect(section).toContain(`>${profile}</a>`);
    expect(section).toMatch(/title="no room">refused/);
  });

  test('of two runs stands apart', () => {
    const other = { ...pressed, plan: { ...pressed.plan, runId: 'other' } };
    const alone = buildModel([pressed]).pressure[0]!;
    const both = buildModel([pressed, other]);
    expect(both.pressure.map(({ run }) => run)).toEqual([alone.run, 'other']);
    for (const { standings } of both.pressure) expect(standings).toEqual(alone.standings);
    expect(renderReport([pressed, other])).toContain('<h3><bdi>other</bdi></h3><dl');
    expect(buildModel([calm, other]).pressure.map(({ run }) => run)).toEqual(['other']);
  });

  test('is in the summary for a pull request', () => {
    const text = markdownSummary(buildModel([pressed]));
    expect(text).toContain('### Memory pressure');
    expect(text).toMatch(/^- did not run everywhere: flat\\?-preallocated$/m);
    expect(markdownSummary(buildModel([calm]))).not.toContain('### Memory pressure');
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'xlt-write-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('a report from a folder, with pictures', async () => {
    const out = join(folder, 'sub', 'report.html');
    const small = generateRun({ ...OPTIONS, strategies: 3, workloads: 1, troubles: false });
    const runFolders = [writeRun(join(folder, 'run'), small)];
    const written = await writeReport({ runFolders, out, pngFolder: join(folder, 'png') });
    expect(readFileSync(out, 'utf8')).toBe(renderReport([{ ...small, directory: runFolders[0]! }]));
    expect(written.pictures.length).toBeGreaterThan(6);
    expect(readdirSync(join(folder, 'png')).some((name) => name.endsWith('.tmp'))).toBe(false);
  });

  test('bad folders: one line with the file, and nothing is written', async () => {
    const out = join(folder, 'never.html');
    const newer = writeRun(join(folder, 'newer'), run);
    const path = join(newer, 'cells.ndjson');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replaceAll(/"schemaVersion":"[^"]*"/g, '"schemaVersion":"9.0"'),
    );
    const cases: [string, RegExp][] = [
      [join(folder, 'absent'), /absent.*plan\.json: not found/],
      [
        writeRun(join(folder, 'empty'), { ...run, records: [] }),
        /empty: cells\.ndjson holds no record/,
      ],
      [newer, /newer.*cells\.ndjson:1: schemaVersion 9\.0 is newer/],
    ];
    for (const [runFolder, message] of cases) {
      const attempt = writeReport({ runFolders: [runFolder], out });
      await expect(attempt).rejects.toThrow(message);
      await expect(attempt).rejects.toBeInstanceOf(UsageError);
    }
    await expect(writeReport({ runFolders: [], out })).rejects.toThrow(/no run folder/);
    expect(existsSync(out)).toBe(false);
  });
});

describe('Markdown and CSV', () => {
  test('Markdown names every strategy, the verdicts and the checker', () => {
    const text = markdownSummary(buildModel([run]));
    for (const strategy of buildModel([run]).strategies) expect(text).toContain(strategy.label);
    expect(text).toContain('1 of 2 canaries caught');
    expect(text).toContain('**refused**: table budget of 1 MiB');
    const widths = text
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => line.split(/(?<!\\)\|/).length);
    expect(new Set(widths).size).toBe(1);
  });

  test('hostile text makes no markup in Markdown and no formula in CSV', () => {
    const text = markdownSummary(buildModel([hostile]));
    // Code spans show text as it is; everywhere else markup is escaped.
    const prose = text.replace(/(?<!\\)`[^`]*`/g, '');
    expect(prose).not.toMatch(/(?<!\\)<(img|script)/);
    expect(text).not.toContain('\u202e');
    const csv = resultsCsv(buildModel([hostile]));
    expect(csv).not.toMatch(/(^|,)[=+@]/m);
  });

  test('the results have a line for each figure and each strategy without one', () => {
    const model = buildModel([run]);
    const lines = resultsCsv(model).trimEnd().split('\r\n');
    const figures = model.scenarios.flatMap(({ series }) =>
      series.map(({ estimates }) => Math.max(1, Object.values(estimates).filter(Boolean).length)),
    );
    expect(lines).toHaveLength(1 + figures.reduce((sum, count) => sum + count, 0));
    expect(lines.filter((line) => line.includes(',crashed,'))).toHaveLength(1);
  });

  test('the cells have a line for each record', () => {
    expect(cellsCsv([run]).trimEnd().split('\r\n')).toHaveLength(1 + run.records.length);
  });
});

test('the banner names ranges of figures, and the forks behind the deciding ones', () => {
  const forks6 = generateRun({ ...OPTIONS, troubles: false, strategies: 3, workloads: 1 });
  const records = forks6.records.map((record, i) => {
    const flag = { code: 'cpu-pressure', severity: 'warning' as const };
    const flags = [{ ...flag, text: `something waited for a CPU ${10 + i} % of the time` }];
    return { ...record, flags };
  });
  const bannerOf = (those: readonly CellRecord[]) =>
    /<section class="trust"[\s\S]*?<\/section>/.exec(
      renderReport([{ ...forks6, records: those }]),
    )![0];
  const text = bannerOf(records);
  const last = 9 + records.length;
  expect(text).toContain(`something waited for a CPU 10 to ${last} % of the time:</b> in`);
  expect(text).toContain('6 forks per figure:</b> brackets are 95 % intervals');
  const short = forks6.records.map((record) => {
    const notifier = { ...record.latency.notifier, p999Ns: null, p99Ns: null };
    const cut = record.fork > 1 ? { ...record.latency, notifier } : record.latency;
    return { ...record, latency: { ...cut, notifier: { ...cut.notifier, p999Ns: null } } };
  });
  expect(bannerOf(short)).toContain('2 forks per figure:</b>');
  const single = forks6.records.filter(({ fork, strategy }) => {
    return fork === 0 || strategy !== 'huge-then-4k';
  });
  const banner = bannerOf(single);
  expect(banner).toContain('1 to 6 forks per figure:</b>');
  expect(banner).not.toContain('one process each');
});
