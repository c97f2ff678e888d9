import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readProcessStat } from './process-stat.ts';
import { findTracefs, removeStaleInstances } from './tracefs-instance.ts';

const HOST = 'pid:[4026531836]';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xlt-bench-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('findTracefs', () => {
  test('finds a mounted one in the mount table', () => {
    mkdirSync(join(folder, 'instances'));
    const table = `proc /proc proc rw 0 0\ntracefs ${folder} tracefs rw,relatime 0 0\n`;
    expect(findTracefs(table, HOST)).toEqual({ folder });
  });

  test('says how to get one where there is none', () => {
    const access = findTracefs(`tracefs ${folder}/absent tracefs rw 0 0\n`, HOST);
    const wanted =
      process.getuid?.() === 0
        ? /^tracefs is not mounted \(mount -t tracefs /
        : /^tracefs is closed to other users than root$/;
    expect(access).toEqual({ refusal: expect.stringMatching(wanted) });
  });

  test('does not work from inside a container', () => {
    mkdirSync(join(folder, 'instances'));
    const table = `tracefs ${folder} tracefs rw 0 0\n`;
    expect(findTracefs(table, 'pid:[4026532001]')).toEqual({
      refusal: expect.stringMatching(/container .*record from the host/),
    });
  });
});

describe('removeStaleInstances', () => {
  test('removes those of dead recorders only', () => {
    const own = `xlt-bench.${process.pid}.${readProcessStat('self')!.startTicks}.target`;
    const reused = `xlt-bench.${process.pid}.1.target`;
    const dead = `xlt-bench.${2 ** 30}.5.kernel`;
    for (const name of [own, reused, dead, 'somebody-elses', 'xlt-bench.x']) {
      mkdirSync(join(folder, 'instances', name), { recursive: true });
    }
    expect(removeStaleInstances(folder).sort()).toEqual([reused, dead].sort());
    expect(readdirSync(join(folder, 'instances')).sort()).toEqual(
      [own, 'somebody-elses', 'xlt-bench.x'].sort(),
    );
  });
});
