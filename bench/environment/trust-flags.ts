import type { CellRecord, TrustFlag } from '../../results/cell-record.ts';
import type { HostFingerprint } from '../../results/host-fingerprint.ts';

/** The parts of a record that say how far its figures may be trusted. */
export type TrustFacts = Pick<
  CellRecord,
  'mode' | 'host' | 'threads' | 'load' | 'steadyState' | 'latency' | 'device'
>;

const STEAL_SHARE = 0.01;
const PRESSURE_SHARE = 0.1;
const BUSY_SHARE = 0.5;
const HEAP_GROWTH_BYTES = 64 * 1024;
const COARSE_CLOCK_NS = 1000;
/** Below this multiple of the clock's cost a latency is mostly the clock. */
const CLOCK_MARGIN = 3;
const SATURATED_SHARE = 0.98;
const FREQUENCY_SPREAD = 1.1;
const STABLE_CLOCKS = new Set([
  'tsc',
  'kvm-clock',
  'hyperv_clocksource_tsc_page',
  'arch_sys_counter',
]);

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
const warning = (code: string, text: string): TrustFlag => ({ code, severity: 'warning', text });
const note = (code: string, text: string): TrustFlag => ({ code, severity: 'note', text });
const or0 = (value: number | null | undefined): number => value ?? 0;

function threadFlags(host: HostFingerprint, threads: number): TrustFlag[] {
  const { logicalCores, physicalCores } = host.cpu;
  const { cpuLimit } = host.cgroup;
  if (threads > logicalCores) {
    return [
      warning(
        'threads-over-cores',
        `${threads} threads share ${logicalCores} cores: latencies hold time spent waiting for a CPU`,
      ),
    ];
  }
  if (cpuLimit !== null && threads > cpuLimit) {
    return [warning('cpu-limit', `${threads} threads under a CPU limit of ${cpuLimit} cores`)];
  }
  if (physicalCores !== null && threads > physicalCores) {
    return [
      note('smt-shared', `${threads} threads on ${physicalCores} physical cores: some share one`),
    ];
  }
  return [];
}

function clockFlags(host: HostFingerprint): TrustFlag[] {
  const { clocksource, clock } = host;
  const flags: TrustFlag[] = [];
  if (or0(clock.backwardSteps) > 0) {
    flags.push(warning('unstable-clock', `the clock ran backwards ${clock.backwardSteps} times`));
  } else if (clocksource !== 'not exposed' && !STABLE_CLOCKS.has(clocksource)) {
    flags.push(warning('unstable-clock', `clocksource ${clocksource} is slow or may drift`));
  }
  if (or0(clock.granularityNs) > COARSE_CLOCK_NS) {
    flags.push(warning('coarse-clock', `the clock resolves ${clock.granularityNs} ns only`));
  }
  return flags;
}

/**
 * Flags that stand before anything has run: the machine, its load, and the threads that are planned.
 * @param threads threads of the largest cell
 */
export function environmentFlags(host: HostFingerprint, threads: number): TrustFlag[] {
  const flags = [...threadFlags(host, threads), ...clockFlags(host)];
  const before = host.load.before;
  const load = before?.loadAverage?.[0] ?? 0;
  if (load > BUSY_SHARE * host.cpu.logicalCores) {
    flags.push(
      warning(
        'busy-machine',
        `load average ${load} on ${host.cpu.logicalCores} cores before the run`,
      ),
    );
  }
  if (before?.cpuMhzMin && or0(before.cpuMhzMax) > FREQUENCY_SPREAD * before.cpuMhzMin) {
    const range = `${Math.round(before.cpuMhzMin)} to ${Math.round(or0(before.cpuMhzMax))} MHz`;
    flags.push(note('frequency-varies', `cores ran at ${range}`));
  }
  if (!['performance', 'not exposed'].includes(host.cpu.governor)) {
    flags.push(note('governor', `governor ${host.cpu.governor}: the clock rate follows the load`));
  }
  if (host.hypervisor !== null) {
    flags.push(
      note('virtual-machine', `virtual machine (${host.hypervisor}): neighbours are unseen`),
    );
  }
  if (host.source.gitDirty === true) {
    flags.push(note('uncommitted', 'the sources had uncommitted changes'));
  }
  return flags;
}

function contentionFlags(
  host: HostFingerprint,
  { host: seen, latency }: TrustFacts,
  threads: number,
): TrustFlag[] {
  const flags: TrustFlag[] = [];
  if (threads > 1 && or0(latency.notifier.count) > 0 && seen.handoverNs === null) {
    const text = 'just before the window the first two threads did not run at the same time';
    flags.push(warning('not-concurrent', text));
  }
  if (or0(seen.stealShare) > STEAL_SHARE) {
    const share = percent(or0(seen.stealShare));
    flags.push(warning('steal', `the hypervisor took ${share} of the CPU time`));
  }
  if (or0(seen.throttledNs) > 0) {
    const ms = Number((or0(seen.throttledNs) / 1e6).toPrecision(2));
    flags.push(warning('throttled', `the control group was throttled for ${ms} ms`));
  }
  if (threads <= host.cpu.logicalCores && or0(seen.cpuPressureShare) > PRESSURE_SHARE) {
    const share = percent(or0(seen.cpuPressureShare));
    flags.push(warning('cpu-pressure', `something waited for a CPU ${share} of the time`));
  }
  return flags;
}

function heapFlags({ host: seen }: TrustFacts): TrustFlag[] {
  const flags: TrustFlag[] = [];
  if (or0(seen.gcEvents) > 0) {
    const count = or0(seen.gcEvents);
    const text = `${count} garbage collection${count === 1 ? '' : 's'} in the measured window`;
    flags.push(warning('gc-in-window', text));
  }
  if (or0(seen.heapGrowthBytes) > HEAP_GROWTH_BYTES) {
    const text = `the JavaScript heap grew by ${seen.heapGrowthBytes} bytes in the window`;
    flags.push(note('heap-growth', text));
  }
  return flags;
}

function methodFlags(host: HostFingerprint, facts: TrustFacts): TrustFlag[] {
  const { load, steadyState, latency } = facts;
  const flags: TrustFlag[] = [];
  const { offeredPerSecond: offered, achievedPerSecond: achieved } = load;
  if (load.loop === 'open' && or0(achieved) < SATURATED_SHARE * or0(offered)) {
    const text = `offered ${Math.round(or0(offered))}/s, achieved ${Math.round(or0(achieved))}/s: latency measures the queue`;
    flags.push(warning('saturated', text));
  }
  if (steadyState.class === 'none') {
    const text = 'the latency level still changed at the end of the window';
    flags.push(warning('no-steady-state', text));
  } else if (steadyState.class === 'slowdown') {
    flags.push(note('slowdown', 'an earlier part of the window was faster than its end'));
  }
  const clockCostNs = facts.host.clockCostNs ?? host.clock.costNs;
  const single = [latency.notifier, latency.fault].filter(({ batchSize }) => batchSize === 1);
  const shortest = Math.min(...single.map(({ p50Ns }) => p50Ns ?? Number.POSITIVE_INFINITY));
  if (clockCostNs !== null && shortest < CLOCK_MARGIN * clockCostNs) {
    const text = `a median of ${shortest} ns holds a clock read of ${clockCostNs} ns`;
    flags.push(note('clock-bound', text));
  }
  return flags;
}

function deviceFlags({ device }: TrustFacts): TrustFlag[] {
  const count = or0(device.hardwareFailures);
  if (count === 0) return [];
  const text = `the device died: ${count} faults ended with a hardware failure`;
  return [warning('device-died', text)];
}

/**
 * Flags of one finished cell. Pure: the facts are the record's own, measured during the cell. What a replay
 * counts does not depend on the machine, so nothing of the machine stands on its record.
 */
export function cellFlags(host: HostFingerprint, facts: TrustFacts): TrustFlag[] {
  if (facts.mode === 'replay') return deviceFlags(facts);
  const { device, storm, maintenance } = facts.threads;
  const threads = or0(device) + or0(storm) + or0(maintenance);
  return [
    ...threadFlags(host, threads),
    ...clockFlags(host),
    ...contentionFlags(host, facts, threads),
    ...heapFlags(facts),
    ...deviceFlags(facts),
    ...methodFlags(host, facts),
  ];
}

/** Why `--strict` refuses to run here (exit code 4); null: nothing speaks against it. */
export function strictRefusal(flags: readonly TrustFlag[]): string | null {
  const warnings = flags.filter(({ severity }) => severity === 'warning');
  if (warnings.length === 0) return null;
  return `refused by --strict: ${warnings.map(({ text }) => text).join('; ')}`;
}
