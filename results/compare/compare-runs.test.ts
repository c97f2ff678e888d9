import { describe, expect, test } from 'vitest';
import type { CellRecord } from '../cell-record.ts';
import type { Comparison } from '../comparison.ts';
import { type CellRecordFixture, cellRecordFixture } from '../fixtures/cell-record-fixture.ts';
import { hostFixture, storedRunFixture } from '../fixtures/run-fixture.ts';
import { SeededRandom } from '../statistics/seeded-random.ts';
import { type CompareOptions, compareRuns, compareStrategies } from './compare-runs.ts';
import { renderComparison } from './render-comparison.ts';

const FAST: CompareOptions = { draws: 400 };

/** Forks of one strategy around a median, with relative noise between forks. */
function forksOf(count: number, fixture: CellRecordFixture, noise = 0.01, seed = 1): CellRecord[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, fork) =>
    cellRecordFixture({
      ...fixture,
      fork,
      notifierP50Ns: Math.round(
        (fixture.notifierP50Ns ?? 2000) * Math.exp(noise * random.normal()),
      ),
    }),
  );
}

const runOf = (records: CellRecord[], id = 'run-1', host = hostFixture()) =>
  storedRunFixture(records, host, id);

function rowOf(comparison: Comparison, metric: string) {
  const row = comparison.rows.find((candidate) => candidate.metric === metric);
  if (row === undefined) throw new Error(`no row of ${metric}`);
  return row;
}

describe('measured figures', () => {
  test('a clear slowdown is slower, the exit code 1, and the interval holds the truth', () => {
    const before = runOf(forksOf(10, { notifierP50Ns: 20_000 }));
    const after = runOf(forksOf(10, { notifierP50Ns: 22_000 }, 0.01, 2), 'run-2');
    const comparison = compareRuns(before, after, FAST);
    const row = rowOf(comparison, 'notifier-p50');
    expect(row).toMatchObject({ verdict: 'slower', outcome: 'regressed', method: 'statistical' });
    expect(row.ratio!.low).toBeLessThan(1.1);
    expect(row.ratio!.high).toBeGreaterThan(1.1);
    expect(row.shift!.low).toBeGreaterThan(0);
    expect(row.cliffsDelta).toBe(1);
    expect(comparison.conclusion.exitCode).toBe(1);
    const back = compareRuns(after, before, FAST);
    expect(rowOf(back, 'notifier-p50').verdict).toBe('faster');
    expect(back.conclusion.exitCode).toBe(0);
  });

  test('the same twice: no difference seen, exit code 0', () => {
    const before = runOf(forksOf(10, {}));
    const after = runOf(forksOf(10, {}, 0.01, 2), 'run-2');
    const comparison = compareRuns(before, after, FAST);
    expect(rowOf(comparison, 'notifier-p50').verdict).toBe('no difference seen');
    expect(comparison.conclusion).toMatchObject({ exitCode: 0, regressed: 0, undecided: 0 });
  });

  test('noise wider than the threshold: too noisy, exit code 3, and how many forks are missing', () => {
    const before = runOf(forksOf(8, {}, 0.3));
    const after = runOf(forksOf(8, {}, 0.3, 2), 'run-2');
    const comparison = compareRuns(before, after, FAST);
    const row = rowOf(comparison, 'notifier-p50');
    expect(row.verdict).toBe('too noisy');
    expect(row.forksNeeded).toBeGreaterThan(20);
    expect(row.reason).toContain(`${row.forksNeeded} more forks`);
    expect(comparison.conclusion.exitCode).toBe(3);
  });

  test('fewer than five forks: no p value and no verdict, however large the difference', () => {
    const before = runOf(forksOf(4, {}));
    const after = runOf(forksOf(4, { notifierP50Ns: 40_000 }, 0.01, 2), 'run-2');
    const row = rowOf(compareRuns(before, after, FAST), 'notifier-p50');
    expect(row).toMatchObject({ verdict: 'too noisy', p: null, pHolm: null, cliffsDelta: 1 });
    expect(row.reason).toMatch(/4 forks a side carry no verdict; needs about 1 more fork/);
  });

  test('five forks cannot carry a family of many tests, and it says so', () => {
    const workloads = ['a', 'b', 'c', 'd'];
    const many = (p50: number, seed: number) =>
      workloads.flatMap((w) => forksOf(5, { workload: w, notifierP50Ns: p50 }, 0.01, seed));
    const comparison = compareRuns(runOf(many(2000, 1)), runOf(many(4000, 2), 'run-2'), FAST);
    expect(comparison.method.tests).toBeGreaterThan(6);
    const row = rowOf(comparison, 'notifier-p50');
    expect(row.p).toBeCloseTo(2 / 252);
    expect(row).toMatchObject({ verdict: 'too noisy', outcome: 'undecided' });
    expect(row.reason).toMatch(/after correction for \d+ tests; needs about [12] more fork/);
    const alone = compareRuns(runOf(many(2000, 1)), runOf(many(4000, 2), 'run-2'), {
      ...FAST,
      metrics: ['notifier-p50'],
    });
    expect(rowOf(alone, 'notifier-p50').verdict).toBe('slower');
  });

  test('thresholds and metrics are the user’s to set, and checked', () => {
    const before = runOf(forksOf(10, { notifierP50Ns: 20_000 }));
    const after = runOf(forksOf(10, { notifierP50Ns: 22_000 }, 0.01, 2), 'run-2');
    const wide = { ...FAST, metrics: ['notifier-p50'], thresholds: { 'notifier-p50': 0.2 } };
    expect(compareRuns(before, after, wide).conclusion.exitCode).toBe(0);
    const wrong = { ...FAST, metrics: ['notifer-p50'] };
    expect(() => compareRuns(before, after, wrong)).toThrow(/did you mean notifier-p50/);
    const absurd = { ...FAST, thresholds: { 'notifier-p50': Number.NaN } };
    expect(() => compareRuns(before, after, absurd)).toThrow(/NaN: expected 0..10/);
  });

  test('the interval is over forks: maxima of a window’s slices do not widen it', () => {
    const sliced = (records: CellRecord[]) =>
      records.map((record) => ({
        ...record,
        windows: [1, 9, 2, 8, 3, 7].map((ms, i) => {
          const slice = { ...record.latency.notifier, p50Ns: null, p99Ns: null, maxNs: ms * 1e6 };
          const latency = { notifier: slice, fault: slice };
          return { timeNs: i * 1e8, durationNs: 1e8, storm: true, gcEvents: null, ...latency };
        }),
      }));
    const [a, b] = [forksOf(8, {}), forksOf(8, {}, 0.01, 2)];
    const how = { ...FAST, metrics: ['notifier-max'] };
    const plain = compareRuns(runOf(a), runOf(b, 'run-2'), how);
    const cut = compareRuns(runOf(sliced(a)), runOf(sliced(b), 'run-2'), how);
    expect(rowOf(cut, 'notifier-max')).toEqual(rowOf(plain, 'notifier-max'));
    expect(renderComparison(cut, 'text')).toContain('bootstrap over forks,');
  });

  test('one seed, one result; rows do not depend on each other', () => {
    const before = runOf(forksOf(6, {}));
    const after = runOf(forksOf(6, {}, 0.02, 2), 'run-2');
    const one = compareRuns(before, after, FAST);
    expect(compareRuns(before, after, FAST)).toEqual(one);
    const single = compareRuns(before, after, { ...FAST, metrics: ['fault-p50'] });
    expect(rowOf(single, 'fault-p50').ratio).toEqual(rowOf(one, 'fault-p50').ratio);
  });
});

describe('counted figures', () => {
  const replay = (bytes: number, seed = 1) =>
    [0, 1].map((fork) =>
      cellRecordFixture({ mode: 'replay', fork, seed: seed + fork, tableBytesPeak: bytes }),
    );

  test('one byte more is worse, fewer bytes are better, the same is equal', () => {
    const base = runOf(replay(4096));
    const compare = (bytes: number) => compareRuns(base, runOf(replay(bytes), 'run-2'), FAST);
    expect(rowOf(compare(4097), 'table-bytes-peak')).toMatchObject({
      verdict: 'worse',
      method: 'exact',
      p: null,
    });
    expect(rowOf(compare(4095), 'table-bytes-peak').verdict).toBe('better');
    expect(rowOf(compare(4096), 'table-bytes-peak').verdict).toBe('equal');
    // Everything of a replay is counted, so nothing is left undecided.
    expect(compare(4096).conclusion.exitCode).toBe(0);
  });

  test('a replay with few samples is equal to itself, and a percentile that no fork carries leaves nothing open', () => {
    const few = (poolable: boolean) =>
      runOf(
        replay(4096).map((record) => {
          const { fault } = record.latency;
          const sparse = { ...fault, p99Ns: null, hdr: poolable ? fault.hdr : null };
          return { ...record, latency: { ...record.latency, fault: sparse } };
        }),
      );
    const alike = compareRuns(few(true), few(true), FAST);
    expect(rowOf(alike, 'fault-p99')).toMatchObject({ verdict: 'equal', baselineForks: 0 });
    expect(alike.conclusion).toMatchObject({ exitCode: 0, undecided: 0 });
    const absent = compareRuns(few(false), few(false), FAST);
    expect(absent.conclusion.exitCode).toBe(0);
  });

  test('a measured percentile that no fork carries decides nothing; alone it is nothing to compare', () => {
    const sparse = (seed: number, id: string) =>
      runOf(
        forksOf(10, {}, 0.01, seed).map((record) => ({
          ...record,
          latency: { ...record.latency, fault: { ...record.latency.fault, p99Ns: null } },
        })),
        id,
      );
    const [before, after] = [sparse(1, 'run-1'), sparse(2, 'run-2')];
    const { conclusion, rows } = compareRuns(before, after, FAST);
    expect(rows.find(({ metric }) => metric === 'fault-p99')?.verdict).toBe('not comparable');
    expect(conclusion.exitCode).toBe(0);
    expect(conclusion.text).toContain('1 percentile left out: too few samples on both sides');
    const only = compareRuns(before, after, { ...FAST, metrics: ['fault-p99'] });
    expect(only.conclusion).toMatchObject({ exitCode: 3 });
    expect(only.conclusion.text).toMatch(/nothing to compare; 1 percentile left out/);
  });

  test('another machine does not matter to counts, another seed does', () => {
    const other = hostFixture({ machineId: 'machine-b' });
    const moved = compareRuns(runOf(replay(4096)), runOf(replay(4096), 'run-2', other), FAST);
    expect(rowOf(moved, 'table-bytes-peak').verdict).toBe('equal');
    const reseeded = compareRuns(runOf(replay(4096)), runOf(replay(4096, 9), 'run-2'), FAST);
    expect(rowOf(reseeded, 'table-bytes-peak')).toMatchObject({ verdict: 'not comparable' });
  });

  test('failures from nothing have a difference and no ratio', () => {
    const failing = replay(4096).map((r) => ({
      ...r,
      failures: { ...r.failures, updateFailed: 3 },
    }));
    const comparison = compareRuns(runOf(replay(4096)), runOf(failing, 'run-2'), FAST);
    const row = rowOf(comparison, 'update-failed');
    expect(row).toMatchObject({ verdict: 'worse', ratio: null, difference: { estimate: 3 } });
    expect(comparison.conclusion.exitCode).toBe(1);
  });
});

describe('what may not be mixed', () => {
  const before = runOf(forksOf(6, {}));

  test('timings of two machines get no verdict and exit code 4; allowed, they get a label', () => {
    const host = hostFixture({ machineId: 'machine-b', memoryBytes: 2 ** 40 });
    const after = runOf(forksOf(6, {}, 0.01, 2), 'run-2', host);
    const refused = compareRuns(before, after, FAST);
    expect(rowOf(refused, 'notifier-p50')).toMatchObject({
      verdict: 'not comparable',
      ratio: null,
    });
    expect(rowOf(refused, 'notifier-p50').reason).toMatch(/machines differ: memory/);
    expect(refused.conclusion.exitCode).toBe(4);
    const allowed = compareRuns(before, after, { ...FAST, allow: ['machine'] });
    expect(rowOf(allowed, 'notifier-p50').verdict).toBe('no difference seen');
    expect(allowed.differences[0]).toMatchObject({ kind: 'machine', severity: 'labels' });
  });

  test('a record from another machine inside a run is found', () => {
    const records = forksOf(6, {}, 0.01, 2);
    records[3] = { ...records[3]!, host: { ...records[3]!.host, machineId: 'elsewhere' } };
    const comparison = compareRuns(before, runOf(records, 'run-2'), FAST);
    expect(comparison.conclusion.exitCode).toBe(4);
  });

  test('other conditions get no verdict', () => {
    const records = forksOf(6, { overrides: { conditionsHash: 'c1' } }, 0.01, 2);
    const comparison = compareRuns(before, runOf(records, 'run-2'), FAST);
    expect(rowOf(comparison, 'notifier-p50').reason).toMatch(/conditions of .* differ/);
    expect(comparison.conclusion.exitCode).toBe(4);
  });

  test('software, seed, plan and modules are labelled', () => {
    const host = hostFixture({ kernel: '6.9.0' });
    const after = runOf(forksOf(6, {}, 0.01, 2), 'run-2', {
      ...host,
      source: { ...host.source, modules: { core: 'new' } },
    });
    const modules = { core: 'old' };
    const old = { ...before, host: { ...before.host, source: { ...before.host.source, modules } } };
    const changed = { ...after, plan: { ...after.plan, seed: 9, config: { forks: 3 } } };
    const comparison = compareRuns(old, changed, FAST);
    expect(comparison.differences.map(({ kind }) => kind)).toEqual([
      'software',
      'seed',
      'plan',
      'modules',
    ]);
    expect(comparison.differences.every(({ severity }) => severity === 'labels')).toBe(true);
  });
});

describe('cells without figures', () => {
  const failed = { verdict: 'failed', reason: '3 stale translations' } as const;

  test('a failed candidate is listed and fails the gate; its speed is not looked at', () => {
    const records = forksOf(6, { notifierP50Ns: 100, overrides: failed }, 0.01, 2);
    const comparison = compareRuns(runOf(forksOf(6, {})), runOf(records, 'run-2'), FAST);
    expect(comparison.rows).toEqual([]);
    expect(comparison.unmeasured).toHaveLength(6);
    expect(comparison.unmeasured[0]!.reason).toBe('3 stale translations');
    expect(comparison.conclusion.exitCode).toBe(1);
    expect(renderComparison(comparison, 'text')).toContain('failed: deposit in redis-bgsave');
  });

  test('an incomplete run and a failed series that the other run lacks are both said', () => {
    const whole = runOf([
      ...forksOf(6, {}, 0.01, 2),
      ...forksOf(2, { workload: 'new', overrides: failed }),
    ]);
    const cut = { ...whole, records: whole.records.filter(({ fork }) => fork !== 5) };
    const comparison = compareRuns(runOf(forksOf(6, {})), cut, FAST);
    expect(comparison.differences.at(-1)!.text).toBe(
      'run-1 is incomplete: 1 of 8 planned cells have no record',
    );
    expect(comparison.unmeasured.map(({ scenario }) => scenario)).toEqual([
      'new|mlx5-odp|storm',
      'new|mlx5-odp|storm',
    ]);
    expect(comparison.unmatched).toEqual(['only in candidate: deposit|new|mlx5-odp|storm']);
    expect(comparison.conclusion.exitCode).toBe(1);
  });

  test('a newly refused strategy fails the gate, also where another was refused before', () => {
    const refused = { verdict: 'refused', reason: 'does not translate' } as const;
    const other = forksOf(6, { strategy: 'never', overrides: refused });
    const before = runOf([...forksOf(6, {}), ...forksOf(6, { strategy: 'flat' }), ...other]);
    const flat = forksOf(6, { strategy: 'flat', overrides: refused });
    const after = runOf([...forksOf(6, {}), ...flat, ...other], 'run-2');
    const { conclusion } = compareRuns(before, after, FAST);
    expect(conclusion).toMatchObject({ exitCode: 1, text: '6 candidate cells did not pass' });
    expect(compareRuns(after, after, FAST).conclusion.exitCode).toBe(0);
    expect(compareStrategies(after, 'never', ['flat'], FAST).conclusion.exitCode).not.toBe(1);
  });

  test('a series that the candidate lost leaves the gate open, unless it was left out on purpose', () => {
    const before = runOf([...forksOf(6, {}), ...forksOf(6, { strategy: 'flat' })]);
    const after = runOf(forksOf(6, {}), 'run-2');
    const { conclusion } = compareRuns(before, after, FAST);
    expect(conclusion.exitCode).toBe(3);
    expect(conclusion.text).toContain("lacks 1 of the baseline's series: flat|redis-bgsave");
    const command = 'xlt-bench run quick --strategy deposit';
    const chosen = { ...after, plan: { ...after.plan, command } };
    expect(compareRuns(before, chosen, FAST).conclusion.exitCode).toBe(0);
    const cut = { ...chosen, plan: { ...before.plan, runId: 'run-2', command } };
    expect(compareRuns(before, cut, FAST).conclusion.exitCode).toBe(3);
    const never = forksOf(6, { strategy: 'never', overrides: failed });
    const failing = runOf([...forksOf(6, {}), ...never]);
    expect(compareRuns(failing, after, FAST).conclusion.exitCode).toBe(0);
  });

  test('canaries and verify cells stay out', () => {
    const canary = forksOf(5, { strategy: 'canary', overrides: { ...failed, comparison: false } });
    const verify = forksOf(5, { mode: 'verify', overrides: failed });
    const run = runOf([
      ...forksOf(5, {}),
      ...forksOf(5, { strategy: 'flat' }),
      ...canary,
      ...verify,
    ]);
    const comparison = compareStrategies(run, 'deposit', undefined, FAST);
    expect(comparison.unmeasured).toEqual([]);
    expect(new Set(comparison.rows.map(({ candidate }) => candidate))).toEqual(new Set(['flat']));
  });
});

describe('strategies of one run', () => {
  test('all against one, in one family; constant byte counts are exact in storm mode too', () => {
    const run = runOf([
      ...forksOf(6, { tableBytesPeak: 8192 }),
      ...forksOf(6, { strategy: 'flat', tableBytesPeak: 4096, notifierP50Ns: 3000 }, 0.01, 2),
      ...forksOf(6, { strategy: 'huge', tableBytesPeak: 8192 }, 0.01, 3),
    ]);
    const metrics = ['notifier-p50', 'table-bytes-peak'];
    const comparison = compareStrategies(run, 'deposit', undefined, { ...FAST, metrics });
    expect(comparison.method.tests).toBe(2);
    expect(comparison.rows.map((row) => [row.candidate, row.metric, row.verdict])).toEqual([
      ['flat', 'notifier-p50', 'slower'],
      ['flat', 'table-bytes-peak', 'better'],
      ['huge', 'notifier-p50', 'no difference seen'],
      ['huge', 'table-bytes-peak', 'equal'],
    ]);
    expect(comparison.tradeOffs[0]!.points).toHaveLength(3);
    const text = renderComparison(comparison, 'text');
    expect(text).toContain(comparison.tradeOffs[0]!.recommendation!.sentence);
    expect(() => compareStrategies(run, 'depost')).toThrow(/did you mean deposit/);
  });
});

describe('outputs', () => {
  const comparison = compareRuns(
    runOf([...forksOf(6, { notifierP50Ns: 20_000 }), ...forksOf(6, { mode: 'replay' }, 0)]),
    runOf(
      [
        ...forksOf(6, { notifierP50Ns: 23_000 }, 0.01, 2),
        ...forksOf(6, { mode: 'replay', tableBytesPeak: 4096 }, 0),
      ],
      'run-2',
    ),
    FAST,
  );

  test('text, Markdown and JSON carry the same verdicts and numbers', () => {
    const parsed: Comparison = JSON.parse(renderComparison(comparison, 'json'));
    expect(parsed).toEqual(comparison);
    const cells = (line: string, separator: RegExp) => line.split(separator).map((c) => c.trim());
    const text = renderComparison(comparison, 'text').split('\n');
    const markdown = renderComparison(comparison, 'markdown').split('\n');
    const fromText = text.filter((l) => l.startsWith('deposit ')).map((l) => cells(l, / {2,}/));
    const fromMarkdown = markdown
      .filter((line) => line.startsWith('| deposit'))
      .map((line) => cells(line.slice(2, -2), / \| /));
    expect(fromText).toHaveLength(comparison.rows.length);
    expect(fromMarkdown).toEqual(fromText);
    expect(fromText.map((row) => row[6])).toEqual(parsed.rows.map(({ verdict }) => verdict));
    expect(text[0]).toContain(comparison.conclusion.text);
    expect(markdown[0]).toContain(comparison.conclusion.text);
  });
});
