import { expect, it } from 'vitest';
import { type CellRecord, createCellRecord } from '../../results/cell-record.ts';
import { failureTable } from './failure-table.ts';
import { summaryTable } from './summary-table.ts';

interface Made {
  readonly strategy: string;
  readonly pressure?: string;
  readonly fork?: number;
  readonly failures?: number;
  readonly p50Ns?: number;
  readonly verdict?: 'passed' | 'refused' | 'failed' | 'timeout';
  readonly unmeasured?: boolean;
}

function record(made: Made) {
  const { strategy, pressure, fork = 0, failures = 0, p50Ns = 100, verdict, unmeasured } = made;
  return createCellRecord({
    cellId: `${strategy}.${pressure}`,
    strategy,
    workload: 'storm',
    pressure: pressure ?? null,
    mode: 'replay',
    fork,
    seed: 1,
    suite: 'test',
    verdict: verdict ?? 'passed',
    reason: null,
    device: { profile: 'ideal' },
    startedAt: '2026-11-27T00:00:00.000Z',
    endedAt: '2026-11-27T00:00:01.000Z',
    latency: unmeasured ? {} : { notifier: { p50Ns, p99Ns: 2000 } },
    memory: unmeasured ? {} : { tableBytesPeak: 8192 },
    allocations: [
      { context: 'NOWAIT', order: 0, site: 'break', attempts: 10, failures, injected: 0 },
    ],
    failures: { degraded: failures, retried: 0, updateFailed: 0, notifierFailed: 0 },
  } as Parameters<typeof createCellRecord>[0]);
}

const lineOf = (lines: readonly string[], start: string): string =>
  lines.find((line) => line.trim().startsWith(start))!.trim();

it('the summary has a section a scenario, with multiples of the baseline, medians over forks', () => {
  const lines = summaryTable([
    record({ strategy: 'deposit', p50Ns: 150 }),
    record({ strategy: 'deposit', p50Ns: 250, fork: 1 }),
    record({ strategy: 'deposit', p50Ns: 900, fork: 2 }),
    record({ strategy: 'flat-preallocated', p50Ns: 100 }),
    record({ strategy: 'radix', verdict: 'refused' }),
  ]);
  expect(lines[1]).toBe('storm, ideal, replay (3 forks; baseline flat-preallocated)');
  expect(lineOf(lines, 'deposit')).toMatch(/^deposit +250 ns +2\.50 +2\.0 us +- +8 KiB +1\.00 +0$/);
  expect(lineOf(lines, 'radix')).toMatch(/^radix +refused$/);
  expect(lines.indexOf(lines.find((line) => line.includes('  flat-'))!)).toBe(3);
});

it('failed allocations are told by profile: context, site and consequence, and who had none', () => {
  const records: CellRecord[] = [
    record({ strategy: 'huge-then-4k', pressure: 'tight', failures: 7 }),
    record({ strategy: 'coarse-zap', pressure: 'tight' }),
    record({ strategy: 'deposit', pressure: 'tight', verdict: 'refused' }),
  ];
  const lines = failureTable(records);
  expect(lines).toContain('storm, replay, tight');
  expect(lineOf(lines, 'huge-then-4k')).toMatch(/^huge-then-4k +7 of 10 +7 +0 .* NOWAIT break 7$/);
  expect(lines).toContain('  no failure (table peak KiB): coarse-zap 8');
  expect(lines).toContain('  did not run: deposit (refused)');
  expect(lineOf(lines, 'failed in the notifier')).toBe('failed in the notifier: none');
  expect(lineOf(lines, 'ran everywhere without')).toContain(': coarse-zap');
  expect(summaryTable(records)).toEqual([]);
});

it('a run of plenty of memory alone has no such table', () => {
  expect(failureTable([record({ strategy: 'deposit' })])).toEqual([]);
});

it('a series of which one fork failed is shown as failed, never as fast', () => {
  const forks = (verdict: 'failed' | 'timeout', pressure?: string): CellRecord[] =>
    [0, 1, 2].map((fork) =>
      record({
        strategy: 'deposit',
        fork,
        failures: 1,
        verdict: fork === 0 ? verdict : 'passed',
        ...(pressure === undefined ? {} : { pressure }),
      }),
    );
  expect(lineOf(summaryTable(forks('failed')), 'deposit')).toMatch(
    /^deposit +failed: 1 of 3 forks$/,
  );
  expect(lineOf(summaryTable(forks('timeout')), 'deposit')).toMatch(
    /^deposit \(2 of 3 forks\) +100 ns/,
  );
  expect(failureTable(forks('failed', 'tight'))).toContain('  failed: deposit (1 of 3 forks)');
  expect(lineOf(failureTable(forks('timeout', 'tight')), 'deposit')).toMatch(
    /^deposit \(2 of 3 forks\) +2 of 20 /,
  );
});

it('a figure that is absent is no 0', () => {
  const records = [
    record({ strategy: 'deposit', pressure: 'tight', failures: 1, unmeasured: true }),
    record({ strategy: 'radix', pressure: 'tight', unmeasured: true }),
  ];
  const lines = failureTable(records);
  expect(lineOf(lines, 'deposit')).toMatch(/ 0 +- +- +NOWAIT break 1$/);
  expect(lines).toContain('  no failure (table peak KiB): radix -');
});
