import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../package-root.ts';
import { findExecutable } from './executable.ts';
import { buildKvmShim, kvmRefusal } from './kvm-shim.ts';

const source = join('bench', 'record', 'kvm-shim.c');
const hasCompiler = ['cc', 'gcc', 'clang'].some((name) => findExecutable(name) !== undefined);
const canMakeVm = process.platform === 'linux' && kvmRefusal() === undefined;
if (!hasCompiler) console.log('the shim is not compiled here: no cc, gcc or clang in PATH');
else if (!canMakeVm) console.log(`the shim makes no VM here: ${kvmRefusal()}`);
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'xlt-bench-test-'));
  mkdirSync(dirname(join(root, source)), { recursive: true });
  copyFileSync(join(packageRoot, source), join(root, source));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function compiled(): string {
  const shim = buildKvmShim(root);
  if ('refusal' in shim) throw new Error(shim.refusal);
  return shim.library;
}

describe('buildKvmShim', () => {
  test('says which compilers it looked for', () => {
    expect(buildKvmShim(root, ['no-such-cc', 'nor-this'])).toEqual({
      refusal: 'no C compiler (no-such-cc, nor-this) in PATH',
    });
  });

  test('a compiler that fails leaves nothing behind', () => {
    const shim = buildKvmShim(root, ['false']);
    expect(shim).toEqual({
      refusal: expect.stringMatching(/false does not compile .*kvm-shim\.c/),
    });
    expect(readdirSync(join(root, 'node_modules', '.cache', 'xlt-bench'))).toEqual([]);
  });

  test.runIf(hasCompiler)('compiles once', () => {
    const library = compiled();
    const { mtimeMs, ino } = statSync(library);
    expect(compiled()).toBe(library);
    expect(statSync(library)).toMatchObject({ mtimeMs, ino });
  });
});

describe('kvmRefusal', () => {
  test('a device that is not there', () => {
    expect(kvmRefusal(join(root, 'kvm'))).toMatch(/^there is no .*kvm \(load the kvm module/);
  });

  test('a device that cannot be opened', () => {
    const device = join(root, 'kvm');
    mkdirSync(device); // a folder in its place stands for a device without a driver
    expect(kvmRefusal(device)).toMatch(/kvm cannot be opened: EISDIR \(/);
  });
});

describe('the preloaded library', () => {
  const listVms = 'ls -l /proc/self/fd; (ls -l /proc/self/fd); exit 5';

  test.runIf(hasCompiler && canMakeVm)('every process and child owns a VM at a high number', () => {
    const run = spawnSync('/bin/sh', ['-c', listVms], {
      encoding: 'utf8',
      env: { ...process.env, LD_PRELOAD: compiled() },
    });
    expect(run.status).toBe(5);
    const vms = [...run.stdout.matchAll(/ (\d+) -> anon_inode:kvm-vm/g)].map((m) => Number(m[1]));
    expect(vms).toHaveLength(2);
    for (const fd of vms) expect(fd).toBeGreaterThanOrEqual(900);
    expect(run.stdout).not.toContain('/dev/kvm');
  });

  test.runIf(hasCompiler)('a program that gets no VM and no recorder runs as ever', () => {
    const run = spawnSync('/bin/sh', ['-c', 'ulimit -n 3 2>/dev/null; echo out; exit 6'], {
      encoding: 'utf8',
      env: {
        ...process.env,
        LD_PRELOAD: compiled(),
        XLT_BENCH_KVM_FD: '77',
        XLT_BENCH_TARGET: '1',
        XLT_BENCH_SOCKET: '/absent',
      },
    });
    expect([run.status, run.stdout, run.stderr]).toEqual([6, 'out\n', '']);
  });
});
