import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRun } from '../../results/run-store.ts';
import { CommandRun, RunBench, runCommand, SMALL_STORM } from '../fixtures/command-run.ts';

const FORKS = 3;

let bench: RunBench;
let suite: string;

beforeAll(() => {
  bench = new RunBench();
  suite = bench.suite('interrupted', {
    strategies: ['noop', 'flat-preallocated'],
    workloads: SMALL_STORM,
    devices: 'ideal',
    forks: FORKS,
    windowSeconds: 0.05,
    timeoutSeconds: 90,
  });
});

afterAll(() => bench.remove());

/** `cellId fork` of the finished cells, sorted. */
function keys(run: string): string[] {
  return bench
    .records(run)
    .map(({ cellId, fork }) => `${cellId} ${fork}`)
    .sort();
}

function expectComplete(run: string): void {
  const planned = readRun(bench.path(run)).plan.cells.map(
    ({ cellId, fork }) => `${cellId} ${fork}`,
  );
  expect(planned).toHaveLength(2 * FORKS);
  expect(keys(run)).toEqual(planned.sort());
}

const start = (run: string): CommandRun =>
  new CommandRun('run', suite, '--seed', '1', '--out', bench.path(run));
const resume = (run: string) => runCommand('run', '--resume', bench.path(run));

describe('an interrupted run', () => {
  it('by Ctrl-C keeps its finished cells, exits with 130, and is completed by --resume', async () => {
    const run = start('interrupted');
    await run.says(/\[2\/6\]/);
    run.child.kill('SIGINT');
    const { code, stderr } = await run.result;
    expect(code).toBe(130);
    const finished = keys('interrupted');
    expect(finished.length).toBeGreaterThanOrEqual(2);
    expect(finished.length).toBeLessThan(2 * FORKS);
    expect(stderr).toContain(`interrupted; ${finished.length} finished cells are kept`);
    expect(stderr).toContain(`--resume ${bench.path('interrupted')}`);

    expect((await resume('interrupted')).code).toBe(0);
    expectComplete('interrupted');
    expect(keys('interrupted')).toEqual(expect.arrayContaining(finished));
  });

  it('by a lost terminal is one, too', async () => {
    const run = start('hung-up');
    await run.says(/\[1\/6\]/);
    run.child.kill('SIGHUP');
    const { code, stderr } = await run.result;
    expect(code).toBe(130);
    expect(stderr).toContain(`--resume ${bench.path('hung-up')}`);
  });

  it('by SIGKILL at any moment loses and doubles no cell', async () => {
    const run = start('killed');
    await run.says(/\[1\/6\]/);
    // Anywhere in the cells that follow; whatever the moment hits must be right.
    await wait(process.pid % 997);
    run.child.kill('SIGKILL');
    expect((await run.result).code).toBe(null);
    const before = readFileSync(bench.path('killed/cells.ndjson'), 'utf8');

    expect((await resume('killed')).code).toBe(0);
    expectComplete('killed');
    const whole = before.slice(0, before.lastIndexOf('\n') + 1);
    expect(readFileSync(bench.path('killed/cells.ndjson'), 'utf8').startsWith(whole)).toBe(true);
  });

  it('that was completed already runs nothing again', async () => {
    const before = readFileSync(bench.path('killed/cells.ndjson'), 'utf8');
    expect((await resume('killed')).code).toBe(0);
    expect(readFileSync(bench.path('killed/cells.ndjson'), 'utf8')).toBe(before);
  });
});

describe('a run whose progress nobody reads any more', () => {
  it('goes on without progress', async () => {
    const run = start('unread');
    await run.says(/\[1\/6\]/);
    run.child.stderr?.destroy();
    expect((await run.result).code).toBe(0);
    expectComplete('unread');
  });
});

describe('a run that another build began', () => {
  it('is not gone on with: one line, and nothing is written', async () => {
    const small = bench.suite('other-build', {
      strategies: 'noop',
      workloads: SMALL_STORM,
      devices: 'ideal',
      modes: 'replay',
      timeoutSeconds: 90,
    });
    const folder = bench.path('other');
    expect((await runCommand('run', small, '--seed', '1', '--out', folder)).code).toBe(0);
    const cells = join(folder, 'cells.ndjson');
    const { digest: _, ...record } = JSON.parse(readFileSync(cells, 'utf8'));
    const modules = { ...record.modules, driver: '0123' };
    // With a damaged line, which a resumption would move aside.
    writeFileSync(cells, `${JSON.stringify({ ...record, modules })}\ncut off`);
    const contents = (): string[] =>
      readdirSync(folder)
        .sort()
        .map((name) => `${name} ${readFileSync(join(folder, name), 'utf8')}`);
    const before = contents();
    const { code, stderr } = await resume('other');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain('driver.wasm is not the module that made the records');
    expect(code).toBe(2);
    expect(contents()).toEqual(before);
  });
});

describe('a run with --forks auto', () => {
  it('is still one when it is resumed: it says what its forks do not reach', async () => {
    const small = bench.suite('auto', {
      strategies: 'flat-preallocated',
      workloads: SMALL_STORM,
      devices: 'ideal',
      windowSeconds: 0.05,
      timeoutSeconds: 90,
    });
    const goal = ['--forks', 'auto', '--metric', 'fault-max', '--width', '0.001'];
    const out = ['--seed', '1', '--out', bench.path('auto')];
    const first = await runCommand('run', small, ...goal, '--budget-minutes', '0.0001', ...out);
    expect(first.stderr).toContain('still too wide: ');
    const again = await resume('auto');
    expect(again.stderr).toMatch(/still too wide: .* after 5 forks, asked for \+-0\.1 %/);
    expect(again.code).toBe(0);
    expect(keys('auto')).toHaveLength(5);
  });
});

describe('damaged records', () => {
  it('are moved aside with the reason, and their cells run again', async () => {
    const file = bench.path('killed/cells.ndjson');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    lines[3] = lines[3]!.slice(0, 200);
    writeFileSync(file, `${lines.join('\n')}\n`);
    appendFileSync(file, lines[0]!.slice(0, 50));

    const { code, stderr } = await resume('killed');
    expect(code).toBe(0);
    expect(stderr).toContain(
      `2 damaged lines moved to ${bench.path('killed/cells.damaged.ndjson')}\n`,
    );
    expectComplete('killed');
    const damaged = readFileSync(bench.path('killed/cells.damaged.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(damaged.map(({ line }) => line)).toEqual([4, 7]);
    expect(damaged[1].reason).toContain('cut off');
  });
});

describe('a folder that holds a run', () => {
  it('is refused, and left alone, unless the run is to be replaced', async () => {
    const before = readFileSync(bench.path('killed/cells.ndjson'), 'utf8');
    const refused = await runCommand('run', suite, '--out', bench.path('killed'));
    expect(refused.code).toBe(2);
    expect(refused.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(refused.stderr).toContain('holds a run already');
    expect(refused.stderr).toMatch(/--resume .*--force/);
    expect(readFileSync(bench.path('killed/cells.ndjson'), 'utf8')).toBe(before);

    const small = bench.suite('replacing', {
      strategies: 'noop',
      workloads: SMALL_STORM,
      devices: 'ideal',
      modes: 'replay',
      timeoutSeconds: 90,
    });
    const replaced = await runCommand('run', small, '--out', bench.path('killed'), '--force');
    expect(replaced.code).toBe(0);
    expect(keys('killed')).toHaveLength(1);
  });

  it('cannot be resumed where there is none, nor with a plan of another kind', async () => {
    const missing = await runCommand('run', '--resume', bench.path('nothing'));
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('plan.json: not found');
    const mixed = await runCommand('run', '--resume', bench.path('killed'), '--forks', '3');
    expect(mixed.code).toBe(2);
    expect(mixed.stderr).toContain('leave out --forks');
  });
});
