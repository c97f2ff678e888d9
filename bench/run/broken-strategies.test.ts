import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ABI_VERSION } from '../../core/abi/layout.ts';
import { manifest } from '../../strategies/manifest.ts';
import { ABI_SECTION } from '../build/abi-section.ts';
import {
  type CommandResult,
  CommandRun,
  RunBench,
  runCommand,
  SMALL_STORM,
} from '../fixtures/command-run.ts';
import { childProcesses, type ProcessState, processState } from '../fixtures/process-state.ts';
import { testModule } from '../fixtures/test-module.ts';
import { packageRoot } from '../package-root.ts';

const common = { workloads: SMALL_STORM, devices: 'ideal', windowSeconds: 0.1 };

let bench: RunBench;

/** A module of core/testing, as somebody's own strategy file. */
async function ownModule(name: string): Promise<string> {
  const file = bench.path(`${name}.wasm`);
  copyFileSync(await testModule(name), file);
  return file;
}

beforeAll(() => {
  bench = new RunBench();
});

afterAll(() => bench.remove());

describe('a strategy that breaks', () => {
  let result: CommandResult;

  beforeAll(async () => {
    const [trap, endless] = [
      await ownModule('trap-in-update'),
      await ownModule('endless-invalidate'),
    ];
    const suite = bench.suite(
      'broken',
      { ...common, strategies: [trap, 'flat-preallocated'], timeoutSeconds: 90 },
      { ...common, strategies: [endless], timeoutSeconds: 4 },
    );
    result = await runCommand('run', suite, '--seed', '2', '--out', bench.path('broken'));
  });

  const of = (name: string) =>
    bench.records('broken').find(({ strategy }) => strategy.includes(name))!;

  it('by a trap is recorded as crashed, with the thread and the trap', () => {
    const { verdict, reason } = of('trap-in-update');
    expect(verdict).toBe('crashed');
    expect(reason).toMatch(/device thread 0 trapped: unreachable/);
  });

  it('by never coming back is recorded as timeout, with the limit', () => {
    const { verdict, reason } = of('endless-invalidate');
    expect(verdict).toBe('timeout');
    expect(reason).toContain('no result after 4 s');
  });

  it('does not keep the others from running; the run exits with 1 and names the two', () => {
    expect(of('flat-preallocated').verdict).toBe('passed');
    expect(bench.records('broken')).toHaveLength(3);
    expect(result.code).toBe(1);
    expect(result.stdout).toContain('trap-in-update');
    expect(result.stdout).toContain('endless-invalidate');
  });
});

describe('a module from outside of the tree', () => {
  const flat = join(packageRoot, 'dist', 'wasm', 'strategies', 'flat-preallocated.wasm');

  it('runs like one of the tree, with what its manifest file declares', async () => {
    const file = bench.path('my-own.wasm');
    copyFileSync(flat, file);
    const entry = manifest.find(({ id }) => id === 'flat-preallocated')!;
    writeFileSync(bench.path('my-own.json'), JSON.stringify({ ...entry, title: 'my own table' }));
    const suite = bench.suite('own', { ...common, strategies: 'noop', timeoutSeconds: 90 });
    const { code } = await runCommand('run', suite, '--strategy', file, '--out', bench.path('own'));
    expect(code).toBe(0);
    const [record] = bench.records('own');
    expect(record).toMatchObject({ verdict: 'passed', strategyTitle: 'my own table' });
    expect(record!.allocations.map(({ site }) => site)).toContain('register');
  });

  /** flat-preallocated's module with its bytes changed. */
  function changedModule(name: string, change: (binary: Buffer) => Buffer): void {
    writeFileSync(bench.path(`${name}.wasm`), change(readFileSync(flat)));
  }

  const makers: Readonly<Record<string, () => unknown>> = {
    'missing-export': () => ownModule('missing-export'),
    'no-module': () => writeFileSync(bench.path('no-module.wasm'), 'text'),
    // The ABI section is the last one, its version the last four bytes.
    'other-abi': () =>
      changedModule('other-abi', (binary) => {
        binary.writeUInt32LE(ABI_VERSION + 1, binary.length - 4);
        return binary;
      }),
    'no-abi': () =>
      changedModule('no-abi', (binary) =>
        binary.subarray(0, binary.length - (3 + ABI_SECTION.length + 4)),
      ),
    // asc imports 4 pages with a maximum of 65,536: made 64 pages.
    'wants-memory': () =>
      changedModule('wants-memory', (binary) => {
        const limits = binary.indexOf(Buffer.from([2, 3, 4, 0x80, 0x80, 4]));
        binary[limits + 2] = 64;
        return binary;
      }),
  };

  it.each([
    ['lacks an export', 'missing-export', 'export invalidate is missing'],
    ['was built for another ABI', 'other-abi', `says ABI ${ABI_VERSION + 1}; expected ABI`],
    ['says no ABI', 'no-abi', `section ${ABI_SECTION} is missing`],
    ['needs memory of its own', 'wants-memory', 'needs 64 pages of memory (4 MiB)'],
    ['is no module', 'no-module', 'not a readable WebAssembly module'],
    ['is not there', 'not-there', 'no such file'],
  ])('that %s is refused in one line, and nothing is written', async (_, name, message) => {
    await makers[name]?.();
    const file = bench.path(`${name}.wasm`);
    const suite = bench.suite('refused', { ...common, strategies: 'noop', timeoutSeconds: 90 });
    const out = bench.path(`out-${name}`);
    const { code, stderr } = await runCommand('run', suite, '--strategy', file, '--out', out);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(file);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});

/** Linux lists the children of a process when it is configured so. */
const listsChildren = existsSync(`/proc/self/task/${process.pid}/children`);
if (!listsChildren) console.log('orphans are not tested here: /proc lists no children');

describe.runIf(listsChildren)('a runner that is killed', () => {
  it('takes the process of its cell along, even one that never ends by itself', async () => {
    const endless = await ownModule('endless-invalidate');
    const suite = bench.suite('orphan', { ...common, strategies: [endless], timeoutSeconds: 100 });
    const run = new CommandRun('run', suite, '--out', bench.path('orphan'));
    const turn = (): Promise<void> => new Promise(setImmediate);
    let cell: ProcessState | null = null;
    try {
      // Once it has used two seconds of processor time it is past its start, in the endless loop.
      while (cell === null || cell.processorSeconds < 2) {
        await turn();
        cell =
          childProcesses(run.child.pid!).find(({ command }) => /cell-process/.test(command)) ??
          null;
      }
      run.child.kill('SIGKILL');
      await run.result;
      const deadlineMs = performance.now() + 60_000;
      while (processState(cell.pid)?.isRunning && performance.now() < deadlineMs) await turn();
      expect(processState(cell.pid)?.isRunning ?? false).toBe(false);
    } finally {
      run.child.kill('SIGKILL');
      if (cell !== null && processState(cell.pid)?.command === cell.command) {
        process.kill(cell.pid, 'SIGKILL');
      }
    }
  });
});
