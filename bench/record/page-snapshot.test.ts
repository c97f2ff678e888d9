import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { readMappedAreas } from './mapped-areas.ts';
import { takePageSnapshot } from './page-snapshot.ts';

const LINE = /^12\.000345 MAP 0x([0-9a-f]+) 0x([0-9a-f]+) 0 ([0-9a-f]+) ([0-9a-f]+)( PMD)?$/;
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that touches pages and then does nothing: its page tables hold still. */
async function quietProcess(): Promise<number> {
  const script = `process.stdout.write('ready'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await once(child.stdout!, 'data');
  return child.pid!;
}

/** Until nothing has changed between two looks (other threads of node settle after a while). */
async function settledSnapshot(pid: number) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const before = JSON.stringify(readMappedAreas(pid));
    const snapshot = takePageSnapshot(pid, 12_000_345_678n);
    if (JSON.stringify(readMappedAreas(pid)) === before) return snapshot;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`process ${pid} does not come to rest within 50 looks`);
}

describe('takePageSnapshot', () => {
  test('names every resident page once, inside the areas, in order', async () => {
    const pid = await quietProcess();
    const snapshot = await settledSnapshot(pid);
    const areas = readMappedAreas(pid);
    const residentBytes = areas.reduce((sum, area) => sum + area.residentBytes, 0);
    expect(snapshot.skippedBytes).toBe(0);

    let listedBytes = 0;
    let last = 0;
    let areaLines = 0;
    for (const line of snapshot.lines) {
      if (line.startsWith('# vma ')) {
        areaLines++;
        continue;
      }
      const match = LINE.exec(line);
      expect(match, line).not.toBeNull();
      const start = Number.parseInt(match![1]!, 16);
      const size = Number.parseInt(match![2]!, 16);
      expect(start).toBeGreaterThanOrEqual(last);
      expect(areas.some((area) => start >= area.start && start + size <= area.end)).toBe(true);
      if (match![5] !== undefined) expect([start % 0x200000, size]).toEqual([0, 0x200000]);
      if (!snapshot.physical) expect(match![3]).toBe('0');
      last = start + size;
      listedBytes += size;
    }
    expect(areaLines).toBe(areas.length);
    expect(listedBytes).toBe(snapshot.presentPages * 4096);
    // A page that was read but never written is the zero page: present, and not resident.
    expect(listedBytes).toBeGreaterThanOrEqual(residentBytes);
    expect(listedBytes).toBeLessThan(residentBytes * 1.05);
  });

  test('a process that is gone is an error, not an empty snapshot', () => {
    expect(() => takePageSnapshot(2 ** 30, 0n)).toThrow(/ENOENT/);
  });
});
