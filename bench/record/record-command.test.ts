import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-root.ts';
import { readTraceFile } from '../trace/trace-file.ts';
import { findExecutable } from './executable.ts';
import { kvmRefusal } from './kvm-shim.ts';
import type { Recording } from './recording.ts';

/*
 * The recorder is run as a program, so that signals, exit and another user's rights are real. It is
 * compiled into a folder of its own that every user can read. Where tracefs is not mounted, root
 * mounts it in a mount namespace that ends with the test.
 */
const NOBODY = 65534;
const MOUNT = 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"';
const OWN_MOUNTS = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', MOUNT, 'sh'];
/** Records, and writes what came of it and what the kernel's settings were before and after. */
const DRIVER = `
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { recordCommand } from './dist/bench/record/record-command.js';

const TRACING = [
  'tracing_on', 'current_tracer', 'trace_clock', 'trace_options', 'buffer_size_kb', 'set_event',
  'set_event_pid', 'set_event_notrace_pid', 'set_ftrace_pid', 'tracing_cpumask', 'events/enable',
].map((name) => '/sys/kernel/tracing/' + name);
const OTHERS = [
  '/proc/sys/kernel/ftrace_enabled', '/proc/sys/kernel/perf_event_paranoid',
  '/proc/sys/kernel/kptr_restrict', '/proc/sys/kernel/randomize_va_space',
  '/proc/sys/kernel/yama/ptrace_scope', '/proc/sys/vm/overcommit_memory',
  '/proc/sys/vm/nr_hugepages', '/sys/kernel/mm/transparent_hugepage/enabled',
  '/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs',
  '/sys/kernel/mm/ksm/run', '/proc/self/mounts',
];
function read(path) {
  try {
    // Older kernels widen the idle main buffer as soon as any event is switched on, to the size that
    // they announced, in whole pages of 4,080 bytes of events.
    const pages = (kib) => Math.ceil((kib * 1024) / 4080);
    return readFileSync(path, 'utf8').replace(/^\\d+ \\(expanded: (\\d+)\\)/, (_, kib) =>
      Math.floor((pages(kib) * 4080) / 1024));
  } catch {
    return 'unreadable';
  }
}
const settings = () => Object.fromEntries([...TRACING, ...OTHERS].map((path) => [path, read(path)]));
function instances() {
  try {
    return readdirSync('/sys/kernel/tracing/instances').filter((name) => name.startsWith('xlt-bench.' + process.pid));
  } catch {
    return [];
  }
}

const [outcomeFile, options, ...command] = process.argv.slice(2);
const before = settings();
const outcome = {};
const input = { ...JSON.parse(options), ...(command.length > 0 ? { command } : {}) };
try {
  outcome.recording = await recordCommand(input);
} catch (error) {
  outcome.error = { name: error.name, message: error.message, exitCode: error.exitCode };
}
writeFileSync(outcomeFile, JSON.stringify({ ...outcome, before, after: settings(), instances: instances() }));
`;
const ALLOCATE = `const kept = [];
for (let i = 0; i < 150; i++) { kept.push(new Uint8Array(1 << 20).fill(1)); if (kept.length > 8) kept.shift(); }`;

interface Outcome {
  readonly recording?: Recording;
  readonly error?: { name: string; message: string; exitCode?: number };
  readonly before: Record<string, string>;
  readonly after: Record<string, string>;
  readonly instances: string[];
}

const isRoot = process.getuid?.() === 0;
const isMounted = existsSync('/sys/kernel/tracing/instances');
const canMount =
  isRoot && !isMounted && spawnSync(OWN_MOUNTS[0]!, [...OWN_MOUNTS.slice(1), 'true']).status === 0;
const inHostPids =
  process.platform === 'linux' &&
  spawnSync('readlink', ['/proc/self/ns/pid'], { encoding: 'utf8' }).stdout.trim() ===
    'pid:[4026531836]';

function whyNoTracing(): string | undefined {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (!isRoot) return 'tracefs needs root';
  if (!inHostPids) return 'this is a container with its own process ids';
  if (!isMounted && !canMount) return 'tracefs is not mounted and cannot be mounted';
  return undefined;
}
function whyNoRanges(): string | undefined {
  if (!['cc', 'gcc', 'clang'].some((name) => findExecutable(name))) return 'there is no C compiler';
  return whyNoTracing() ?? kvmRefusal();
}
const noTracing = whyNoTracing();
const noRanges = whyNoRanges();
const strace = findExecutable('strace');
const canStrace =
  strace !== undefined && spawnSync(strace, ['-o', '/dev/null', 'true']).status === 0;
if (noTracing) console.log(`recordings through tracefs are not tested here: ${noTracing}`);
else if (noRanges) console.log(`recordings with true ranges are not tested here: ${noRanges}`);
if (!canStrace) console.log('recordings through strace are not tested here: strace cannot trace');

let home = '';
let run = '';
let runs = 0;

beforeAll(() => {
  const root = packageRoot;
  home = mkdtempSync(join(tmpdir(), 'xlt-bench-test-'));
  chmodSync(home, 0o755);
  const compiler = [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--ignoreConfig'];
  const emit = '--module nodenext --target es2022 --rewriteRelativeImportExtensions --noCheck';
  const files = ['--types', 'node', '--rootDir', root, '--outDir', join(home, 'dist')];
  const entry = join(root, 'bench', 'record', 'record-command.ts');
  const built = spawnSync(process.execPath, [...compiler, ...emit.split(' '), ...files, entry], {
    encoding: 'utf8',
    cwd: root,
  });
  if (built.status !== 0) throw new Error(`tsc: ${built.stdout}${built.stderr}`);
  mkdirSync(join(home, 'bench', 'record'), { recursive: true });
  copyFileSync(
    join(root, 'bench', 'record', 'kvm-shim.c'),
    join(home, 'bench', 'record', 'kvm-shim.c'),
  );
  copyFileSync(join(root, 'package.json'), join(home, 'package.json'));
  // What the importer needs; the compiled shim is kept in a cache folder beside it.
  mkdirSync(join(home, 'node_modules'));
  for (const name of ['fzstd', 'zod']) {
    symlinkSync(join(root, 'node_modules', name), join(home, 'node_modules', name));
  }
  writeFileSync(join(home, 'driver.mjs'), DRIVER);
});
afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  run = join(home, `run${runs++}`);
  mkdirSync(run);
  chmodSync(run, 0o777);
});

/** Starts the recorder; with tracefs in its sight unless it is another user's. */
function start(options: object, command: readonly string[], spawnOptions: SpawnOptions = {}) {
  const driver = [join(home, 'driver.mjs'), join(run, 'outcome.json'), JSON.stringify(options)];
  const argv = [process.execPath, ...driver, ...command];
  if (canMount && spawnOptions.uid === undefined) argv.unshift(...OWN_MOUNTS);
  return spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], ...spawnOptions });
}

async function finish(recorder: ChildProcess): Promise<Outcome & { stdout: string; log: string }> {
  let stdout = '';
  let log = '';
  recorder.stdout!.on('data', (text) => {
    stdout += text;
  });
  recorder.stderr!.on('data', (text) => {
    log += text;
  });
  await once(recorder, 'close');
  const file = join(run, 'outcome.json');
  if (!existsSync(file)) throw new Error(`the recorder died: ${log}`);
  return { ...JSON.parse(readFileSync(file, 'utf8')), stdout, log };
}

function expectNothingLeft(outcome: Outcome): void {
  expect(outcome.instances).toEqual([]);
  expect(outcome.after).toEqual(outcome.before);
}

/** Resolves when the command has said that it is ready. */
async function commandReady(recorder: ChildProcess): Promise<void> {
  for await (const text of recorder.stdout!.iterator({ destroyOnReturn: false })) {
    if (String(text).includes('ready')) return;
  }
  throw new Error('the command ended before it was ready');
}

describe('through tracefs', () => {
  test.runIf(!noRanges)('true ranges of a program, and nothing left behind', async () => {
    const out = join(run, 'r.txt');
    const script = `${ALLOCATE}; console.log('out of the program'); process.exit(3)`;
    const outcome = await finish(start({ out }, [process.execPath, '-e', script]));
    expect(outcome.error).toBeUndefined();
    const { facts, files } = outcome.recording!;
    expect(outcome.stdout).toBe('out of the program\n');
    expect(facts).toMatchObject({ recorder: 'tracefs', ranges: 'true', shim: true, exitCode: 3 });
    expect(facts.lost).toEqual({ overrun: 0, commitOverrun: 0, dropped: 0 });
    expect(outcome.before['/sys/kernel/tracing/events/enable']).toMatch(/^[01X]$/m);
    expectNothingLeft(outcome);

    expect(readdirSync(run).sort()).toEqual(
      ['outcome.json', 'r.end.poll.txt', 'r.side.txt', 'r.start.poll.txt', 'r.txt'].sort(),
    );
    expect(files).toHaveLength(4);
    const lines = readFileSync(out, 'utf8').split('\n');
    const ranges = lines.filter((line) => line.includes(' kvm_unmap_hva_range: '));
    expect(ranges.length).toBeGreaterThan(100);
    expect(ranges.length).toBe(facts.rangeEvents);
    // Nothing comes before the program: the first event is its exec.
    const first = lines.find((line) => !line.startsWith('#'))!;
    expect(first).toMatch(new RegExp(`sched_process_exec: filename=.* pid=${facts.pid} `));
    const seconds = lines.flatMap((line) => /\s(\d+\.\d{6}): \w/.exec(line)?.[1] ?? []).map(Number);
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(facts.startSeconds - 1e-6);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(facts.stopSeconds + 1e-6);
    const pages = readFileSync(join(run, 'r.end.poll.txt'), 'utf8');
    expect(pages).toMatch(/^\d+\.\d{6} MAP 0x[0-9a-f]+ 0x[0-9a-f]+ 0 [1-9a-f][0-9a-f]* /m);
  });

  test.runIf(!noTracing)('faults and flushes on demand, and marks of the program', async () => {
    const out = join(run, 'r.txt.gz');
    const command = ['/bin/sh', '-c', 'echo STEP one >$XLT_BENCH_MARKER; (true); true'];
    const outcome = await finish(start({ out, faults: true, flush: true }, command));
    const text = spawnSync('zcat', [out], { encoding: 'utf8' }).stdout;
    expect(text).toContain(' tracing_mark_write: STEP one\n');
    // Not every architecture has tracepoints of page faults; then the recording says so.
    const noFaults = outcome.recording!.facts.missingEvents!.includes('exceptions/page_fault_user');
    if (!noFaults)
      expect(text).toMatch(/page_fault_user: address=0x[0-9a-f]+ ip=0x[0-9a-f]+ error_code=0x/);
    expect(text).not.toMatch(/tlb_flush: .*\([015]\)$/m);
    expect(outcome.recording!.facts.events).toContain('tlb/tlb_flush');
    expectNothingLeft(outcome);
  });

  test.runIf(!noRanges)('a binary trace at once, with the ranges of its text', async () => {
    const out = join(run, 'r.xlt');
    const outcome = await finish(start({ out }, [process.execPath, '-e', ALLOCATE]));
    expect(outcome.error).toBeUndefined();
    const { facts, files } = outcome.recording!;
    expect(files).toEqual([out]);
    expect(readdirSync(run).sort()).toEqual(['outcome.json', 'r.xlt']);
    const { metadata } = await readTraceFile(out);
    expect(metadata.origin).toBe('recorded');
    expect(metadata.lines.kvm_unmap_hva_range).toBe(
      facts.rangeEvents + facts.kernelThreadRangeEvents!,
    );
    expectNothingLeft(outcome);
  });

  test.runIf(!noTracing)('lost events: nothing is saved, and what to do', async () => {
    const out = join(run, 'r.txt');
    const command = [process.execPath, '-e', ALLOCATE];
    const outcome = await finish(start({ out, faults: true, bufferKib: 64 }, command));
    expect(outcome.error?.name).toBe('UsageError');
    expect(outcome.error?.message).toMatch(/^record: \d+ events were lost \(overrun .*256/);
    expect(readdirSync(run)).toEqual(['outcome.json']);
    expectNothingLeft(outcome);
  });

  test.runIf(!noTracing)(
    'a program that does not load the library is not called true',
    async () => {
      const out = join(run, 'r.txt');
      const command = ['/usr/bin/env', 'LD_PRELOAD=', '/bin/sh', '-c', 'true'];
      const outcome = await finish(start({ out }, command));
      expect(outcome.recording!.facts).toMatchObject({ ranges: 'derived', shim: false });
      expect(outcome.log).toMatch(/ranges (must|will) be derived: .*copy-on-write after fork/);
      expectNothingLeft(outcome);
    },
  );

  test.runIf(!noTracing)('a process that runs already goes on', async () => {
    const program = `${ALLOCATE}; setInterval(() => new Uint8Array(1 << 22).fill(1), 5)`;
    const target = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
    try {
      const out = join(run, 'r.txt');
      const outcome = await finish(start({ out, pid: target.pid, seconds: 0.5 }, []));
      const { facts } = outcome.recording!;
      expect(facts).toMatchObject({ pid: target.pid, ranges: 'derived' });
      expect(facts.rangesMissing).toContain('already runs');
      expect(readFileSync(out, 'utf8')).toMatch(/sys_(mmap|munmap|madvise|mprotect)\(/);
      expect(facts.endPages).toHaveProperty('presentPages');
      expect(target.exitCode).toBeNull();
      expectNothingLeft(outcome);
    } finally {
      target.kill('SIGKILL');
    }
  });

  test.runIf(!noTracing)('the instances of a killed recorder go with the next one', async () => {
    const command = ['/bin/sh', '-c', 'echo ready; sleep 30'];
    const killed = start({ out: join(run, 'a.txt') }, command, { detached: true });
    await commandReady(killed);
    // The recorder's program replaces unshare and the shell before it: the process id is its own.
    process.kill(-killed.pid!, 'SIGKILL');
    await once(killed, 'exit');
    const outcome = await finish(start({ out: join(run, 'b.txt') }, ['/bin/true']));
    const removed = new RegExp(`removed the tracefs instance xlt-bench\\.${killed.pid}\\.`);
    expect(outcome.log).toMatch(removed);
    expect(outcome.recording).toBeDefined();
    expectNothingLeft(outcome);
  });
});

describe('signals', () => {
  const waiting = `process.on('SIGINT', () => process.exit(7)); ${ALLOCATE}; console.log('ready'); setInterval(() => {}, 1000)`;

  test.runIf(!noTracing || canStrace)(
    'Ctrl-C ends the program, and the recording is saved',
    async () => {
      const out = join(run, 'r.txt');
      const recorder = start({ out }, [process.execPath, '-e', waiting]);
      await commandReady(recorder);
      recorder.kill('SIGINT');
      const outcome = await finish(recorder);
      expect(outcome.recording!.facts.exitCode).toBe(7);
      expect(readFileSync(out, 'utf8')).toMatch(/mmap\(/);
      expectNothingLeft(outcome);
    },
  );

  test.runIf(!noTracing || canStrace)('a program deaf to it is killed at the third', async () => {
    const out = join(run, 'r.txt');
    const deaf = `trap '' INT; echo ready; while :; do sleep 1; done`;
    const recorder = start({ out }, ['/bin/sh', '-c', deaf]);
    await commandReady(recorder);
    for (let count = 0; count < 3; count++) {
      recorder.kill('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const outcome = await finish(recorder);
    expect(outcome.recording!.facts).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
    expect(existsSync(out)).toBe(true);
    expectNothingLeft(outcome);
  });
});

describe('without the rights', () => {
  const asNobody: SpawnOptions = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const nobodyCanRun = spawnSync(process.execPath, ['-e', '0'], { ...asNobody, encoding: 'utf8' });
  const isClosed = isRoot || noTracing !== undefined;
  if (nobodyCanRun.status !== 0) console.log('node cannot be run by another user here');
  const runs = isClosed && nobodyCanRun.status === 0;

  test.runIf(runs && canStrace)(
    'system calls through strace, and a word about the loss',
    async () => {
      const out = join(run, 'r.txt');
      const command = [process.execPath, '-e', `${ALLOCATE}; process.exit(4)`];
      const outcome = await finish(start({ out }, command, asNobody));
      expect(outcome.error).toBeUndefined();
      const { facts } = outcome.recording!;
      expect(facts).toMatchObject({ recorder: 'strace', ranges: 'derived', exitCode: 4 });
      expect(outcome.log).toMatch(/recording system calls with strace: .*copy-on-write after fork/);
      const text = readFileSync(out, 'utf8');
      expect(text.startsWith('# xlt-bench record: {')).toBe(true);
      expect(text).toMatch(new RegExp(`^${facts.pid} +\\d+\\.\\d+ mmap\\(.* = 0x`, 'm'));
      expect(text).toMatch(/\+\+\+ exited with 4 \+\+\+/);
      expectNothingLeft(outcome);
    },
  );

  test.runIf(runs && canStrace)('the process of a command that ends at once', async () => {
    const out = join(run, 'r.txt');
    const outcome = await finish(start({ out }, ['true'], asNobody));
    const { facts } = outcome.recording!;
    expect(facts.pid).toBeGreaterThan(0);
    expect(readFileSync(out, 'utf8')).toMatch(
      new RegExp(`^${facts.pid} +\\d+\\.\\d+ execve\\(`, 'm'),
    );
    expect(outcome.log).toContain(`process ${facts.pid} ended with exit code 0`);
  });

  test.runIf(runs)('without strace as well: one sentence that says what is missing', async () => {
    const bin = join(run, 'bin');
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, 'node'));
    const env = { ...process.env, PATH: bin };
    const out = join(run, 'r.txt');
    const outcome = await finish(start({ out }, ['/bin/true'], { ...asNobody, env }));
    expect(outcome.error).toMatchObject({ name: 'EnvironmentRefused', exitCode: 4 });
    expect(outcome.error!.message).toMatch(/^record: cannot record: .*no strace in PATH; .*root/);
    expect(outcome.error!.message).not.toContain('\n');
    expect(existsSync(out)).toBe(false);
  });
});
