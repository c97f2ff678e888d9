import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import {
  type HostFingerprint,
  hostFingerprintSchema,
  type LoadSnapshot,
} from '../../results/host-fingerprint.ts';
import type { ClockCheck } from './clock-check.ts';
import { takeLoadSnapshot } from './load-snapshot.ts';
import { type ControlGroup, controlGroup, type SystemFiles, systemFiles } from './system-files.ts';

const NOT_EXPOSED = 'not exposed';
const CPU = '/sys/devices/system/cpu';
const GIT_TIMEOUT_MS = 5000;

/** What Node itself knows of the machine; everything else is read from files. */
export interface NodeFacts {
  readonly model: string;
  readonly architecture: string;
  readonly logicalCores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly version: string;
  readonly v8: string;
  readonly flags: readonly string[];
}

export interface SourceFacts {
  readonly packageVersion: string | null;
  readonly gitCommit: string | null;
  readonly gitDirty: boolean | null;
  readonly lockFileHash: string | null;
  readonly modules: Readonly<Record<string, string>>;
}

function nodeFacts(): NodeFacts {
  return {
    model: os.cpus()[0]?.model.trim() || NOT_EXPOSED,
    architecture: os.arch(),
    logicalCores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    version: process.version,
    v8: process.versions.v8,
    flags: process.execArgv,
  };
}

function git(packageRoot: string, ...command: readonly string[]): string | null {
  try {
    return execFileSync('git', ['-C', packageRoot, ...command], {
      encoding: 'utf8',
      timeout: GIT_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

/** Version, commit and lock file of the package; null where it was installed without them. */
export function sourceFacts(
  packageRoot: string,
  modules: Readonly<Record<string, string>> = {},
): SourceFacts {
  const read = (file: string): string | null => systemFiles(join(packageRoot, file));
  const status = git(packageRoot, 'status', '--porcelain', '--', '.');
  const lock = read('package-lock.json');
  const manifest = read('package.json');
  return {
    packageVersion: manifest === null ? null : JSON.parse(manifest).version,
    gitCommit: git(packageRoot, 'rev-parse', 'HEAD'),
    gitDirty: status === null ? null : status !== '',
    lockFileHash: lock === null ? null : digest(lock),
    modules,
  };
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** Digest of a module's file, as `source.modules` holds it. @throws when it cannot be read */
export function moduleHash(path: string): string {
  return digest(readFileSync(path));
}

/** Physical cores: distinct pairs of socket and core; null where cpuinfo does not say (e.g. arm64). */
function physicalCores(files: SystemFiles): number | null {
  const cores = new Set<string>();
  for (const block of (files('/proc/cpuinfo') ?? '').split('\n\n')) {
    const socket = /^physical id\s*: (\d+)/m.exec(block)?.[1];
    const core = /^core id\s*: (\d+)/m.exec(block)?.[1];
    if (socket !== undefined && core !== undefined) cores.add(`${socket}:${core}`);
  }
  return cores.size === 0 ? null : cores.size;
}

function hypervisor(files: SystemFiles): string | null {
  const flagged = /^flags\s*:.* hypervisor( |$)/m.test(files('/proc/cpuinfo') ?? '');
  const type = files('/sys/hypervisor/type');
  if (!flagged && type === null) return null;
  return type ?? files('/sys/class/dmi/id/sys_vendor') ?? 'unnamed';
}

function mitigations(files: SystemFiles): Record<string, string> {
  const names = [
    ...['gather_data_sampling', 'itlb_multihit', 'l1tf', 'mds', 'meltdown', 'mmio_stale_data'],
    ...['reg_file_data_sampling', 'retbleed', 'spec_rstack_overflow', 'spec_store_bypass'],
    ...['spectre_v1', 'spectre_v2', 'srbds', 'tsx_async_abort', 'vmscape'],
  ];
  const lines = names.map((name) => [name, files(`${CPU}/vulnerabilities/${name}`)] as const);
  return Object.fromEntries(lines.filter(([, line]) => line !== null)) as Record<string, string>;
}

/** Quota in cores: `cpu.max` is "quota period" or "max period"; version 1 has two files, -1 for none. */
function cpuLimit(group: ControlGroup): number | null {
  const unified = group.read('cpu', 'cpu.max')?.split(' ');
  const quota = Number(unified?.[0] ?? group.read('cpu', 'cpu.cfs_quota_us'));
  const period = Number(unified?.[1] ?? group.read('cpu', 'cpu.cfs_period_us'));
  return quota > 0 && period > 0 ? quota / period : null;
}

function memoryLimit(group: ControlGroup, memoryBytes: number): number | null {
  const limit = group.read('memory', 'memory.max') ?? group.read('memory', 'memory.limit_in_bytes');
  const bytes = Number(limit ?? Number.NaN);
  return bytes > 0 && bytes < memoryBytes ? bytes : null;
}

/** Stable facts only: a reading that wanders would make a new machine of the same one every time. */
function machineIdOf(host: Omit<HostFingerprint, 'machineId' | 'schemaVersion'>): string {
  const gib = Math.round(host.memoryBytes / 2 ** 30);
  const facts = [host.cpu.model, host.cpu.architecture, host.cpu.logicalCores];
  const more = [host.cpu.threadsPerCore, gib, host.hypervisor, host.cgroup.cpuLimit];
  return digest(JSON.stringify([...facts, ...more]));
}

export interface CaptureOptions {
  readonly source: SourceFacts;
  readonly clock?: ClockCheck | undefined;
  readonly before?: LoadSnapshot | undefined;
  readonly files?: SystemFiles | undefined;
  readonly node?: NodeFacts | undefined;
  /** Flags that the cell processes get beside those of this process. */
  readonly cellFlags?: readonly string[] | undefined;
}

/** host.json: a function of what Node says and of the files it is given. */
export function captureHost(options: CaptureOptions): HostFingerprint {
  const { files = systemFiles, node = nodeFacts() } = options;
  const group = controlGroup(files);
  const cores = physicalCores(files);
  const smt = files(`${CPU}/smt/active`);
  const host = {
    capturedAt: new Date().toISOString(),
    cpu: {
      model: node.model,
      architecture: node.architecture,
      logicalCores: node.logicalCores,
      physicalCores: cores,
      threadsPerCore: smt === null ? null : smt === '1' ? 2 : 1,
      governor: files(`${CPU}/cpu0/cpufreq/scaling_governor`) ?? NOT_EXPOSED,
    },
    memoryBytes: node.memoryBytes,
    kernel: node.kernel,
    distribution: /^PRETTY_NAME="?([^"\n]+)/m.exec(files('/etc/os-release') ?? '')?.[1] ?? null,
    hypervisor: hypervisor(files),
    clocksource:
      files('/sys/devices/system/clocksource/clocksource0/current_clocksource') ?? NOT_EXPOSED,
    mitigations: mitigations(files),
    cgroup: {
      version: group.version,
      cpuLimit: cpuLimit(group),
      memoryLimitBytes: memoryLimit(group, node.memoryBytes),
      cpuset: /^Cpus_allowed_list:\s*(.+)$/m.exec(files('/proc/self/status') ?? '')?.[1] ?? null,
    },
    node: {
      version: node.version,
      v8: node.v8,
      flags: [...node.flags, ...(options.cellFlags ?? [])],
    },
    source: { ...options.source, modules: { ...options.source.modules } },
    clock: options.clock ?? { costNs: null, granularityNs: null, backwardSteps: null },
    load: {
      before: options.before ?? takeLoadSnapshot(files),
      after: null,
      stealShare: null,
    },
  };
  return hostFingerprintSchema.parse({ machineId: machineIdOf(host), ...host });
}
