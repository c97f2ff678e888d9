import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findSuite } from './find-suite.ts';
import { narrowSuite } from './narrow-suite.ts';
import { overrideSuite } from './override-suite.ts';
import { SUITES } from './suite-catalogue.ts';

describe('built-in suites', () => {
  it('are the nine of the design, each valid', () => {
    const names = SUITES.map((suite) => suite.name);
    expect(names).toEqual([
      'quick',
      'standard',
      'catalogue',
      'storms',
      'recordings',
      'pressure',
      'scaling',
      'capacity',
      'soak',
    ]);
    for (const name of names) expect(findSuite(name).suite.groups.length).toBeGreaterThan(0);
  });

  it('have their nearest name told', () => {
    expect(() => findSuite('qiuck')).toThrow('suite "qiuck": unknown; did you mean "quick"?');
  });
});

describe('suite files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'xlt-suite-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function write(value: unknown): string {
    const file = join(folder, 'own.yaml');
    const isContent = typeof value === 'string' || Buffer.isBuffer(value);
    writeFileSync(file, isContent ? value : stringify(value));
    return file;
  }

  const own = {
    name: 'own',
    description: 'mine',
    duration: { seconds: 10 },
    groups: [{ strategies: 'deposit', workloads: { id: 'storm', params: { burstMs: 3 } } }],
  };

  it('may give single values for lists and leave defaults out', () => {
    const group = findSuite(write(own)).suite.groups[0]!;
    expect(group.strategies).toEqual(['deposit']);
    expect(group.workloads).toEqual([{ id: 'storm', params: { burstMs: 3 } }]);
    expect(group.pace).toEqual([{ kind: 'recorded' }]);
    expect(group.memory).toEqual([{ profile: 'plenty' }]);
    expect(group.comparison).toBe(true);
  });

  function withGroup(change: object): unknown {
    return { ...own, groups: [{ ...own.groups[0], ...change }] };
  }

  it.each([
    [{ forks: -1 }, 'groups[0].forks: expected an integer 1..1000, got -1'],
    [{ forks: 2.5 }, 'groups[0].forks: expected an integer 1..1000, got 2.5'],
    [
      { windowSeconds: Number.NaN },
      'groups[0].windowSeconds: expected a number 0.01..86400, got NaN',
    ],
    [{ windowSeconds: 1e9 }, 'groups[0].windowSeconds: expected a number 0.01..86400'],
    [{ fork: 3 }, 'groups[0]: unknown key "fork" (did you mean "forks"?)'],
    [{ modes: ['strom'] }, 'expected one of storm, replay, micro, verify, got "strom"'],
    [
      { pace: { kind: 'rate', perSecond: -5 } },
      'perSecond: expected a number 1..100000000, got -5',
    ],
    [{ memory: { profile: 'tightt' } }, 'profile: expected one of plenty, tight'],
    [{ deviceThreads: '2..cores' }, 'groups[0].deviceThreads'],
    [{ strategies: [] }, 'groups[0].strategies'],
  ])('are refused with file, path and range: %j', (change, message) => {
    const file = write(withGroup(change));
    const error = errorOf(() => findSuite(file));
    expect(error).toContain(`${file}: `);
    expect(error).toContain(message);
    expect(error).not.toContain('\n');
  });

  it.each([
    ['groups: [\n', /at line 2, column 1$/],
    ['', /: the file is empty$/],
    ['# a comment\n', /: the file is empty$/],
    ['\u0000\u0001', /: expected YAML, got a binary file$/],
    [Buffer.from([0x7f, 0xff, 0xfe]), /: expected YAML, got a binary file$/],
    ['- a\n', /: expected an object of name, description, .*, got \["a"\]$/],
    [{ ...own, groups: ['x'] }, /: groups\[0\]: expected an object of .*, got "x"$/],
  ])('are refused in one line when they are no YAML or no suite: %j', (value, message) => {
    const error = errorOf(() => findSuite(write(value)));
    expect(error).toContain(join(folder, 'own.yaml'));
    expect(error).toMatch(message);
    expect(error).not.toContain('\n');
  });

  it('are refused in one line when they are missing', () => {
    const file = join(folder, 'missing.yaml');
    const error = errorOf(() => findSuite(file));
    expect(error).toContain(file);
    expect(error).not.toContain('\n');
  });
});

describe('--set', () => {
  const quick = findSuite('quick');

  it('sets a key of every group, of one group, and parts of values', () => {
    const suite = overrideSuite(quick, [
      'windowSeconds=0.5',
      'groups[0].forks=7',
      'memory.profile=tight',
    ]);
    expect(new Set(suite.groups.map((group) => group.windowSeconds))).toEqual(new Set([0.5]));
    expect(suite.groups[0]!.forks).toBe(7);
    expect(suite.groups[1]!.forks).toBe(quick.suite.groups[1]!.forks);
    for (const group of suite.groups) expect(group.memory).toEqual([{ profile: 'tight' }]);
    expect(quick.suite.groups[0]!.windowSeconds).not.toBe(0.5);
  });

  it('sets parameters of all workloads', () => {
    const suite = overrideSuite(quick, ['workload.seconds=2', 'workload.hugeShare=0.25']);
    expect(suite.groups[1]!.workloads).toEqual([
      { id: 'storm', params: { seconds: 2, hugeShare: 0.25 } },
    ]);
  });

  it('makes the soak as long as asked, with a limit that allows it', () => {
    const suite = overrideSuite(findSuite('soak'), ['minutes=10']);
    expect(suite.groups[0]!.windowSeconds).toBe(600);
    expect(suite.groups[0]!.timeoutSeconds).toBeGreaterThan(600);
    expect(suite.duration.seconds).toBeGreaterThan(600);
  });

  it.each([
    ['windowSecond=1', 'unknown "windowSecond" (did you mean "windowSeconds"?)'],
    ['groups[9].forks=1', 'expected an index 0..7'],
    ['groups[0].forks=many', 'groups[0].forks: expected an integer 1..1000, got "many"'],
    ['forks=-1', 'groups[0].forks: expected an integer 1..1000, got -1'],
    ['forks', 'expected path=value'],
    ['minutes=0', 'expected a number above 0'],
    ['minutes=.nan', 'expected a number above 0'],
    ['a b=1', 'expected a path such as'],
    ['forks=[1', 'the value is not YAML'],
  ])('refuses %s', (setting, message) => {
    expect(errorOf(() => overrideSuite(quick, [setting]))).toContain(message);
  });
});

describe('narrowSuite', () => {
  const { suite } = findSuite('quick');

  it('measures only what was asked', () => {
    const narrowed = narrowSuite(suite, {
      strategies: ['deposit'],
      workloads: ['storm'],
      forks: 5,
    });
    expect(narrowed.groups.map((group) => group.strategies)).toEqual(
      narrowed.groups.map(() => ['deposit']),
    );
    expect(narrowed.groups.map((group) => [group.modes[0], group.forks])).toEqual([
      ['storm', 5],
      ['storm', 5],
      ['replay', 1],
      ['replay', 1],
      ['replay', 1],
    ]);
    expect(narrowed.groups.every((group) => group.comparison)).toBe(true);
  });

  it('adds a workload that no group has once for each mode', () => {
    const narrowed = narrowSuite(suite, { workloads: ['ksm-merge'] });
    expect(narrowed.groups.map((group) => [group.modes, group.workloads])).toEqual([
      [['storm'], ['ksm-merge']],
      [['replay'], ['ksm-merge']],
    ]);
  });

  it('keeps the canaries when only forks or devices change', () => {
    const narrowed = narrowSuite(suite, { forks: 1, devices: ['gpu-fault'] });
    expect(narrowed.groups).toHaveLength(suite.groups.length);
    expect(narrowed.groups[0]!.devices).toEqual(['gpu-fault']);
    expect(narrowed.groups.at(-1)!.devices).toEqual(suite.groups.at(-1)!.devices);
  });

  it('runs a mode that the suite has not with its first settings', () => {
    const narrowed = narrowSuite(suite, { modes: ['micro'] });
    expect(narrowed.groups.map((group) => group.modes)).toEqual([['micro']]);
  });
});

function errorOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
