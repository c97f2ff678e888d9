import {
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeRun } from '../reports/fixtures/write-run.ts';
import { cellRecordFixture } from '../results/fixtures/cell-record-fixture.ts';
import { storedRunFixture } from '../results/fixtures/run-fixture.ts';
import { RunBench } from './fixtures/command-run.ts';
import { say } from './fixtures/said.ts';
import { importTrace } from './import/import-trace.ts';
import { packageRoot } from './package-root.ts';

let bench: RunBench;

beforeAll(() => {
  bench = new RunBench();
});

afterAll(() => bench.remove());

describe('an output path that cannot be written', () => {
  it.each([
    [['fit', 'redis-bgsave', '--out', 'OUT/no/such/m.json'], 'no/such/m.json: cannot be written: '],
    [['fit', 'redis-bgsave', '--out', 'OUT'], 'unwritable: cannot be written: it is a folder'],
    [['report', 'OUT/run', '--out', 'OUT/file/x.html'], 'file: cannot be written: it is a file'],
    [['report', 'OUT/run', '--out', 'OUT/run'], 'run: cannot be written: it is a folder'],
    [['report', 'OUT/run', '--out', 'OUT/r.html', '--png', 'OUT/file'], 'it is a file'],
    [['report', 'OUT/run', '--out', 'OUT/run/gone/x.html'], 'a link that leads nowhere'],
    [['publish', 'OUT/run', '--out', 'OUT/file'], 'cannot be written: part of its path is a file'],
    [['publish', 'OUT/run', 'OUT/none', '--out', 'OUT/site'], 'none: plan.json and cells.ndjson'],
    [
      ['publish', 'OUT/run', 'OUT/empty', '--out', 'OUT/site'],
      'empty: cells.ndjson holds no record',
    ],
    [['new-strategy', 'my-idea', '--folder', 'OUT/file/x'], 'part of its path is a file'],
    [['new-strategy', 'my-idea', '--folder', ''], '--folder: expected a folder name'],
    [['report', 'OUT/run', '--out', ''], '--out: expected a file name'],
    [['report', 'OUT/run', '--out', 'OUT/r.html', '--png', ''], '--png: expected a folder name'],
    [['publish', 'OUT/run', '--out', ''], '--out: expected a folder name'],
    [['run', 'quick', '--out', ''], '--out: expected a folder name'],
    [['fit', 'redis-bgsave', '--out', ''], '--out: expected a file name'],
    [['fit', 'redis-bgsave', '--out', '.'], '.: cannot be written: it is a folder'],
    [['inspect', 'OUT/none', '--html', ''], '--html: expected a file name'],
    [['import', 'OUT/file', '--out', 'OUT/run', '--force'], 'run: cannot be written: it is a'],
    [['import', 'OUT/file', '--out', '', '--force'], '--out: expected a file name'],
    [['report', 'OUT/file'], 'cannot be read (ENOTDIR); expected a run folder made by'],
  ])('ends %j with 2 and one line, and leaves nothing behind', async (args, message) => {
    const folder = bench.path('unwritable');
    writeRun(`${folder}/run`, storedRunFixture([cellRecordFixture()]));
    writeRun(`${folder}/empty`, storedRunFixture([]));
    writeFileSync(`${folder}/file`, 'some text');
    rmSync(`${folder}/run/gone`, { force: true });
    symlinkSync('nowhere', `${folder}/run/gone`);
    const { code, stderr } = await say(...args.map((word) => word.replace('OUT', folder)));
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(readdirSync(folder).sort()).toEqual(['empty', 'file', 'run']);
    expect(readdirSync(bench.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('an output that is there already', () => {
  const STRACE = join(packageRoot, 'bench', 'traces', 'thp-forced.strace.txt.gz');
  const refused = 'exists already, expected another name or --force';
  const same = 'input and output are the same file';
  const record = "is a run's record, which is never replaced";
  let folder: string;

  beforeEach(async () => {
    folder = bench.path('kept');
    rmSync(folder, { recursive: true, force: true });
    writeRun(`${folder}/run`, storedRunFixture([cellRecordFixture()]));
    await importTrace({ inputs: [STRACE], out: `${folder}/t.xlt` });
    copyFileSync(STRACE, `${folder}/s.txt.gz`);
    writeFileSync(`${folder}/notes.md`, 'some text');
    writeFileSync(`${folder}/run/report.html`, 'an earlier report');
    symlinkSync('t.xlt', `${folder}/link.xlt`);
  });

  /** Every file's bytes, by its name. */
  function contents(): Record<string, string> {
    const names = readdirSync(folder, { recursive: true }).map(String).sort();
    const files = names.filter((name) => statSync(join(folder, name)).isFile());
    return Object.fromEntries(
      files.map((name) => [name, readFileSync(join(folder, name), 'base64')]),
    );
  }

  it.each([
    [['fit', 'thp-forced', '--out', 'IN/notes.md'], refused],
    [['fit', 'thp-forced', '--out', 'IN/run/plan.json', '--force'], record],
    [['fit', 'IN/t.xlt', '--out', 'IN/link.xlt', '--force'], same],
    [['inspect', 'IN/t.xlt', '--html', 'IN/notes.md'], refused],
    [['inspect', 'IN/t.xlt', '--html', 'IN/t.xlt', '--force'], same],
    [['inspect', 'IN/t.xlt', '--html', 'IN/run/host.json', '--force'], record],
    [['import', 'IN/s.txt.gz', '--out', 'IN/notes.md'], refused],
    [['import', 'IN/s.txt.gz', '--out', 'IN/s.txt.gz', '--force'], same],
    [['report', 'IN/run', '--out', 'IN/run/cells.ndjson'], record],
    [['report', 'IN/run', '--out', 'IN/notes.md'], 'exists already, expected another name'],
  ])('%j ends with 2 and one line, and stays as it is', async (args, message) => {
    const before = contents();
    const { code, stderr } = await say(...args.map((word) => word.replace('IN', folder)));
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(contents()).toEqual(before);
  });

  it.each([
    [['fit', 'IN/t.xlt', '--out', 'IN/notes.md', '--force'], 'notes.md', /wrote .*notes\.md\n$/],
    [['inspect', 'IN/t.xlt', '--html', 'IN/notes.md', '--force'], 'notes.md', /^$/],
    [['report', 'IN/run'], 'run/report.html', /^$/],
  ])('%j replaces it', async (args, name, stderr) => {
    const before = contents()[name];
    const said = await say(...args.map((word) => word.replace('IN', folder)));
    expect(said.code).toBe(0);
    expect(said.stderr).toMatch(stderr);
    expect(contents()[name]).not.toBe(before);
  });
});
