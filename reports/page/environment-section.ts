import type { ReportModel, RunHeader } from '../report-model.ts';
import { formatValue } from '../units.ts';
import { html, type Insertion, type Markup } from './markup.ts';

/** Everything that is needed to judge, and to repeat, a run. */
export function environmentSection(model: ReportModel): Markup {
  return html`<section id="environment" aria-labelledby="environment-title">
<h2 id="environment-title">Machine, versions and command</h2>
${model.runs.map((run) => runEnvironment(run))}
</section>`;
}

function runEnvironment(run: RunHeader): Markup {
  const { plan, host } = run;
  return html`<div class="environment"><h3><bdi>${run.id}</bdi></h3>
<p>The exact command:</p><pre tabindex="0"><code>${plan.command}</code></pre>
<dl>${row('created', plan.createdAt)}${row('suite', plan.suite ?? 'none')}${row('seed', plan.seed)}${row('record schema', plan.schemaVersion)}${row('read from', run.folder)}${
    host === null ? null : hostRows(host)
  }</dl>
<details><summary>Resolved configuration</summary><pre tabindex="0"><code>${JSON.stringify(plan.config, null, 2)}</code></pre></details>
${
  host === null
    ? null
    : html`<details><summary>Mitigations and module digests</summary><dl>${Object.entries(host.mitigations).map(([name, line]) => row(name, line))}${Object.entries(host.source.modules).map(([name, digest]) => row(`module ${name}`, digest))}</dl></details>`
}</div>`;
}

function row(name: string, value: Insertion): Markup {
  return html`<div><dt>${name}</dt><dd><bdi>${value ?? 'not exposed'}</bdi></dd></div>`;
}

function hostRows(host: NonNullable<RunHeader['host']>): Markup {
  const { cpu, cgroup, node, source, clock, load } = host;
  const cores = `${cpu.logicalCores} usable${cpu.physicalCores === null ? '' : `, ${cpu.physicalCores} physical`}${
    cpu.threadsPerCore === null
      ? ''
      : `, ${cpu.threadsPerCore} thread${cpu.threadsPerCore === 1 ? '' : 's'} per core`
  }`;
  const limits = [
    cgroup.cpuLimit === null ? 'no CPU limit' : `${cgroup.cpuLimit} CPUs`,
    cgroup.memoryLimitBytes === null
      ? 'no memory limit'
      : formatValue(cgroup.memoryLimitBytes, 'bytes'),
    cgroup.cpuset === null ? 'any CPU' : `CPUs ${cgroup.cpuset}`,
  ].join(', ');
  const commit =
    source.gitCommit === null
      ? 'not known'
      : `${source.gitCommit.slice(0, 12)}${source.gitDirty ? ', with local changes' : ''}`;
  const { costNs, granularityNs } = clock;
  const facts: [string, Insertion][] = [
    ['machine', host.machineId],
    ['CPU', `${cpu.model} (${cpu.architecture})`],
    ['cores', cores],
    ['governor', cpu.governor],
    ['memory', formatValue(host.memoryBytes, 'bytes')],
    ['kernel', host.kernel],
    ['system', host.distribution],
    ['hypervisor', host.hypervisor ?? 'none seen'],
    ['clock source', host.clocksource],
    ['clock cost', `${formatValue(costNs, 'ns')}, granularity ${formatValue(granularityNs, 'ns')}`],
    ['control group', limits],
    ['steal', load.stealShare === null ? null : formatValue(load.stealShare, 'share')],
    ['Node', [`${node.version}, V8 ${node.v8}`, ...node.flags].join(', ')],
    ['xlt-bench', source.packageVersion],
    ['commit', commit],
    ['lock file', source.lockFileHash],
  ];
  return html`${facts.map(([name, value]) => row(name, value))}`;
}
