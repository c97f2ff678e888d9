import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRun } from '../reports/fixtures/write-run.ts';
import type { CellRecord } from '../results/cell-record.ts';
import type { Comparison } from '../results/comparison.ts';
import { cellRecordFixture } from '../results/fixtures/cell-record-fixture.ts';
import { hostFixture, storedRunFixture } from '../results/fixtures/run-fixture.ts';
import { SeededRandom } from '../results/statistics/seeded-random.ts';
import { runCommand } from './fixtures/command-run.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

/** Ten forks of one strategy around a median, each a little off it. */
function forks(notifierP50Ns: number, noise: number, seed: number): CellRecord[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: 10 }, (_, fork) =>
    cellRecordFixture({
      fork,
      notifierP50Ns: Math.round(notifierP50Ns * Math.exp(noise * random.normal())),
    }),
  );
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'xlt-compare-'));
  const write = (name: string, records: CellRecord[], host = hostFixture()) =>
    writeRun(at(name), storedRunFixture(records, host, name));
  write('base', forks(20_000, 0.01, 1));
  write('same', forks(20_000, 0.01, 2));
  write('slower', forks(23_000, 0.01, 3));
  write('noisy', forks(20_000, 0.4, 4));
  write('elsewhere', forks(20_000, 0.01, 5), hostFixture({ machineId: 'machine-b' }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('xlt-bench compare', () => {
  it.each([
    [0, 'same', /^no regression of \d+ gated figures/],
    [1, 'slower', /regressed, most: .*notifier p50/],
    [3, 'noisy', /undecided: /],
    [4, 'elsewhere', /^no verdict: machines differ/],
  ])('ends with %i and says why: base against %s', async (code, candidate, text) => {
    const { code: ended, stdout } = await runCommand(
      'compare',
      at('base'),
      at(candidate),
      '--json',
    );
    const { conclusion } = JSON.parse(stdout) as Comparison;
    expect({ ended, exitCode: conclusion.exitCode }).toEqual({ ended: code, exitCode: code });
    expect(conclusion.text).toMatch(text);
  });

  it('ends with 2, one line and nothing printed, where there is no run', async () => {
    const { code, stdout, stderr } = await runCommand('compare', at('base'), at('absent'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^xlt-bench: [^\n]*absent[^\n]*\n$/);
  });

  it.each([
    [['base', '--json', '--markdown'], /--json and --markdown exclude each other/],
    [['base', '--metric', 'no-such', '--baseline', 'deposit'], /no-such/],
    [['base', 'same', '--threshold', 'notifier-p50=x'], /--threshold notifier-p50 x: expected/],
    [['base', 'absent'], /absent/],
    [['base', '--remeasure'], /--remeasure: expected two runs/],
  ])('moves no baseline when it refuses %j', async ([a, ...words], message) => {
    const args = words.map((word) => (/^(same|absent)$/.test(word) ? at(word) : word));
    const { code, stderr } = await runCommand(
      ...['compare', at(a!), ...args, '--save-baseline', 'unmoved'],
    );
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(at('baselines/unmoved.json'))).toBe(false);
  });

  it('saves a baseline where it compares, and where it does not', async () => {
    const alone = await runCommand('compare', at('base'), '--save-baseline', 'alone');
    expect(alone).toMatchObject({ code: 0, stdout: expect.stringContaining('baseline alone') });
    await runCommand('compare', at('same'), at('base'), '--save-baseline', 'compared');
    for (const [name, run] of [
      ['alone', 'base'],
      ['compared', 'same'],
    ]) {
      const saved = JSON.parse(readFileSync(at(`baselines/${name}.json`), 'utf8'));
      expect(saved.run).toBe(run);
    }
  });

  it.each([[['deposit', 'deposit', '--run', 'base']], [['base', '--baseline', 'deposit']]])(
    'refuses --remeasure where there is one run: %j',
    async (words) => {
      const args = words.map((word) => (word === 'base' ? at(word) : word));
      const { code, stderr } = await runCommand('compare', ...args, '--remeasure');
      expect(stderr).toMatch(/^xlt-bench: compare --remeasure: expected two runs[^\n]*\n$/);
      expect(code).toBe(2);
    },
  );

  it('calls a run equal to itself, whatever few samples it has', async () => {
    const { code } = await runCommand('compare', at('base'), at('base'));
    expect(code).toBe(0);
  });

  it('gives one verdict and one ratio in text, Markdown and JSON', async () => {
    const said = async (...format: string[]) =>
      (await runCommand('compare', at('base'), at('slower'), ...format)).stdout;
    const [text, markdown, json] = [await said(), await said('--markdown'), await said('--json')];
    const { rows } = JSON.parse(json) as Comparison;
    expect(rows.length).toBeGreaterThan(5);
    for (const { label, gate, ratio, verdict } of rows) {
      const name = label + (gate ? '' : ' (not gated)');
      const lines = [text, markdown].map((whole) =>
        whole.split('\n').find((line) => line.split(/ {2,}|\|/).some((c) => c.trim() === name)),
      );
      for (const line of lines) {
        expect(line).toContain(verdict);
        if (ratio !== null) expect(line).toContain(`x${Number(ratio.estimate.toPrecision(3))}`);
      }
    }
  });
});
