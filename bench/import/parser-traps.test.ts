import { describe, expect, test } from 'vitest';
import { importTexts, recordsOf } from './recording-fixture.ts';

/** A tracefs line with the name right-aligned, as the kernel prints it. */
const line = (task: string, time: string, event: string): string => {
  const dash = task.lastIndexOf('-');
  const tid = task.slice(dash + 1).padEnd(7);
  return `${task.slice(0, dash).padStart(16)}-${tid} [001] ..... ${time.padStart(12)}: ${event}\n`;
};
const range = (start: string, end: string): string =>
  `kvm_unmap_hva_range: mmu notifier unmap range: 0x00${start} -- 0x00${end}`;
const RANGE = range('7f8ee6210000', '7f8ee6211000');

async function spacesOf(text: string) {
  return (await importTexts(text)).metadata.spaces;
}

describe('task names', () => {
  test.each([
    ['npm init', 9555],
    ['memfd:sealed-91', 1298],
    ['my kworker/u8:3', 9219],
    ['<...>', 10],
    ['a-1 [000] b', 77],
    ['- -', 5],
    ['(x) [1]', 6],
    ['ein Übername', 8],
  ])('%s-%i', async (comm, tid) => {
    const spaces = await spacesOf(line(`${comm}-${tid}`, '1.000001', RANGE));
    expect(spaces).toMatchObject([{ comm, pid: tid, ranges: 1 }]);
  });

  test('any alignment, tgid column, four flags and no flags', async () => {
    const text = [
      `npm init-9555 [001] ..... 1.000001: ${RANGE}`,
      `    <...>-12 (    9) [000] d..2. 1.000002: ${RANGE}`,
      `            node-17  (      9) [000] d..1 1.000003: ${RANGE}`,
      `            bash-1977  [000] 1.000004: ${RANGE}`,
      '',
    ].join('\n');
    const { metadata } = await importTexts(text);
    expect(metadata.spaces.map(({ comm, pid, ranges }) => [comm, pid, ranges])).toEqual([
      ['npm init', 9555, 1],
      ['<...>', 9, 2],
      ['bash', 1977, 1],
    ]);
  });

  test('perf: names with blanks and numbers, pid and tid apart', async () => {
    const event =
      'kvm:kvm_unmap_hva_range: mmu notifier unmap range: 0x007f8ee6210000 -- 0x007f8ee6211000';
    const text = [
      `    npm run 12 3 26724/26725 [001]  1307.439565613:           ${event}`,
      `weird 1/2 [0] x 26724/26724 [001]  1307.439565614:   ${event}`,
      '',
    ].join('\n');
    const file = await importTexts(text);
    expect(file.metadata.spaces).toMatchObject([{ comm: 'npm run 12 3', pid: 26724, ranges: 2 }]);
    expect(recordsOf(file).map(({ task, timeNs }) => [task, timeNs])).toEqual([
      [26725, 0],
      [26724, 1],
    ]);
  });

  test('bpftrace: names with commas', async () => {
    const { metadata } = await importTexts('12,5,a,b,c,7fbbb0410000,7fbbb0411000\n');
    expect(metadata.spaces).toMatchObject([{ comm: 'a,b,c', pid: 5, ranges: 1 }]);
  });
});

describe('numbers', () => {
  test('arguments are base 16 with and without 0x, below and above 10', async () => {
    const calls = [
      'sys_mmap(addr: 0, len: 0x4070, prot: 3, flags: 0x22, fd: ffffffff, off: 0)',
      'sys_mmap -> 0x7f1055c90000',
      'sys_mmap(addr: 0, len: 4070, prot: 3, flags: 22, fd: ffffffff, off: 0)',
      'sys_mmap -> 0x7f1055d90000',
      'sys_mmap(addr: 0x0, len: 0x10 (16), prot: 0x3 (PROT_READ|PROT_WRITE), flags: 0x22, fd: 3, off: 0)',
      'sys_mmap -> 7f1055e90000',
    ];
    const text = calls.map((call, i) => line('node-1', `1.00000${i}`, call)).join('');
    const maps = recordsOf(await importTexts(text)).filter(({ op }) => op === 'map');
    expect(maps.map(({ va, len }) => [va, len])).toEqual([
      [0x7f1055c90000, 0x5000],
      [0x7f1055d90000, 0x5000],
      [0x7f1055e90000, 0x1000],
    ]);
  });

  test('an error result makes no map', async () => {
    const text =
      line('x-1', '1.0', 'sys_mmap(addr: 0, len: 0x1000, prot: 3, flags: 0x22, fd: 0, off: 0)') +
      line('x-1', '1.1', 'sys_mmap -> 0xfffffffffffffff4');
    const file = await importTexts(text);
    expect(recordsOf(file).filter(({ op }) => op === 'map')).toEqual([]);
    expect(file.metadata.notes['failed calls']).toBe(1);
  });

  test('a call is joined to its return by TID, whatever comes between', async () => {
    const enter = 'sys_mmap(addr: 0, len: 0x1000, prot: 3, flags: 0x22, fd: 0, off: 0)';
    const text =
      line('a-1', '1.1', enter) +
      line('a-2', '1.2', enter.replace('0x1000', '0x2000')) +
      line('a-2', '1.3', 'sys_mmap -> 0x7f0000200000') +
      line('a-1', '1.4', 'sys_mmap -> 0x7f0000100000') +
      line('a-1', '1.5', 'sys_mmap -> 0x7f0000300000');
    const file = await importTexts(text);
    const maps = recordsOf(file).filter(({ op }) => op === 'map');
    expect(maps.map(({ task, va, len }) => [task, va, len])).toEqual([
      [2, 0x7f0000200000, 0x2000],
      [1, 0x7f0000100000, 0x1000],
    ]);
    expect(file.metadata.notes['returns without their call']).toBe(1);
  });

  test('fault codes: present, write, user, instruction; kernel symbols as ip', async () => {
    const text =
      line('x-1', '1.1', 'page_fault_user: address=0x7f0000001238 ip=0x45ebb0 error_code=0x14') +
      line(
        'x-1',
        '1.2',
        'page_fault_kernel: address=0x7f0000002010 ip=__put_user_4 error_code=0x3',
      ) +
      line('x-1', '1.3', 'page_fault_user: address=0x1000 ip=0x7f8eea55508e error_code=0x7') +
      line('x-1', '1.4', 'page_fault_user: address=0xffffffffff600000 ip=0x1 error_code=0x15');
    const file = await importTexts(text);
    expect(recordsOf(file).map(({ va, arg }) => [va, arg])).toEqual([
      [0x7f0000001000, 0x14],
      [0x7f0000002000, 3],
      [0x1000, 7],
    ]);
    expect(file.metadata.notes['faults outside user space']).toBe(1);
  });

  test('lengths are rounded to pages outwards', async () => {
    const text =
      '7 1.5 munmap(0x7f0000001000, 38291) = 0\n7 1.6 madvise(0x7f0000010800, 2048, MADV_DONTNEED) = 0\n';
    const ranges = recordsOf(await importTexts(text)).filter(({ op }) => op === 'derived-range');
    expect(ranges.map(({ va, len }) => [va, len])).toEqual([
      [0x7f0000001000, 0xa000],
      [0x7f0000010000, 0x1000],
    ]);
  });
});

describe('noise', () => {
  test('flushes, unknown events, headers and lost events are counted', async () => {
    const text =
      '# tracer: nop\n#\n' +
      line('x-1', '1.1', 'tlb_flush: pages:-1 reason:local MM shootdown (3)') +
      line('x-1', '1.2', RANGE) +
      line('x-1', '1.3', 'sched_waking: comm=node pid=3 prio=120') +
      'CPU:1 [LOST 24 EVENTS]\n';
    const { metadata } = await importTexts(text);
    expect(metadata.lines).toEqual({ tlb_flush: 1, kvm_unmap_hva_range: 1 });
    expect(metadata.notes).toEqual({
      'header and blank lines': 2,
      'other event sched_waking': 1,
      'lost events': 24,
    });
    expect(metadata.warnings).toEqual(['the recorder lost 24 events: the trace has holes']);
  });

  test('a mark may hold anything', async () => {
    const mark = 'tracing_mark_write: STEP x-1 [001] ..... 5.000000: sys_brk(brk: 0)';
    const file = await importTexts(line('x-1', '1.1', mark) + line('x-1', '1.2', RANGE));
    expect(file.metadata.marks).toEqual(['STEP x-1 [001] ..... 5.000000: sys_brk(brk: 0)']);
    expect(recordsOf(file).map(({ op }) => op)).toEqual(['mark', 'range']);
  });

  test('numbers too large for a task or a clock make a malformed line', async () => {
    const good = Array.from({ length: 9 }, (_, i) => line('x-1', `2.00001${i}`, RANGE)).join('');
    const { metadata } = await importTexts(
      `${good}          x-99999999999999 [001] ..... 2.5: ${RANGE}\n${line('x-1', '9999999999999999.5', RANGE)}`,
    );
    expect(metadata.notes['malformed lines']).toBe(2);
    expect(metadata.spaces.map(({ pid }) => pid)).toEqual([1]);
  });

  test('one malformed line in many is counted', async () => {
    const good = Array.from({ length: 50 }, (_, i) => line('x-1', `2.0000${i + 10}`, RANGE)).join(
      '',
    );
    const { metadata } = await importTexts(`${good}      half a li\n${line('x-1', '3.0', RANGE)}`);
    expect(metadata.notes['malformed lines']).toBe(1);
    expect(metadata.lines.kvm_unmap_hva_range).toBe(51);
  });
});

describe('strace', () => {
  test('joins unfinished and resumed halves', async () => {
    const file = await importTexts(
      [
        '5 1.000001 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>',
        '6 1.000002 madvise(0x7f0000000000, 4096, MADV_DONTFORK <unfinished ...>',
        '5 1.000003 <... mmap resumed>) = 0x7f0000100000',
        '6 1.000004 <... madvise resumed>) = 0',
        '6 1.000005 <... brk resumed>) = 0x55d731795000',
        '5 1.000006 exit_group(0) = ?',
        '5 1.000007 +++ exited with 0 +++',
        '6 1.000008 munmap(0x7f0000000000, 4096 <unfinished ...>',
        '',
      ].join('\n'),
    );
    const maps = recordsOf(file).filter(({ op }) => op === 'map');
    expect(maps.map(({ task, va, len }) => [task, va, len])).toEqual([[5, 0x7f0000100000, 0x2000]]);
    expect(file.metadata.notes['halves of calls without the other half']).toBe(1);
    expect(file.metadata.notes['calls that never returned']).toBe(1);
  });

  test('clone flags tell threads from processes, also when the child speaks first', async () => {
    const file = await importTexts(
      [
        '5 1.1 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000',
        '5 1.2 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, stack=0x7f9ce613d000}, 88) = 6',
        '5 1.3 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD <unfinished ...>',
        '7 1.4 munmap(0x7f0000100000, 4096) = 0',
        '5 1.5 <... clone resumed>, child_tidptr=0x7fbc) = 7',
        '6 1.6 munmap(0x7f0000101000, 4096) = 0',
        '',
      ].join('\n'),
    );
    expect(file.metadata.spaces.map(({ pid, parent }) => [pid, parent])).toEqual([
      [5, 0],
      [7, 1],
    ]);
    const unmaps = recordsOf(file).filter(({ op }) => op === 'unmap');
    expect(unmaps.map(({ task, space }) => [task, space])).toEqual([
      [7, 2],
      [6, 1],
    ]);
  });

  test('without -f, with [pid N], with durations', async () => {
    const without = '1.5 munmap(0x7f0000001000, 4096) = 0 <0.000010>\n';
    expect((await importTexts(without)).metadata.spaces).toHaveLength(1);
    const bracketed = '[pid  77] 1.5 munmap(0x7f0000001000, 4096) = 0\n';
    expect((await importTexts(bracketed)).metadata.spaces).toMatchObject([{ pid: 77 }]);
  });
});
