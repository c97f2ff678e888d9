import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../results/usage-error.ts';
import { checkRecordOptions, type RecordOptions } from './record-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'xlt-bench-test-'));
const out = join(folder, 'new.txt');
const old = join(folder, 'r.txt');
writeFileSync(join(folder, 'r.side.txt'), '');
const command = [process.execPath];

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('checkRecordOptions', () => {
  test.each<[string, RecordOptions]>([
    ['a command', { out, command }],
    ['replacing on demand', { out: old, command, force: true }],
    ['a running process', { out, pid: process.ppid, seconds: 0.5, bufferKib: 64 }],
  ])('accepts %s', (_, options) => {
    expect(() => checkRecordOptions(options)).not.toThrow();
  });

  test.each<[RegExp, RecordOptions]>([
    [/--out: expected a file name/, { out: '', command }],
    [/a folder, expected a file name/, { out: tmpdir(), command }],
    [/there is no folder .*absent/, { out: join(tmpdir(), 'absent-folder', 'r'), command }],
    [/r\.side\.txt: exists already, expected another --out or --force/, { out: old, command }],
    [/either a command after -- or --pid/, { out }],
    [/either a command after -- or --pid/, { out, command, pid: process.ppid }],
    [/expected a command after --/, { out, command: [] }],
    [/no-such-program: no such program in PATH/, { out, command: ['no-such-program'] }],
    [/not executable/, { out, command: ['/etc/passwd'] }],
    [/--seconds goes with --pid/, { out, command, seconds: 1 }],
    [/--seconds NaN: expected a number/, { out, pid: process.ppid, seconds: Number.NaN }],
    [/--buffer-kib 1: expected a number 64\.\./, { out, command, bufferKib: 1 }],
    [/--pid 1073741824: there is no such process/, { out, pid: 2 ** 30 }],
    [/--pid 1\.5: expected the number of a process/, { out, pid: 1.5 }],
    [/that is the recorder itself/, { out, pid: process.pid }],
  ])('refuses with %s', (message, options) => {
    expect(() => checkRecordOptions(options)).toThrow(UsageError);
    expect(() => checkRecordOptions(options)).toThrow(message);
  });
});
