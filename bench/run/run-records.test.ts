import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CellRecord } from '../../results/cell-record.ts';
import { type CommandResult, RunBench, runCommand, SMALL_STORM } from '../fixtures/command-run.ts';

const MIB = 2 ** 20;
const TABLES = ['flat-preallocated', 'huge-then-4k', 'deposit'];
const CANARIES = ['canary-no-cache-invalidate', 'canary-late-zap'];
/** A quiet GiB: what tables cost before anything happens to it, and what its breaks add. */
const ONE_GIB = { id: 'storm', params: { spaceMiB: 1024, hugeShare: 1, seconds: 0.05 } };
const HEAP_GROWTH_MAX = 64 * 1024;

let bench: RunBench;
let result: CommandResult;
let records: CellRecord[];

beforeAll(async () => {
  bench = new RunBench();
  const common = { devices: 'ideal', timeoutSeconds: 90 };
  const suite = bench.suite(
    'records',
    { ...common, strategies: TABLES, workloads: SMALL_STORM, windowSeconds: 0.1 },
    { ...common, strategies: TABLES, workloads: ONE_GIB, modes: 'replay' },
    {
      ...common,
      strategies: TABLES,
      workloads: SMALL_STORM,
      modes: 'replay',
      memory: { profile: 'tight' },
    },
    {
      ...common,
      strategies: CANARIES,
      workloads: SMALL_STORM,
      access: { kind: 'hot-recent' },
      modes: 'verify',
      windowSeconds: 0.3,
      comparison: false,
    },
  );
  result = await runCommand('run', suite, '--seed', '5', '--out', bench.path('run'), '--json');
  records = bench.records('run');
});

afterAll(() => bench.remove());

function record(strategy: string, mode: string, pressure: string | null = null): CellRecord {
  const found = records.find(
    (one) => one.strategy === strategy && one.mode === mode && one.pressure === pressure,
  );
  if (found === undefined) throw new Error(`no record of ${strategy} in ${mode}`);
  return found;
}

const failures = ({ allocations }: CellRecord): number =>
  allocations.reduce((sum, row) => sum + row.failures, 0);

describe('a run', () => {
  it('leaves one complete record a cell, a report, and says so in JSON', () => {
    expect(result.stderr).not.toContain('xlt-bench:');
    expect(records).toHaveLength(11);
    const said = JSON.parse(result.stdout);
    expect(said).toMatchObject({ records: 11, failures: 0, report: bench.path('run/report.html') });
    expect(result.code).toBe(0);
  });

  it.each(TABLES)('of %s passes, with every translation checked and its load stated', (id) => {
    const { verdict, reason, oracle, latency, load, device, memory, notifier, threads, host } =
      record(id, 'storm');
    expect({ verdict, reason }).toEqual({ verdict: 'passed', reason: null });
    expect(oracle.translations).toBeGreaterThan(1000);
    expect(oracle.violations).toBe(0);
    expect(threads).toEqual({ device: 1, storm: 1, maintenance: 0 });
    expect(host.clockCostNs).toBeGreaterThan(0);
    expect(notifier.ranges).toBeGreaterThan(0);
    expect(latency.notifier.count).toBe(notifier.ranges);
    expect(latency.notifier.maxNs).toBeGreaterThan(0);
    expect(latency.fault.count).toBeGreaterThan(0);
    expect(load.achievedPerSecond).toBeGreaterThan(0);
    expect(device.stallShare).toBeGreaterThan(0);
    expect(device.stallShare).toBeLessThanOrEqual(1);
    expect(memory.leakedBytes).toBe(0);
    expect(memory.series.length).toBeGreaterThan(0);
  });

  it.each(CANARIES)('catches %s', (id) => {
    const { verdict, reason, oracle, comparison } = record(id, 'verify');
    expect(verdict).toBe('failed');
    expect(oracle.violations).toBeGreaterThan(0);
    expect(oracle.examples[0]).toContain('stale');
    expect(reason).toMatch(/violations? of the oracle/);
    expect(comparison).toBe(false);
  });

  it('leaves no garbage in the measured window', async () => {
    // A busy machine may interrupt a window and add an entry of its own: two more forks are allowed.
    const isClean = ({ host }: CellRecord): boolean =>
      host.gcEvents === 0 && (host.heapGrowthBytes ?? Number.NaN) < HEAP_GROWTH_MAX;
    const tries = [record('flat-preallocated', 'storm')];
    const group = { strategies: TABLES[0], workloads: SMALL_STORM, devices: 'ideal' };
    const suite = bench.suite('garbage', { ...group, windowSeconds: 0.1, timeoutSeconds: 90 });
    for (let i = 0; i < 2 && !tries.some(isClean); i++) {
      await runCommand('run', suite, '--seed', String(i), '--out', bench.path(`garbage${i}`));
      tries.push(...bench.records(`garbage${i}`));
    }
    expect(tries.map(({ host }) => [host.gcEvents, host.heapGrowthBytes])).not.toEqual([]);
    expect(tries.some(isClean)).toBe(true);
  });
});

describe('table memory', () => {
  it('of flat is 2 MiB a registered GiB, from the first sample to the last', () => {
    const { memory } = record('flat-preallocated', 'replay');
    expect(memory.tableBytesPeak).toBe(2 * MIB);
    expect(new Set(memory.series.map(({ tableBytes }) => tableBytes))).toEqual(new Set([2 * MIB]));
  });

  it('of deposit is as much, and a directory page', () => {
    expect(record('deposit', 'replay').memory.tableBytesPeak).toBe(2 * MIB + 4096);
  });

  it('of huge-then-4k is a directory page while all is huge, and grows with the breaks', () => {
    const { memory } = record('huge-then-4k', 'replay');
    expect(memory.series[0]!.tableBytes).toBeLessThanOrEqual(16 * 1024);
    const last = memory.series.at(-1)!;
    expect(last.splits).toBeGreaterThan(0);
    expect(last.tableBytes).toBeGreaterThan(memory.series[0]!.tableBytes);
    expect(memory.tableBytesPeak).toBeLessThan(2 * MIB);
    expect(memory.bytesPerMappedGiB).toBeLessThan(2 * MIB);
  });
});

describe('a budget that the breaks exceed', () => {
  it.each(['flat-preallocated', 'deposit'])('is refused by %s, with the reason', (id) => {
    const { verdict, reason, oracle } = record(id, 'replay', 'tight');
    expect(verdict).toBe('refused');
    expect(reason).toBe(
      'registration of region 0 (64 MiB) was refused: the table budget cannot hold what the ' +
        'strategy allocates for it',
    );
    expect(oracle.translations).toBe(0);
  });

  it('fails huge-then-4k, which says what each failure caused, and stays right', () => {
    const tight = record('huge-then-4k', 'replay', 'tight');
    expect(tight.verdict).toBe('passed');
    expect(failures(tight)).toBeGreaterThan(0);
    const { degraded, retried, updateFailed } = tight.failures;
    expect((degraded ?? 0) + (retried ?? 0) + (updateFailed ?? 0)).toBeGreaterThan(0);
    expect(tight.failures.notifierFailed).toBe(0);
    expect(tight.memory.tableBytesPeak).toBeLessThanOrEqual(tight.memory.budgetBytes!);
  });

  it('costs no strategy a failure while memory is plentiful', () => {
    expect(TABLES.map((id) => failures(record(id, 'replay')))).toEqual([0, 0, 0]);
  });
});

describe('a replay', () => {
  /** What may differ between two runs of one seed. */
  const apart = ({ startedAt: _, endedAt: __, ...rest }: CellRecord): unknown => rest;

  it('is the same to the bit for a seed, and another for another seed', async () => {
    const suite = bench.suite('again', {
      strategies: ['huge-then-4k'],
      workloads: SMALL_STORM,
      devices: 'ideal',
      modes: 'replay',
      timeoutSeconds: 90,
    });
    for (const [run, seed] of [
      ['first', '9'],
      ['second', '9'],
      ['other', '10'],
    ] as const) {
      const { code } = await runCommand('run', suite, '--seed', seed, '--out', bench.path(run));
      expect(code).toBe(0);
    }
    const [first, second, other] = ['first', 'second', 'other'].map((run) =>
      bench.records(run).map(apart),
    );
    expect(first).toHaveLength(1);
    expect(second).toEqual(first);
    const model = (run: string): unknown => bench.records(run)[0]!.model;
    expect(model('other')).not.toEqual(model('first'));
    const { lines } = bench.records('first')[0]!.model;
    expect(lines!.device.lines).toBeGreaterThanOrEqual(lines!.device.calls!);
    expect(lines!.cpu.stores).toBeGreaterThan(0);
    expect(other).not.toEqual(first);
  });

  it('in laps plays its trace as often, one after the other', async () => {
    const suite = bench.suite('laps', {
      strategies: ['huge-then-4k'],
      workloads: SMALL_STORM,
      devices: 'ideal',
      modes: 'replay',
      timeoutSeconds: 90,
    });
    for (const laps of ['1', '3']) {
      const out = bench.path(`laps-${laps}`);
      const run = ['run', suite, '--seed', '9', '--set', `laps=${laps}`, '--out', out];
      expect((await runCommand(...run)).code).toBe(0);
    }
    const [once, thrice] = [1, 3].map((laps) => bench.records(`laps-${laps}`)[0]!);
    const lengthNs = (record: CellRecord): number => record.memory.series.at(-1)!.timeNs;
    // The set-up is played once, before the laps.
    const events = ({ extra }: CellRecord): number => {
      const { counters, trace } = extra as Record<string, Record<string, number>>;
      return counters!.events! - trace!.setupEvents!;
    };
    expect(events(thrice!)).toBe(3 * events(once!));
    expect(thrice!.memory.series.length).toBeGreaterThan(once!.memory.series.length / 2);
    expect(lengthNs(thrice!) / lengthNs(once!)).toBeCloseTo(3, 1);
    expect(thrice!.verdict).toBe('passed');
  });
});

describe('a device that dies', () => {
  it('ends faults with the one failure an update may report, and the record says so', async () => {
    const dead = bench.suite('dead', {
      strategies: ['huge-then-4k'],
      workloads: SMALL_STORM,
      modes: 'replay',
      inject: ['device-dead-nth=50'],
    });
    const { code } = await runCommand('run', dead, '--out', bench.path('dead'));
    expect(code).toBe(0);
    const [died] = bench.records('dead');
    expect(died!.verdict).toBe('passed');
    expect(died!.device.hardwareFailures).toBeGreaterThan(0);
    expect(died!.failures).toMatchObject({ updateFailed: 0, notifierFailed: 0 });
    expect(died!.flags.map(({ code: flag }) => flag)).toContain('device-died');
    expect(record('huge-then-4k', 'replay').device.hardwareFailures).toBe(0);
  });
});
