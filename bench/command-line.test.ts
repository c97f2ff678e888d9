import { type StdioOptions, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunBench, runCommand } from './fixtures/command-run.ts';
import { say } from './fixtures/said.ts';
import { packageRoot } from './package-root.ts';

let bench: RunBench;

beforeAll(() => {
  bench = new RunBench();
});

afterAll(() => bench.remove());

describe('wrong words', () => {
  it.each([
    ['an option', ['run', 'quick', '--stratgy', 'noop'], 'did you mean --strategy?'],
    ['a command', ['rnu'], 'did you mean run?'],
    ['a longer command', ['new-strtegy', 'x'], 'did you mean new-strategy?'],
    ["another command's option", ['explore', '--schedule', '3'], 'did you mean --schedules?'],
    ['a command nobody has', ['frobnicate'], 'expected one of list, run, compare, report, publish'],
    ['an id of no words', ['new-strategy', 'My Idea'], 'expected lower-case words'],
    ['a strategy', ['run', 'quick', '--strategy', 'flat-prealocated'], '"flat-preallocated"'],
    ['a suite', ['run', 'quik'], 'quick'],
    ['a workload', ['run', 'quick', '--workload', 'stomr'], '"storm"'],
    ['a device', ['run', 'quick', '--device', 'ideel'], 'ideal'],
    ['a mode', ['run', 'quick', '--mode', 'relpay'], 'replay'],
    ['a setting', ['run', 'quick', '--set', 'windowSecond=1'], '"windowSeconds"'],
    ['a cell', ['run', 'quick', '--cell', 'storm-12345678'], 'plans no cell "storm-12345678"'],
    ['an injection', ['run', 'quick', '--inject', 'probabilty=1'], '"probability"'],
    [
      'a site of another strategy',
      ['run', 'quick', '--strategy', 'noop', '--inject', 'site=break,probability=1'],
      'site "break" is unknown; strategy noop has these sites: none',
    ],
    ['a recording', ['fit', 'redis-bgsav'], 'did you mean "redis-bgsave"? (bundled: redis-bgsave'],
    ['no recording', ['fit', '.'], 'recording "." is unknown (bundled: redis-bgsave'],
    ['a case', ['verify', 'deposit', '--case', 'pt/balanse'], 'did you mean pt/balance?'],
    ['no case', ['verify', 'deposit', '--case', 'nosuch'], 'begins with hmm/, pt/'],
    ['no run', ['report'], 'report: missing <runs..>; expected report <runs..>'],
    ['no run to compare', ['compare'], 'compare: missing <a>; expected compare <a> [b]'],
    ['no input', ['import'], 'import: missing <inputs..>'],
    ['no id', ['new-strategy'], 'new-strategy: missing <id>'],
    ['two numbers of rounds', ['bench', '--quick', '--rounds', '3'], 'exclude each other'],
    ['nothing', [], 'which command?'],
  ])('for %s end with 2 and one line that names the right one', async (_, args, hint) => {
    const out = bench.path('unknown');
    const { code, stderr, stdout } = await say(
      ...args,
      ...(args[0] === 'run' ? ['--out', out] : []),
    );
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(hint);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});

describe('wrong values', () => {
  it.each([
    [['--forks', 'NaN'], '--forks NaN: expected a whole number from 1 to 1000'],
    [['--forks', '0'], '--forks 0: expected a whole number from 1 to 1000'],
    [['--forks', '1e2'], '--forks 1e2: expected a whole number'],
    [['--seed', '-1'], '--seed -1: expected a whole number from 0 to 4294967295'],
    [['--seed', '1.5'], '--seed 1.5: expected a whole number'],
    [['--seed', '4294967296'], '--seed 4294967296: expected a whole number'],
    [['--seed', '1', '--seed', '2'], '--seed is given 2 times'],
    [['--set', 'windowSeconds=.nan'], 'windowSeconds'],
    [['--set', 'windowSeconds=0'], 'windowSeconds'],
    [['--set', 'windowSeconds'], 'expected path=value'],
    [['--set', 'workload.a.b=2'], 'expected workload.NAME=value'],
    [['--set', 'workload.__proto__.x=2'], 'expected a path such as'],
    [['--set', 'memory.constructor.x=2'], 'unknown "constructor"'],
    [['--forks', 'auto', '--budget-minutes', '0'], '0: expected a number above 0, at most 10080'],
    [['--strict=maybe'], '--strict=maybe: expected true or false'],
    [['--inject', 'probability=101'], 'not a whole number from 0 to 100'],
    [['--inject', 'times=1'], 'expected probability=PERCENT or fail-nth=N'],
    [['--inject', 'fail-nth=1,probability=1'], 'fail-nth takes precedence'],
    [['--inject', 'site=nowhere,fail-nth=1'], 'site "nowhere" is unknown'],
  ])('%j end with 2 and one line', async (args, message) => {
    const out = bench.path('wrong');
    const { code, stderr } = await say(
      'run',
      'quick',
      '--strategy',
      'huge-then-4k',
      ...args,
      '--out',
      out,
    );
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});

describe('options that mean nothing or exclude each other', () => {
  it.each([
    [['list', 'traces', '--json=x'], '--json=x: expected true or false'],
    [['verify', 'noop', '--deviceErrors=0'], '--device-errors=0: expected true or false'],
    [['record', '--faults=1', '--out', 'r.txt', '--', 'true'], '--faults=1: expected true or'],
    [['explore', 'noop', '--minutes', '0'], '--minutes 0: expected a number above 0'],
    [['run', '--resume', 'r1', '--force'], 'leave out --force'],
    [['run', 'standard', '--resume', 'r1'], 'leave out standard'],
    [['compare', 'r1', 'r2', '--baseline', 'noop'], '--baseline goes with one run'],
    [['compare', 'a', 'b', '--run', 'r1', '--baseline', 'b'], '--baseline goes with one run'],
    [['compare', 'r1', 'r2', '--threshold', 'x=0.1=2'], '--threshold x=0.1=2: expected METRIC='],
  ])('%j end with 2 and one line', async (args, message) => {
    const { code, stderr, stdout } = await say(...args);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('takes true and false for a boolean', async () => {
    const { code, stdout } = await say('list', 'suites', '--json=true');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).not.toHaveLength(0);
  });
});

describe('parameters of a strategy', () => {
  it.each([
    [
      'eager-split',
      { chunk: 99_999_999 },
      'eager-split: chunk: expected an integer 1..512, got 99',
    ],
    ['eager-split', { chunk: 1.5 }, 'chunk: expected an integer 1..512, got 1.5'],
    ['eager-split', { chunk: 'x' }, 'chunk: expected an integer 1..512, got "x"'],
    ['eager-split', { chunck: 4 }, 'unknown parameter "chunck" (did you mean "chunk"?)'],
    ['noop', { chunk: 4 }, 'strategy noop: unknown parameter "chunk"; it declares none'],
  ])('%s %j end with 2 and one line', async (id, params, message) => {
    const workloads = { id: 'storm', params: {} };
    const suite = bench.suite('params', { strategies: [{ id, params }], workloads });
    const out = bench.path('params');
    const { code, stderr } = await say('run', suite, '--out', out);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});

describe('an error of the program itself', () => {
  it('has an exit code of its own, and its stack is printed', async () => {
    const broken = {
      toString: () => {
        throw new TypeError('a planted fault');
      },
    };
    const { code, stderr } = await say('list', broken as never);
    expect(stderr).toMatch(/^xlt-bench: internal error: TypeError: a planted fault\n +at /);
    expect(code).toBe(70);
  });
});

describe('a workload that cannot be played', () => {
  it.each([
    ['a file that is no trace', 'BAD', [], 'BAD: not an .xlt trace'],
    ['a missing file', './none.xlt', [], './none.xlt: cannot be read'],
    ['a setting no recording has', 'redis-bgsave', ['workload.regions=3'], 'regions=3: expected'],
    ['a process that is not in it', 'thp-forced', ['workload.process=vim'], 'no process "vim"'],
    ['a model that is no JSON', 'mix', ['workload.model=BAD'], 'expected a JSON file made by'],
  ])('%s ends the run before it begins', async (_, workload, settings, message) => {
    const bad = bench.path('bad.xlt');
    writeFileSync(bad, 'some text\n');
    const named = (text: string): string => text.replace('BAD', bad);
    const out = bench.path('unplayed');
    const sets = settings.flatMap((setting) => ['--set', named(setting)]);
    const words = ['--workload', named(workload), '--strategy', 'noop', '--mode', 'replay'];
    const { code, stderr } = await say('run', 'quick', ...words, ...sets, '--out', out);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(message.replace('BAD', 'bad.xlt'));
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});

describe('record', () => {
  it.each([
    [['--outt', 'OUT', '--', 'true'], 'unknown option --outt; did you mean --out?'],
    [['--out'], '--out: expected a value'],
    [['--out', 'OUT'], 'expected either a command after -- or --pid'],
    [['--out', 'OUT', '--'], 'expected either a command after -- or --pid'],
    [['--out', 'OUT', 'true', 'x'], 'expected the command after --, as in: record --out'],
    [['--out', 'OUT', '--', 'no-such-program', '--out', 'a'], 'no-such-program: no such program'],
    [['--out', 'OUT', '--pid', '1', '--', 'true'], 'expected either a command after -- or --pid'],
    [['--out', 'OUT/none/r', '--', 'true'], 'there is no folder'],
    [['--out', '/proc/r.xlt', '--', 'true'], '--out /proc/r.xlt: cannot be written'],
    [['--out', 'OUT', '--pid', 'me'], '--pid me: expected a whole number'],
    [['--out', 'OUT', '--buffer-kib', '1', '--', 'true'], '--buffer-kib 1: expected a whole'],
    [['--out', 'OUT', '--seconds', '3', '--', 'true'], '--seconds goes with --pid'],
  ])('%j ends with 2 and one line', async (args, message) => {
    const out = bench.path('r.txt');
    const { code, stderr } = await say('record', ...args.map((word) => word.replace('OUT', out)));
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});

describe('the built program', () => {
  it('prints its help, and its version', async () => {
    const help = await runCommand('--help');
    expect(help.code).toBe(0);
    for (const command of ['list', 'run', 'compare', 'report'])
      expect(help.stdout).toContain(command);
    expect(help.stdout).toContain('Exit codes');
    const version = await runCommand('--version');
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('completes its commands and their options', async () => {
    const script = await runCommand('completion');
    expect(script.stdout).toContain('--get-yargs-completions');
    const commands = await runCommand('--get-yargs-completions', 'xlt-bench', '');
    expect(commands.stdout).toMatch(/^new-strategy/m);
    const options = await runCommand('--get-yargs-completions', 'xlt-bench', 'new-strategy', '--');
    expect(options.stdout).toMatch(/^--folder/m);
  });

  it('lists what can be named, as text and as JSON', async () => {
    const text = await runCommand('list', 'strategies');
    expect(text.stdout).toContain('flat-preallocated');
    const json = await runCommand('list', 'suites', '--json');
    const suites = JSON.parse(json.stdout) as { name: string }[];
    expect(suites.map(({ name }) => name)).toContain('quick');
  });

  it('writes a strategy to begin with, and says what comes next', async () => {
    const folder = bench.path('my-idea');
    const { code, stdout } = await runCommand('new-strategy', 'my-idea', '--folder', folder);
    expect(code).toBe(0);
    expect(stdout).toContain(`wrote ${folder}/my-idea.ts`);
    expect(stdout).toContain(`xlt-bench verify ${folder}/my-idea.wasm`);
    expect(existsSync(`${folder}/build.mjs`)).toBe(true);
  });

  it('ends for a folder that the system will not make', async () => {
    const { code, stderr } = await runCommand('new-strategy', 'my-idea', '--folder', '/proc/x/y');
    expect(stderr).toMatch(/^xlt-bench: \/proc\/x\/y[^\n]*: cannot be written: [^\n]*\n$/);
    expect(code).toBe(2);
  });

  it('says that its output cannot be written', () => {
    const full = openSync('/dev/full', 'w');
    const main = join(packageRoot, 'dist', 'bench', 'main.js');
    const stdio: StdioOptions = ['ignore', full, 'pipe'];
    const { status, stderr } = spawnSync(process.execPath, [main, 'list', 'strategies'], { stdio });
    closeSync(full);
    expect(String(stderr)).toBe('xlt-bench: standard output: cannot be written (ENOSPC)\n');
    expect(status).toBe(2);
  });

  it('ends wrong usage without a stack', async () => {
    const { code, stderr, stdout } = await runCommand('run', 'quik');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^xlt-bench: [^\n]*"quick"[^\n]*\n$/);
  });
});
