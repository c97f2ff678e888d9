import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifest, type StrategyEntry } from '../../strategies/manifest.ts';
import { loadModules } from '../cell/thread-modules.ts';
import { CommandRun, runCommand } from '../fixtures/command-run.ts';
import { childProcesses, type ProcessState, processState } from '../fixtures/process-state.ts';
import { packageRoot } from '../package-root.ts';
import { conformanceCases } from './case-list.ts';
import { sweepAllocations } from './failure-sweep.ts';
import { type BrokenName, brokenStrategies, compileBroken } from './fixtures/broken-strategy.ts';
import { renderVerification } from './render-verification.ts';
import { type CaseResults, runCases } from './run-cases.ts';
import { catchOfDeath, type VerificationReport } from './verification.ts';
import type { VerifyOptions } from './verify-strategies.ts';

const flat = manifest.find(({ id }) => id === 'flat-preallocated')!;
const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
afterAll(() => rmSync(folder, { recursive: true }));

function moduleFile(name: BrokenName): string {
  return join(folder, `${name}.wasm`);
}

beforeAll(async () => {
  for (const name of Object.keys(brokenStrategies) as BrokenName[]) {
    writeFileSync(moduleFile(name), await compileBroken(name));
    // What an out-of-tree module says about itself: the intact strategy's claims.
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...flat, id: name }));
  }
});

function run(name: BrokenName, only: string): CaseResults {
  const entry: StrategyEntry = { ...flat, id: name };
  const modules = loadModules({ file: moduleFile(name) });
  return runCases({ entry, modules, params: {} }, { size: 'small', seed: 3, only });
}

function messages({ failed }: CaseResults): string {
  return failed.map((failure) => failure.message).join('\n');
}

describe('the suite on planted breakage', () => {
  it('passes the same strategy intact', () => {
    expect(run('intact', 'hmm/').failed).toEqual([]);
    expect(run('intact', 'model/random-two').failed).toEqual([]);
  });

  it('notices one corrupted table word', () => {
    expect(messages(run('corrupted-word', 'hmm/anon_write'))).toMatch(
      /translates page \d+ to frame \d+ .* the CPU maps it to frame/,
    );
    expect(messages(run('corrupted-word', 'model/random-two'))).toMatch(/after \[.*\]: /);
  });

  it('notices a leaked page in every case', () => {
    const { failed, passed } = run('leaked-page', 'hmm/migrate');
    expect(passed).toEqual([]);
    expect(failed[0]!.message).toMatch(/1 table pages leaked/);
  });

  it('notices an invalidate that fails for lack of memory', () => {
    expect(messages(run('no-memory-in-invalidate', 'invariant/i2'))).toMatch(
      /claim allocatesInInvalidate: invalidate at site register/,
    );
    const entry: StrategyEntry = {
      ...flat,
      id: 'no-memory-in-invalidate',
      guarantees: { ...flat.guarantees, allocatesInInvalidate: true },
    };
    const modules = loadModules({ file: moduleFile('no-memory-in-invalidate') });
    const strategy = { entry, modules, params: {} };
    expect(messages(runCases(strategy, { size: 'small', seed: 3, only: 'invariant/i2' }))).toMatch(
      /I2: invalidate returned -12/,
    );
    const sweep = sweepAllocations(strategy, { size: 'small', seed: 3 });
    expect(sweep.violations).toBeGreaterThan(0);
    expect(sweep.failed[0]!.case).toMatch(/^allocation\//);
  });

  it('notices commands that are not fenced', () => {
    expect(messages(run('no-fence', 'invariant/i1'))).toMatch(/2 commands not fenced/);
  });

  it('notices a lock that is not released', () => {
    expect(messages(run('held-lock', 'hmm/anon_write'))).toMatch(/still holds the lock/);
  });

  it('reports a trap as the failure of one case', () => {
    const { failed, passed } = run('trap', 'hmm/anon_write');
    expect(failed.map((failure) => failure.case)).toEqual([
      'hmm/anon_write_child_shared',
      'hmm/anon_write_hugetlbfs',
    ]);
    expect(failed[0]!.message).toMatch(/trapped: unreachable/);
    expect(passed.length).toBeGreaterThan(3);
  });

  it('cuts a failing random run down and names the seed', () => {
    const { failed } = run('no-fence', 'model/random-two');
    expect(failed[0]!.message).toMatch(/^seed 3, after \[[^;]*(; [^;]*){0,4}\]: /);
    expect(failed[0]!.replay).toBe(
      'xlt-bench verify no-fence --case model/random-two-regions --seed 3 --size small',
    );
  });
});

describe('the suite', () => {
  it('has unique case names, each with a purpose', () => {
    const names = conformanceCases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { purpose } of conformanceCases) expect(purpose).toMatch(/^[A-Za-z].*\.$/);
  });

  it('has the 29 and 6 hmm-tests of the kernel, expressed or excused', () => {
    expect(conformanceCases.filter(({ name }) => name.startsWith('hmm/'))).toHaveLength(35);
  });

  it('has no excuse in the manifest for a case that does not exist', () => {
    const names = new Set(conformanceCases.map(({ name }) => name));
    for (const { id, excused = {} } of manifest) {
      for (const name of Object.keys(excused))
        expect(names, `${id} excuses ${name}`).toContain(name);
    }
  });
});

describe('verification in child processes', () => {
  async function verify(options: Partial<VerifyOptions>): Promise<VerificationReport> {
    // From dist, as the command line runs it: the children are compiled files.
    const file = join(packageRoot, 'dist/bench/conformance/verify-strategies.js');
    const compiled = (await import(pathToFileURL(file).href)) as {
      verifyStrategies(options: VerifyOptions): Promise<VerificationReport>;
    };
    return compiled.verifyStrategies({
      ids: [],
      failNth: 'off',
      deviceErrors: false,
      size: 'small',
      seed: 1,
      ...options,
    });
  }

  it('lets an endless loop fail alone and names the case it was in', async () => {
    const report = await verify({
      ids: [moduleFile('endless-loop'), 'flat-preallocated'],
      only: 'hmm/file_read',
      timeoutSeconds: 8,
    });
    const [looping, intact] = report.strategies;
    expect(looping!.failed).toEqual([
      {
        case: 'hmm/file_read',
        message: 'no answer after 8 s, killed (an endless loop?)',
        replay: `xlt-bench verify ${moduleFile('endless-loop')} --case hmm/file_read --seed 1 --size small`,
      },
    ]);
    expect(intact!.verdict).toBe('passed');
    expect(report.verdict).toBe('failed');
    expect(renderVerification(report)).toMatch(/FAILED +endless-loop/);
  });

  it('catches a canary with real threads as well', async () => {
    const report = await verify({ ids: ['canary-late-zap'], only: 'race' });
    expect(report.strategies[0]!.caughtBy?.how).toBe('threads');
    expect(report.strategies[0]!.race!.violations).toBeGreaterThan(0);
    expect(renderVerification(report)).toMatch(/caught +canary-late-zap/);
  });

  it('refuses an unknown strategy and an unknown case in one line', async () => {
    await expect(verify({ ids: ['flat-prealocated'] })).rejects.toThrow(/did you mean/);
    await expect(verify({ ids: ['noop'], only: 'hmm/nothing' })).rejects.toThrow(
      /case "hmm\/nothing": unknown; /,
    );
  });

  it('compiles every module before it begins with the first', async () => {
    const begun: string[] = [];
    const ids = ['flat-preallocated', join(folder, 'no-module.wasm')];
    writeFileSync(ids[1]!, 'text');
    const onProgress: VerifyOptions['onProgress'] = (progress) => {
      if (progress.kind === 'begin') begun.push(progress.id);
    };
    await expect(verify({ ids, jobs: 1, only: 'hmm/file_read', onProgress })).rejects.toThrow(
      /no-module.wasm: not a readable/,
    );
    expect(begun).toEqual([]);
  });

  it('ends with the first usage error, whoever else is at work', async () => {
    // init and fini under each other's name: it compiles and does not fit.
    const text = readFileSync(join(packageRoot, 'dist/wasm/strategies/flat-preallocated.wasm'));
    const [init, fini] = [text.indexOf('\x04init\x00'), text.indexOf('\x04fini\x00')];
    text.write('fini', init + 1);
    text.write('init', fini + 1);
    const swapped = join(folder, 'swapped.wasm');
    writeFileSync(swapped, text);
    const ids = ['flat-preallocated', swapped, 'noop', 'radix'];
    const { code, stderr } = await runCommand('verify', '--jobs', '2', ...ids);
    expect(stderr).toMatch(/^xlt-bench: the strategy module does not fit ABI [^\n]*\n$/);
    expect(code).toBe(2);
  });

  it('fails a canary whose process died before a case began', async () => {
    const report = await verify({ ids: ['canary-late-zap'], timeoutSeconds: 0.001 });
    const [killed] = report.strategies;
    expect(killed).toMatchObject({ verdict: 'failed', failed: [{ case: 'start' }] });
    expect(renderVerification(report)).toMatch(/FAILED +canary-late-zap/);
  });

  it('takes a hang or a trap in a case for a catch, and no other death', () => {
    const message = 'its process ended';
    const death = { during: 'pt/balance', timedOut: false, stderr: '', message };
    const trap = 'node:internal\n\nRuntimeError: unreachable\n    at wasm://wasm/1';
    const oom = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
    expect(catchOfDeath({ ...death, timedOut: true })?.case).toBe('pt/balance');
    expect(catchOfDeath({ ...death, stderr: trap })?.case).toBe('pt/balance');
    for (const stderr of ['', oom, 'TypeError: x is undefined']) {
      expect(catchOfDeath({ ...death, stderr })).toBe(null);
    }
    expect(catchOfDeath({ ...death, during: null, timedOut: true })).toBe(null);
    expect(catchOfDeath({ ...death, during: null, stderr: trap })).toBe(null);
  });
});

/** Linux lists the children of a process when it is configured so. */
const listsChildren = existsSync(`/proc/self/task/${process.pid}/children`);

describe.runIf(listsChildren)('a verification that is ended', () => {
  it.each([
    ['SIGTERM', { code: 130, stdout: '', stderr: 'xlt-bench: interrupted\n' }],
    ['SIGKILL', { code: null, stdout: '', stderr: '' }],
  ] as const)(
    'by %s leaves no process behind, even one in an endless loop',
    async (signal, end) => {
      const run = new CommandRun('verify', moduleFile('endless-loop'), '--case', 'hmm/file_read');
      let child: ProcessState | null = null;
      try {
        // Once it has used two seconds of processor time it is past its start, in the endless loop.
        while (child === null || child.processorSeconds < 2) {
          await wait(50);
          const children = childProcesses(run.child.pid!);
          child = children.find(({ command }) => /verify-child/.test(command)) ?? null;
        }
        run.child.kill(signal);
        expect(await run.result).toEqual(end);
        const deadlineMs = performance.now() + 60_000;
        while (processState(child.pid)?.isRunning && performance.now() < deadlineMs) await wait(50);
        expect(processState(child.pid)?.isRunning ?? false).toBe(false);
      } finally {
        run.child.kill('SIGKILL');
        if (child !== null && processState(child.pid)?.command === child.command) {
          process.kill(child.pid, 'SIGKILL');
        }
      }
    },
  );
});
