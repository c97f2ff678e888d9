import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BUNDLED_TRACES, bundledPaths, loadBundledTrace } from '../trace/bundled-traces.ts';
import { RANGE_NESTED } from '../trace/record.ts';
import type { TraceFile } from '../trace/trace-file.ts';
import { recordsOf } from './recording-fixture.ts';

const HUGE = 2 * 1024 * 1024;

/** Event names by a naive expression per format: shares nothing with the scanners. */
const NAIVE: Readonly<Record<string, (line: string) => string | undefined>> = {
  tracefs: (line) => {
    const match = /\[\d+\] \S+ +[\d.]+: (\w+)(:|\(| ->)/.exec(line);
    return match ? match[1] + (match[2] === ' ->' ? ' exit' : '') : undefined;
  },
  'perf-script': (line) => /\[\d+\] +[\d.]+: +(\S+):/.exec(line)?.[1],
  strace: (line) => {
    if (/ <\.\.\. /.test(line)) return '(resumed halves)';
    if (/ \+\+\+ /.test(line)) return '(exit lines)';
    if (/ --- /.test(line)) return '(signals)';
    return / (\w+)\(/.exec(line)?.[1];
  },
  poll: (line) => /^[\d.]+ (\w+)/.exec(line)?.[1],
  bpftrace: (line) => (/^\d+,/.test(line) ? 'ranges' : undefined),
};

function naiveCounts(paths: readonly string[], format: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const path of paths) {
    for (const line of gunzipSync(readFileSync(path)).toString('latin1').split('\n')) {
      const name = line.startsWith('#') ? undefined : NAIVE[format]!(line);
      if (name) counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}

describe.each(BUNDLED_TRACES)('$id', (bundled) => {
  test('imports whole: every line is an event, known noise or header', async () => {
    const { metadata } = await loadBundledTrace(bundled.id);
    const format = metadata.sources[0]!.format;
    expect(metadata.lines).toEqual(naiveCounts(bundledPaths(bundled), format));
    expect(metadata.notes['malformed lines']).toBeUndefined();
    expect(Object.keys(metadata.notes).filter((kind) => kind.startsWith('other'))).toEqual([]);
    const lines = metadata.sources.reduce((sum, source) => sum + source.lines, 0);
    const events = Object.values(metadata.lines).reduce((sum, count) => sum + count, 0);
    expect(events + (metadata.notes['header and blank lines'] ?? 0)).toBe(lines);
  });

  test('every range line is a range record', async () => {
    const file = await loadBundledTrace(bundled.id);
    const { lines } = file.metadata;
    const expected =
      (lines.kvm_unmap_hva_range ?? 0) +
      (lines['kvm:kvm_unmap_hva_range'] ?? 0) +
      (lines.ranges ?? 0);
    const ranges = recordsOf(file).filter(({ op }) => op === 'range');
    expect(ranges).toHaveLength(expected);
    expect(file.metadata.origin).toBe(expected > 0 ? 'recorded' : 'derived');
    expect(file.metadata.warnings.length > 0).toBe(expected === 0);
  });

  test('records are in order of time and in known spaces', async () => {
    const file = await loadBundledTrace(bundled.id);
    const spaces = new Set(file.metadata.spaces.map(({ space }) => space));
    let previousNs = 0;
    for (const { timeNs, space, va, len } of recordsOf(file)) {
      if (timeNs < previousNs || va + len > 2 ** 47) expect.unreachable(`at ${timeNs} ns`);
      if (space !== 0 && !spaces.has(space)) expect.unreachable(`space ${space}`);
      previousNs = timeNs;
    }
    expect(previousNs).toBe(file.metadata.durationNs);
  });
});

interface ArenaRange {
  readonly offset: number;
  readonly len: number;
}

/** Ranges inside the 64 MiB arena, which starts where the first 2 MiB range starts. */
function arenaRanges(file: TraceFile): ArenaRange[] {
  const ranges = recordsOf(file).filter(({ op }) => op === 'range');
  const base = ranges.find(({ va, len }) => len === HUGE && va % HUGE === 0)!.va;
  return ranges
    .filter(({ va, len }) => va >= base && va + len <= base + 64 * 1024 * 1024)
    .map(({ va, len }) => ({ offset: va - base, len }));
}

describe('thp-forced in three forms', () => {
  test('the 35 ranges of the arena are the same in tracefs, perf and bpftrace', async () => {
    const tracefs = arenaRanges(await loadBundledTrace('thp-forced'));
    expect(tracefs).toHaveLength(35);
    expect(arenaRanges(await loadBundledTrace('thp-forced-perf'))).toEqual(tracefs);
    expect(arenaRanges(await loadBundledTrace('thp-forced-bpftrace'))).toEqual(tracefs);
  });

  test('the 4 KiB range and the 2 MiB range nested in its window are both kept', async () => {
    const tracefs = arenaRanges(await loadBundledTrace('thp-forced'));
    expect(tracefs.slice(0, 2)).toEqual([
      { offset: 0x10000, len: 4096 },
      { offset: 0, len: HUGE },
    ]);
    for (const id of ['thp-forced', 'thp-forced-perf', 'thp-forced-bpftrace']) {
      const records = recordsOf(await loadBundledTrace(id));
      const nested = records.filter(({ op, arg }) => op === 'range' && arg & RANGE_NESTED);
      expect(nested.map(({ len }) => len)).toContain(HUGE);
    }
  });

  test('fork has one range per private VMA with anonymous pages', async () => {
    const records = recordsOf(await loadBundledTrace('thp-forced'));
    expect(records.filter(({ op, reason }) => op === 'range' && reason === 6)).toHaveLength(19);
  });
});

describe('what the recordings are known to hold', () => {
  test('redis: the server has 10 790 ranges, nearly all copy-on-write', async () => {
    const file = await loadBundledTrace('redis-bgsave');
    const server = file.metadata.spaces.find(({ ranges }) => ranges === 10790)!;
    expect(server.comm).toBe('redis-server');
    const own = recordsOf(file).filter(({ space, op }) => space === server.space && op === 'range');
    expect(own.filter(({ reason }) => reason === 7).length).toBeGreaterThan(10_000);
  });

  test('node: its six forks are threads, so one space holds every range', async () => {
    const { metadata } = await loadBundledTrace('node-gc');
    expect(metadata.lines.sched_process_fork).toBe(6);
    const withRanges = metadata.spaces.filter(({ ranges }) => ranges > 0);
    expect(withRanges.map(({ comm, ranges }) => [comm, ranges])).toEqual([['node', 4321]]);
  });

  test('forky-sh: every fork makes a space and every exec another', async () => {
    const { metadata } = await loadBundledTrace('forky-sh');
    const { sched_process_fork: forks, sched_process_exec: execs } = metadata.lines;
    expect(metadata.spaces).toHaveLength(1 + forks! + execs!);
  });

  test('storm-async: the kernel threads’ ranges find the one space that maps them', async () => {
    const file = await loadBundledTrace('storm-async');
    const side = recordsOf(file).filter(({ op, arg }) => op === 'range' && arg & 2);
    expect(side).toHaveLength(5905);
    const target = file.metadata.spaces.find(({ comm, ranges }) => comm === 'storm' && ranges > 0)!;
    expect(new Set(side.map(({ space }) => space))).toEqual(new Set([target.space]));
    expect(side.filter(({ reason }) => reason === 9)).toHaveLength(16);
    expect(side.filter(({ reason }) => reason === 10)).toHaveLength(5889);
  });
});
