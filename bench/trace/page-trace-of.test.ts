import { beforeAll, describe, expect, test } from 'vitest';
import {
  EVENT_CLEAR,
  EVENT_PROTECTION_VMA,
  EVENT_UNMAP,
  FAULT_PRESENT,
  FAULT_WRITE,
  OP_COLLAPSE,
  OP_EXIT,
  OP_FAULT,
  OP_FAULT_HUGE,
  OP_FORK,
  OP_INVALIDATE,
  OP_MAP,
  OP_MARK,
  OP_PROTECT_VMA,
  OP_SPLIT,
  OP_UNMAP_VMA,
  REASON_COW,
  VMA_HUGE,
} from '../../core/abi/trace-event.ts';
import { importTexts } from '../import/recording-fixture.ts';
import { checkPageTrace } from '../workloads/check-page-trace.ts';
import type { PageTrace } from '../workloads/page-trace.ts';
import { PageTraceReader } from '../workloads/page-trace-reader.ts';
import { BUNDLED_TRACES, loadBundledPageTrace, loadBundledTrace } from './bundled-traces.ts';
import { type PageTraceOptions, pageTraceOf } from './page-trace-of.ts';
import { selectSpace } from './space-selection.ts';

const A = 0x7f0000000000;
const PAGE = 4096;
const HUGE = 512 * PAGE;
const RW = 3;

interface Event {
  readonly op: number;
  readonly first: number;
  readonly count: number;
  readonly arg: number;
  readonly reason: number;
  readonly timeNs: number;
}

function eventsOf(trace: PageTrace): Event[] {
  const reader = new PageTraceReader(trace);
  return Array.from({ length: reader.eventCount }, (_, i) => ({
    op: reader.op(i),
    first: reader.firstPage(i),
    count: reader.pageCount(i),
    arg: reader.arg(i),
    reason: reader.reason(i),
    timeNs: reader.timeNs(i),
  }));
}

/** Page trace of a tracefs text with these events of one task, 10 us apart. */
async function traceOf(events: readonly string[], options: PageTraceOptions = {}) {
  const text = events.map((event, i) => {
    const time = `100.${String((i + 1) * 10).padStart(6, '0')}`;
    return `               a-1       [000] .....   ${time}: ${event}\n`;
  });
  const trace = pageTraceOf(await importTexts(text.join('')), options);
  expect(checkPageTrace(trace)).toEqual([]);
  return trace;
}

const hex = (value: number): string => `0x${value.toString(16)}`;
const pad = (value: number): string => `0x${value.toString(16).padStart(14, '0')}`;
const range = (start: number, len: number): string =>
  `kvm_unmap_hva_range: mmu notifier unmap range: ${pad(start)} -- ${pad(start + len)}`;
const fault = (at: number, code = 6): string =>
  `page_fault_user: address=${hex(at)} ip=0x7f8eea55508e error_code=${hex(code)}`;
const map = (at: number, len: number, prot = RW): string[] => [
  `sys_mmap(addr: 0, len: ${hex(len)}, prot: ${prot}, flags: 0x22, fd: 0, off: 0)`,
  `sys_mmap -> ${hex(at)}`,
];
const munmap = (at: number, len: number): string =>
  `sys_munmap(addr: ${hex(at)}, len: ${hex(len)})`;
const protect = (at: number, len: number, prot: number): string =>
  `sys_mprotect(start: ${hex(at)}, len: ${hex(len)}, prot: ${prot})`;
const advise = (at: number, len: number, behaviour: number): string =>
  `sys_madvise(start: ${hex(at)}, len_in: ${hex(len)}, behavior: ${hex(behaviour)})`;
const shape = (trace: PageTrace): number[][] =>
  eventsOf(trace).map(({ op, first, count, arg }) => [op, first, count, arg]);

describe.each(BUNDLED_TRACES)('$id', ({ id }) => {
  let trace: PageTrace;
  beforeAll(async () => {
    trace = await loadBundledPageTrace(id);
  });

  test('keeps every rule of the core', () => {
    expect(checkPageTrace(trace)).toEqual([]);
    expect(trace.eventCount).toBeGreaterThan(10);
    expect(trace.name).toBe(id);
  });

  test('every recorded or derived range of the process is an event, but for those over no memory', () => {
    const { counts, origin } = trace;
    const all = origin === 'recorded' ? counts.recordedRanges! : counts.derivedRanges!;
    const notifier = [OP_INVALIDATE, OP_SPLIT, OP_COLLAPSE, OP_FORK];
    const events = eventsOf(trace).filter(({ op }) => notifier.includes(op)).length;
    const filled = (counts.rangesFilled ?? 0) + (counts.splitsFilled ?? 0);
    expect(events).toBe(all + filled - (counts.rangesOutsideMemory ?? 0));
  });

  test('the implicit form has one region over the same events', async () => {
    const implicit = await loadBundledPageTrace(id, { regions: 'implicit' });
    expect(implicit.regions).toEqual([{ firstPage: 0, pageCount: trace.pageCount }]);
    expect(Buffer.compare(implicit.events, trace.events)).toBe(0);
    const pages = trace.regions.reduce((sum, region) => sum + region.pageCount, 0);
    expect(pages).toBe(trace.pageCount);
  });
});

describe('redis-bgsave', () => {
  test('faults, ranges and times of the server are the recording’s', async () => {
    const trace = await loadBundledPageTrace('redis-bgsave');
    expect(trace.origin).toBe('recorded');
    expect(trace.counts).toMatchObject({ recordedRanges: 10790, faults: 44630 });
    expect(trace.counts.faultsFilled).toBeUndefined();
    expect(trace.durationNs / 1e9).toBeCloseTo(1.79, 1);
    const events = eventsOf(trace);
    expect(events.filter(({ op }) => op === OP_FORK).length).toBeGreaterThan(50);
    const copies = events.filter(({ op, reason }) => op === OP_INVALIDATE && reason === REASON_COW);
    expect(copies.length).toBeGreaterThan(10_000);
    expect(copies.every(({ count, arg }) => count === 1 && arg === EVENT_CLEAR)).toBe(true);
  });

  test('a process is chosen by name or pid', async () => {
    const byName = await loadBundledPageTrace('redis-bgsave', { process: 'redis-cli' });
    expect(byName.description).toContain('redis-cli');
    const byPid = await loadBundledPageTrace('redis-bgsave', { process: '24680' });
    expect(byPid.description).toContain('redis-server (pid 24680)');
    const nobody = loadBundledPageTrace('redis-bgsave', { process: 'nginx' });
    await expect(nobody).rejects.toThrow(/no process "nginx", expected a pid or one of: .*redis/);
    await expect(loadBundledPageTrace('redis')).rejects.toThrow(/no bundled recording "redis"/);
  });

  test('a recording without any is refused by name, though nobody asked for one', async () => {
    const { metadata } = await loadBundledTrace('redis-bgsave');
    const empty = { ...metadata, spaces: [] };
    expect(() => selectSpace(empty)).toThrow(
      /redis-bgsave.*: holds no process with memory events$/,
    );
  });
});

describe('the order of effects', () => {
  test('munmap: the range comes before the VMA goes', async () => {
    const trace = await traceOf([
      ...map(A, 2 * PAGE),
      fault(A),
      munmap(A, 2 * PAGE),
      range(A, 2 * PAGE),
      'sys_munmap -> 0x0',
    ]);
    expect(shape(trace)).toEqual([
      [OP_MAP, 0, 2, RW],
      [OP_FAULT, 0, 1, FAULT_WRITE],
      [OP_INVALIDATE, 0, 2, EVENT_UNMAP],
      [OP_UNMAP_VMA, 0, 2, 0],
    ]);
  });

  test('mprotect: the range comes before the rights change', async () => {
    const trace = await traceOf([
      ...map(A, 2 * PAGE),
      fault(A),
      protect(A, PAGE, 1),
      range(A, PAGE),
      fault(A + PAGE),
    ]);
    expect(shape(trace).slice(2)).toEqual([
      [OP_INVALIDATE, 0, 1, EVENT_PROTECTION_VMA],
      [OP_PROTECT_VMA, 0, 1, 1],
      [OP_FAULT, 1, 1, FAULT_WRITE],
    ]);
  });

  test('copy-on-write: the range comes before the new page', async () => {
    const trace = await traceOf([...map(A, PAGE), fault(A), fault(A, 7), range(A, PAGE)]);
    expect(shape(trace).slice(2)).toEqual([
      [OP_INVALIDATE, 0, 1, EVENT_CLEAR],
      [OP_FAULT, 0, 1, FAULT_WRITE],
    ]);
    const reuse = await traceOf([...map(A, PAGE), fault(A), fault(A, 7), range(A + HUGE, PAGE)]);
    expect(shape(reuse)).toContainEqual([OP_FAULT, 0, 1, FAULT_WRITE | FAULT_PRESENT]);
  });

  test('a page that leaves without a range gets one, marked as filled in', async () => {
    const trace = await traceOf([
      ...map(A, PAGE),
      fault(A),
      munmap(A, PAGE),
      range(A + HUGE, PAGE),
    ]);
    expect(shape(trace)).toContainEqual([OP_INVALIDATE, 0, 1, EVENT_UNMAP]);
    expect(trace.counts).toMatchObject({ rangesFilled: 1, unmapsWithoutRange: 1 });
  });
});

describe('huge pages', () => {
  const hugeArea = [...map(A, 2 * HUGE), advise(A, 2 * HUGE, 14)];

  test('the first touch of a MADV_HUGEPAGE block is a 2 MiB fault; a part of it breaks it first', async () => {
    const trace = await traceOf([
      ...hugeArea,
      fault(A),
      advise(A + PAGE, PAGE, 4),
      range(A + PAGE, PAGE),
      range(A, HUGE),
      fault(A + PAGE),
    ]);
    expect(shape(trace)).toEqual([
      [OP_MAP, 0, 1024, RW | VMA_HUGE],
      [OP_FAULT_HUGE, 0, 512, FAULT_WRITE],
      [OP_SPLIT, 0, 512, 0],
      [OP_INVALIDATE, 1, 1, EVENT_CLEAR],
      [OP_FAULT, 1, 1, FAULT_WRITE],
    ]);
  });

  test('a break that no range announced is counted as filled in', async () => {
    const part = [...hugeArea, fault(A), advise(A + PAGE, PAGE, 4), range(A + PAGE, PAGE)];
    expect((await traceOf(part)).counts.splitsFilled).toBe(1);
    expect((await traceOf([...part, range(A, HUGE)])).counts.splitsFilled).toBe(0);
  });

  test('two faults in one block say that the first brought a small page', async () => {
    const trace = await traceOf([...hugeArea, fault(A), fault(A + PAGE), fault(A + HUGE)]);
    expect(
      shape(trace)
        .slice(1)
        .map(([op]) => op),
    ).toEqual([OP_FAULT, OP_FAULT, OP_FAULT_HUGE]);
  });

  test('MADV_COLLAPSE makes one 2 MiB page of what is there', async () => {
    const trace = await traceOf([...map(A, HUGE), fault(A), advise(A, HUGE, 25), range(A, HUGE)]);
    expect(shape(trace).slice(2)).toEqual([[OP_COLLAPSE, 0, 512, 0]]);
  });
});

describe('the page space', () => {
  test('a reservation without access is no memory until mprotect opens a part', async () => {
    const trace = await traceOf([
      ...map(A, 512 * HUGE, 0),
      protect(A + 100 * HUGE, PAGE, RW),
      fault(A + 100 * HUGE),
      // Also says that the recording has true ranges, so that none are derived from the calls.
      range(A, 512 * HUGE),
    ]);
    expect(trace.counts.rangesOutsideMemory).toBeUndefined();
    expect(trace.pageCount).toBe(512);
    expect(shape(trace)).toEqual([
      [OP_MAP, 0, 1, RW],
      [OP_FAULT, 0, 1, FAULT_WRITE],
      [OP_INVALIDATE, 0, 512, EVENT_CLEAR],
    ]);
  });

  test('blocks are packed in order; more than 16 MiB apart starts a region', async () => {
    const places = [0, 9 * HUGE, 19 * HUGE];
    const trace = await traceOf(places.flatMap((at) => [...map(A + at, PAGE), fault(A + at)]));
    expect(trace.pageCount).toBe(3 * 512);
    expect(trace.regions).toEqual([
      { firstPage: 0, pageCount: 1024 },
      { firstPage: 1024, pageCount: 512 },
    ]);
  });

  test('memory older than the recording is mapped at time 0, as far as it is seen', async () => {
    const trace = await traceOf([
      fault(A + 3 * PAGE),
      fault(A + 7 * PAGE),
      range(A + 5 * PAGE, PAGE),
    ]);
    expect(eventsOf(trace)[0]).toMatchObject({
      op: OP_MAP,
      first: 3,
      count: 5,
      arg: RW,
      timeNs: 0,
    });
  });
});

describe('limits', () => {
  test('more than 32 GiB of memory is refused in one line', async () => {
    const maps = Array.from({ length: 40 }, (_, i) => map(A + i * 2 ** 30, 2 ** 30 - PAGE)).flat();
    await expect(traceOf(maps)).rejects.toThrow(/^the process touches more than 32 GiB: expected /);
  });

  test('repeated ranges over a large area fill in a bounded number of faults', async () => {
    const len = 2 ** 30 - PAGE;
    const rounds = Array.from({ length: 12 }, () => [advise(A, len, 4), range(A, len)]).flat();
    const { counts } = await traceOf([...map(A, len), ...rounds]);
    expect(counts.faultsFilled).toBe(7 * (2 ** 18 - 1));
    expect(counts.faultsNotFilled).toBe(5 * (2 ** 18 - 1));
  });
});

describe('recordings without faults', () => {
  test('what is announced was touched before, after its map', async () => {
    const trace = await traceOf([...map(A, 4 * PAGE), munmap(A, 2 * PAGE), range(A, 2 * PAGE)]);
    const events = eventsOf(trace);
    expect(events.map(({ op, first }) => [op, first])).toEqual([
      [OP_MAP, 0],
      [OP_FAULT, 0],
      [OP_FAULT, 1],
      [OP_INVALIDATE, 0],
      [OP_UNMAP_VMA, 0],
    ]);
    expect(trace.counts.faultsFilled).toBe(2);
    expect(trace.description).toContain('2 page faults filled in');
  });

  test('marks and exit are kept', async () => {
    const trace = await traceOf([
      ...map(A, PAGE),
      'tracing_mark_write: STEP one',
      range(A, PAGE),
      'sched_process_exit: comm=a pid=1 prio=120 group_dead=true',
    ]);
    const events = eventsOf(trace);
    expect(events.find(({ op }) => op === OP_MARK)).toMatchObject({ arg: 0 });
    expect(events[events.length - 1]).toMatchObject({ op: OP_EXIT, first: 0, count: 512 });
  });
});
