import type { SideDifference } from '../comparison.ts';
import type { HostFingerprint } from '../host-fingerprint.ts';
import type { StoredRun } from '../run-store.ts';

type Fact = readonly [name: string, of: (host: HostFingerprint) => unknown];

/** Facts that make another machine of it; the same ones that machineId is made of. */
const MACHINE_FACTS: readonly Fact[] = [
  ['CPU', (host) => host.cpu.model],
  ['architecture', (host) => host.cpu.architecture],
  ['logical cores', (host) => host.cpu.logicalCores],
  ['threads per core', (host) => host.cpu.threadsPerCore],
  ['memory', (host) => host.memoryBytes],
  ['hypervisor', (host) => host.hypervisor],
  ['CPU limit', (host) => host.cgroup.cpuLimit],
];

const SOFTWARE_FACTS: readonly Fact[] = [
  ['kernel', (host) => host.kernel],
  ['governor', (host) => host.cpu.governor],
  ['clocksource', (host) => host.clocksource],
  ['mitigations', (host) => host.mitigations],
  ['Node', (host) => host.node.version],
  ['Node flags', (host) => host.node.flags.join(' ')],
  ['package lock', (host) => host.source.lockFileHash],
  ['git commit', (host) => host.source.gitCommit],
  ['uncommitted changes', (host) => host.source.gitDirty],
];

const show = (value: unknown): string =>
  typeof value === 'object' && value !== null ? 'changed' : String(value ?? 'unknown');

function changedFacts(facts: readonly Fact[], a: HostFingerprint, b: HostFingerprint): string[] {
  return facts
    .filter(([, of]) => JSON.stringify(of(a)) !== JSON.stringify(of(b)))
    .map(([name, of]) => `${name} ${show(of(a))} -> ${show(of(b))}`);
}

function changedKeys(a: Readonly<Record<string, unknown>>, b: typeof a): string[] {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
}

/** In what two runs differ: the machine blocks verdicts on timings, everything else is a label. */
export function runDifferences(a: StoredRun, b: StoredRun): SideDifference[] {
  const differences: SideDifference[] = [];
  const label = (kind: SideDifference['kind'], text: string): void => {
    differences.push({ kind, severity: 'labels', text });
  };
  if (a.host.machineId !== b.host.machineId) {
    const facts = changedFacts(MACHINE_FACTS, a.host, b.host).join(', ') || 'machineId';
    differences.push({ kind: 'machine', severity: 'blocks', text: `machines differ: ${facts}` });
  }
  const software = changedFacts(SOFTWARE_FACTS, a.host, b.host);
  if (software.length > 0) label('software', `software differs: ${software.join(', ')}`);
  if (a.plan.seed !== b.plan.seed) {
    label('seed', `seeds differ: ${a.plan.seed} -> ${b.plan.seed}; replay counts are not compared`);
  }
  const keys = changedKeys(a.plan.config, b.plan.config);
  if (keys.length > 0) label('plan', `configurations differ in: ${keys.join(', ')}`);
  const [before, after] = [a.host.source.modules, b.host.source.modules];
  const modules = changedKeys(before, after).filter((name) => name in before && name in after);
  if (modules.length > 0) label('modules', `modules differ: ${modules.join(', ')}`);
  return differences;
}

/** What is wrong with a run on its own: records of another machine, planned cells without a record. */
export function runDefects({ plan, host, records }: StoredRun): SideDifference[] {
  const defects: SideDifference[] = [];
  const foreign = records.filter(
    (record) => record.host.machineId !== null && record.host.machineId !== host.machineId,
  );
  if (foreign.length > 0) {
    const text = `${foreign.length} records of ${plan.runId} were made on another machine`;
    defects.push({ kind: 'machine', severity: 'blocks', text });
  }
  const missing = plan.cells.length - records.length;
  if (missing > 0) {
    const text = `${plan.runId} is incomplete: ${missing} of ${plan.cells.length} planned cells have no record`;
    defects.push({ kind: 'plan', severity: 'labels', text });
  }
  return defects;
}
