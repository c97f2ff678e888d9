import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cellRecordFixture } from '../../results/fixtures/cell-record-fixture.ts';
import { hostFixture } from '../../results/fixtures/run-fixture.ts';
import { captureHost, sourceFacts } from './capture-host.ts';
import { checkClock } from './clock-check.ts';
import { loadBetween, takeLoadSnapshot } from './load-snapshot.ts';
import type { SystemFiles } from './system-files.ts';
import { cellFlags, environmentFlags, strictRefusal } from './trust-flags.ts';

const cpuBlock = (core: number, mhz: number) =>
  `processor\t: ${core}\nflags\t\t: fpu tsc hypervisor lahf_lm\ncpu MHz\t\t: ${mhz}\nphysical id\t: 0\ncore id\t\t: ${core >> 1}`;

const MODERN: Record<string, string> = {
  '/proc/cpuinfo': [0, 1, 2, 3].map((core) => cpuBlock(core, 2000 + core)).join('\n\n'),
  '/proc/loadavg': '0.52 0.40 0.30 1/200 999',
  '/proc/stat': 'cpu  100 0 50 800 50 0 0 10 5 0\ncpu0 1 1 1 1 1 1 1 1 1 1',
  '/proc/pressure/cpu': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=5000\nfull total=9',
  '/proc/self/cgroup': '0::/bench',
  '/proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t0-3',
  '/sys/fs/cgroup/cgroup.controllers': 'cpu memory',
  '/sys/fs/cgroup/bench/cpu.max': '150000 100000',
  '/sys/fs/cgroup/bench/cpu.stat': 'usage_usec 5\nthrottled_usec 7',
  '/sys/fs/cgroup/bench/memory.max': '1073741824',
  '/sys/devices/system/cpu/smt/active': '1',
  '/sys/devices/system/cpu/vulnerabilities/meltdown': 'Not affected',
  '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'tsc',
  '/etc/os-release': 'NAME=x\nPRETTY_NAME="Example Linux 12"',
};

const LEGACY: Record<string, string> = {
  '/proc/self/cgroup': '4:memory:/a\n1:cpu,cpuacct:/a',
  '/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '-1',
  '/sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '100000',
  '/sys/fs/cgroup/cpu/a/cpu.stat': 'nr_throttled 1\nthrottled_time 4000',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
};

const filesOf =
  (content: Record<string, string>): SystemFiles =>
  (path) =>
    content[path] ?? null;

const NODE = {
  model: 'Example CPU',
  architecture: 'x64',
  logicalCores: 4,
  memoryBytes: 8 * 2 ** 30,
  kernel: 'Linux 6.1',
  version: 'v20.20.2',
  v8: '11.3',
  flags: [],
};
const SOURCE = {
  packageVersion: null,
  gitCommit: null,
  gitDirty: null,
  lockFileHash: null,
  modules: {},
};

const capture = (content: Record<string, string>, node = NODE) =>
  captureHost({ source: SOURCE, files: filesOf(content), node });

describe('fingerprint', () => {
  test('reads a machine with one control group hierarchy', () => {
    expect(capture(MODERN)).toMatchObject({
      cpu: { logicalCores: 4, physicalCores: 2, threadsPerCore: 2, governor: 'not exposed' },
      hypervisor: 'unnamed',
      clocksource: 'tsc',
      distribution: 'Example Linux 12',
      mitigations: { meltdown: 'Not affected' },
      cgroup: { version: 2, cpuLimit: 1.5, memoryLimitBytes: 2 ** 30, cpuset: '0-3' },
    });
  });

  test('reads the older hierarchies; no quota is no limit', () => {
    const host = capture(LEGACY);
    expect(host.cgroup).toMatchObject({ version: 1, cpuLimit: null, memoryLimitBytes: null });
    expect(host.load.before!.throttledNs).toBe(4000);
    expect(host.hypervisor).toBeNull();
  });

  test('a system that exposes nothing still has one, without invented figures', () => {
    const host = capture({});
    expect(host.cpu).toMatchObject({ physicalCores: null, threadsPerCore: null });
    expect(host.load.before).toMatchObject({
      loadAverage: null,
      stealTicks: null,
      cpuMhzMin: null,
    });
  });

  test('the machine id stands still while load and clock rate wander', () => {
    const later: Record<string, string> = {
      ...MODERN,
      '/proc/loadavg': '9 9 9 1/2 3',
      '/proc/stat': 'cpu  9 9 9 9 9 9 9 9',
    };
    later['/proc/cpuinfo'] = MODERN['/proc/cpuinfo']!.replaceAll('200', '310');
    expect(capture(later).machineId).toBe(capture(MODERN).machineId);
    expect(capture(MODERN, { ...NODE, model: 'Other' }).machineId).not.toBe(
      capture(MODERN).machineId,
    );
  });

  test('commit and uncommitted changes are those of the package root', () => {
    const root = mkdtempSync(join(tmpdir(), 'source-'));
    try {
      expect(sourceFacts(root)).toEqual(SOURCE);
      writeFileSync(join(root, 'package.json'), '{"version":"1.2.3"}');
      const git = (...command: string[]) =>
        execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@e', ...command]);
      git('init', '-q');
      git('add', '.');
      git('commit', '-q', '-m', 'x');
      expect(sourceFacts(root)).toMatchObject({ packageVersion: '1.2.3', gitDirty: false });
      expect(sourceFacts(root).gitCommit).toMatch(/^[0-9a-f]{40}$/);
      writeFileSync(join(root, 'new'), '');
      expect(sourceFacts(root).gitDirty).toBe(true);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

describe('load', () => {
  test('two snapshots give shares of what passed between them', () => {
    const before = takeLoadSnapshot(filesOf(MODERN), 1000);
    expect(before).toMatchObject({ busyTicks: 160, totalTicks: 1010, throttledNs: 7000 });
    const later = {
      ...MODERN,
      '/proc/stat': 'cpu  140 0 60 830 50 0 0 30 5 0',
      '/proc/pressure/cpu': 'some avg10=0 avg60=0 avg300=0 total=255000',
    };
    expect(loadBetween(before, takeLoadSnapshot(filesOf(later), 2000))).toEqual({
      stealShare: 0.2,
      throttledNs: 0,
      loadAverage: 0.52,
      cpuPressureShare: 0.25,
    });
  });

  test('what is not exposed stays unknown', () => {
    const nothing = takeLoadSnapshot(() => null, 0);
    expect(loadBetween(nothing, nothing)).toMatchObject({ stealShare: null, throttledNs: null });
  });
});

describe('trust', () => {
  const record = cellRecordFixture();
  const codes = (flags: readonly { code: string }[]) => flags.map(({ code }) => code);

  test('a quiet machine and a clean cell carry no flag', () => {
    expect(environmentFlags(hostFixture(), 4)).toEqual([]);
    expect(cellFlags(hostFixture(), record)).toEqual([]);
    expect(strictRefusal([])).toBeNull();
  });

  test.each([
    ['threads-over-cores', { threads: { device: 8, storm: 1, maintenance: 0 } }],
    ['smt-shared', { threads: { device: 4, storm: 1, maintenance: 0 } }],
    ['not-concurrent', { host: { ...record.host, handoverNs: null } }],
    ['steal', { host: { ...record.host, stealShare: 0.02 } }],
    ['throttled', { host: { ...record.host, throttledNs: 5 } }],
    ['gc-in-window', { host: { ...record.host, gcEvents: 1 } }],
    ['heap-growth', { host: { ...record.host, heapGrowthBytes: 70_000 } }],
    ['cpu-pressure', { host: { ...record.host, cpuPressureShare: 0.3 } }],
    ['clock-bound', { host: { ...record.host, clockCostNs: 1500 } }],
    ['saturated', { load: { ...record.load, achievedPerSecond: 5000 } }],
    ['no-steady-state', { steadyState: { ...record.steadyState, class: 'none' as const } }],
    ['slowdown', { steadyState: { ...record.steadyState, class: 'slowdown' as const } }],
    ['device-died', { device: { ...record.device, hardwareFailures: 3 } }],
  ])('%s alone', (code, change) => {
    expect(codes(cellFlags(hostFixture(), { ...record, ...change }))).toEqual([code]);
  });

  test.each([
    ['unstable-clock', { clocksource: 'hpet' }],
    ['unstable-clock', { clock: { costNs: 40, granularityNs: 40, backwardSteps: 2 } }],
    ['coarse-clock', { clock: { costNs: 40, granularityNs: 5000, backwardSteps: 0 } }],
    ['cpu-limit', { cgroup: { version: 2, cpuLimit: 1.5, memoryLimitBytes: null, cpuset: null } }],
    ['governor', { cpu: { ...hostFixture().cpu, governor: 'powersave' } }],
    ['virtual-machine', { hypervisor: 'xen' }],
  ])('%s by the machine', (code, change) => {
    expect(codes(environmentFlags(hostFixture(change), 2))).toEqual([code]);
  });

  test('a busy machine is refused by --strict, a virtual one is not', () => {
    const files = filesOf({ ...MODERN, '/proc/loadavg': '6.5 1 1 1/2 3' });
    const load = { before: takeLoadSnapshot(files, 0), after: null, stealShare: null };
    const flags = environmentFlags(hostFixture({ load }), 2);
    expect(codes(flags)).toEqual(['busy-machine']);
    expect(strictRefusal(flags)).toMatch(/refused by --strict: load average 6.5 on 8 cores/);
    expect(strictRefusal(environmentFlags(hostFixture({ hypervisor: 'xen' }), 2))).toBeNull();
  });
});

describe('clock', () => {
  test('cost, granularity and backward steps of a scripted clock', () => {
    let stamps = 0;
    const nowNs = () => {
      stamps++;
      return stamps === 100 ? 0 : Math.floor(stamps / 4) * 1e3;
    };
    const check = checkClock(nowNs);
    expect(check.backwardSteps).toBe(1);
    expect(check.costNs).toBeCloseTo(250, 0);
    expect(check.granularityNs).toBeCloseTo(1000, 0);
  });
});
