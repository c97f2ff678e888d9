import { describe, expect, test } from 'vitest';
import {
  REASON_BRK,
  REASON_COW,
  REASON_FORK,
  REASON_MADVISE,
  REASON_MIGRATION,
  REASON_MREMAP,
  REASON_MUNMAP,
  REASON_SPLIT,
} from '../../core/abi/trace-event.ts';
import { importTexts, type NamedRecord, recordsOf } from './recording-fixture.ts';

/** Tracefs text of events [task, event], a microsecond apart. */
function tracefs(...events: readonly (readonly [string, string])[]): string {
  return events
    .map(([task, event], i) => {
      const [, comm, tid] = /^(.*)-(\d+)$/.exec(task)!;
      const time = `100.${String(i + 1).padStart(6, '0')}`;
      return `${comm!.padStart(16)}-${tid!.padEnd(7)} [000] .....   ${time}: ${event}\n`;
    })
    .join('');
}

const hex = (value: number): string => `0x${value.toString(16)}`;
const range = (start: number, end: number): string =>
  `kvm_unmap_hva_range: mmu notifier unmap range: 0x${start.toString(16).padStart(14, '0')} -- 0x${end.toString(16).padStart(14, '0')}`;
const mmap = (len: number, flags = 0x22, addr = 0, prot = 3): string =>
  `sys_mmap(addr: ${hex(addr)}, len: ${hex(len)}, prot: ${prot}, flags: ${hex(flags)}, fd: 0, off: 0)`;
const mapped = (at: number): string => `sys_mmap -> ${hex(at)}`;
const fork = (parent: number, child: number): string =>
  `sched_process_fork: comm=a b pid=${parent} child_comm=a pid=9 child_pid=${child}`;
const A = 0x7f0000000000;
const PAGE = 4096;
const HUGE = 2 * 1024 * 1024;

const only = (records: readonly NamedRecord[], op: string): NamedRecord[] =>
  records.filter((record) => record.op === op);

describe('VMAs', () => {
  test('MAP_FIXED over a mapping unmaps the overlap first', async () => {
    const file = await importTexts(
      tracefs(
        ['a-1', mmap(8 * PAGE)],
        ['a-1', mapped(A)],
        ['a-1', mmap(2 * PAGE, 0x32, A + PAGE)],
        ['a-1', mapped(A + PAGE)],
      ),
    );
    expect(
      recordsOf(file)
        .filter(({ op }) => op !== 'derived-range')
        .map(({ op, va, len }) => [op, va - A, len]),
    ).toEqual([
      ['map', 0, 8 * PAGE],
      ['unmap', PAGE, 2 * PAGE],
      ['map', PAGE, 2 * PAGE],
    ]);
  });

  test('brk grows by a map and shrinks by an unmap', async () => {
    const heap = 0x55d731795000;
    const file = await importTexts(
      tracefs(
        ['a-1', 'sys_brk(brk: 0)'],
        ['a-1', `sys_brk -> ${hex(heap)}`],
        ['a-1', `sys_brk(brk: ${hex(heap + 3 * PAGE)})`],
        ['a-1', `sys_brk -> ${hex(heap + 3 * PAGE)}`],
        ['a-1', `sys_brk(brk: ${hex(heap + PAGE)})`],
        ['a-1', range(heap + PAGE, heap + 3 * PAGE)],
        ['a-1', `sys_brk -> ${hex(heap + PAGE)}`],
      ),
    );
    const records = recordsOf(file).filter(({ op }) => op !== 'derived-range');
    expect(records.map(({ op, va, len, reason }) => [op, va - heap, len, reason])).toEqual([
      ['map', 0, 3 * PAGE, REASON_BRK],
      ['unmap', PAGE, 2 * PAGE, REASON_BRK],
      ['range', PAGE, 2 * PAGE, REASON_BRK],
    ]);
  });

  test('mremap moves: the source goes, the target comes with its rights', async () => {
    const file = await importTexts(
      tracefs(
        ['a-1', mmap(2 * PAGE, 0x22, 0, 1)],
        ['a-1', mapped(A)],
        [
          'a-1',
          `sys_mremap(addr: ${hex(A)}, old_len: 0x2000, new_len: 0x3000, flags: 1, new_addr: 0)`,
        ],
        ['a-1', range(A, A + 2 * PAGE)],
        ['a-1', `sys_mremap -> ${hex(A + HUGE)}`],
      ),
    );
    const records = recordsOf(file)
      .slice(1)
      .filter(({ op }) => op !== 'derived-range');
    expect(records.map(({ op, va, len, reason }) => [op, va - A, len, reason])).toEqual([
      ['range', 0, 2 * PAGE, REASON_MREMAP],
      ['move', 0, 2 * PAGE, REASON_MREMAP],
      ['unmap', 0, 2 * PAGE, REASON_MREMAP],
      ['map', HUGE, 3 * PAGE, REASON_MREMAP],
    ]);
    expect(records[3]!.arg & 7).toBe(1);
  });
});

describe('spaces', () => {
  const vmaRanges: [string, string][] = [0, 2, 4].map((i) => [
    'a-1',
    range(A + i * PAGE, A + (i + 1) * PAGE),
  ]);

  test('a fork is known by its ranges: copy of the VMAs, then lives apart', async () => {
    const file = await importTexts(
      tracefs(
        ['a-1', mmap(8 * PAGE)],
        ['a-1', mapped(A)],
        ...vmaRanges,
        ['a-1', fork(1, 2)],
        ['a-2', `sys_munmap(addr: ${hex(A)}, len: 0x8000)`],
        ['a-2', 'sched_process_exit: comm=a pid=2 prio=120 group_dead=true'],
      ),
    );
    const records = recordsOf(file);
    expect(only(records, 'range').map(({ reason }) => reason)).toEqual(Array(3).fill(REASON_FORK));
    expect(only(records, 'fork')).toMatchObject([{ space: 1, arg: 2 }]);
    expect(only(records, 'map').map(({ space, va, len }) => [space, va, len])).toEqual([
      [1, A, 8 * PAGE],
      [2, A, 8 * PAGE],
    ]);
    expect(only(records, 'unmap')).toMatchObject([{ space: 2, task: 2 }]);
    expect(only(records, 'exit')).toMatchObject([{ space: 2 }]);
  });

  test('without them it is a thread: one space, which ends with its last task', async () => {
    const exit = (tid: number): string =>
      `sched_process_exit: comm=a pid=${tid} prio=120 group_dead=${tid === 2}`;
    const file = await importTexts(
      tracefs(
        ['a-1', range(A, A + PAGE)],
        ['a-1', fork(1, 2)],
        ['a-2', range(A, A + PAGE)],
        ['a-1', exit(1)],
        ['a-2', exit(2)],
      ),
    );
    expect(file.metadata.spaces).toMatchObject([{ pid: 1, ranges: 2 }]);
    expect(only(recordsOf(file), 'exit')).toMatchObject([{ task: 2, space: 1 }]);
  });

  test('exec clears, and a vfork child’s exec leaves the parent’s space alone', async () => {
    const file = await importTexts(
      tracefs(
        ['a-1', mmap(PAGE)],
        ['a-1', mapped(A)],
        ['a-1', range(A, A + PAGE)],
        ['a-1', fork(1, 2)],
        ['a-2', 'sched_process_exec: filename=/bin/with blank pid=1 pid=2 old_pid=2'],
        ['a-2', mmap(PAGE)],
        ['a-2', mapped(A)],
      ),
    );
    expect(file.metadata.spaces.map(({ pid, comm, parent }) => [pid, comm, parent])).toEqual([
      [1, 'a', 0],
      [2, 'with blank pid=', 1],
    ]);
    expect(only(recordsOf(file), 'exit')).toEqual([]);
    expect(file.metadata.notes['maps over a live mapping']).toBeUndefined();
  });

  test('a kernel thread’s range goes to the only space that maps it, else is counted', async () => {
    const target = tracefs(
      ['a-1', mmap(HUGE)],
      ['a-1', mapped(A)],
      ['b-2', mmap(4 * PAGE)],
      ['b-2', mapped(A)],
    );
    const side = tracefs(
      ['-0', 'tlb_flush: pages:1 reason:local MM shootdown (3)'],
      ['-0', 'tlb_flush: pages:1 reason:local MM shootdown (3)'],
      ['-0', 'tlb_flush: pages:1 reason:local MM shootdown (3)'],
      ['-0', 'tlb_flush: pages:1 reason:local MM shootdown (3)'],
      ['khugepaged-38', range(A, A + HUGE)],
      ['ksmd-37', range(A, A + PAGE)],
      ['ksmd-37', range(A + HUGE, A + HUGE + PAGE)],
    );
    const file = await importTexts(target, side);
    const ranges = only(recordsOf(file), 'range');
    expect(ranges.map(({ task, space }) => [task, space])).toEqual([
      [38, 1],
      [37, 0],
      [37, 0],
    ]);
    expect(file.metadata.notes).toMatchObject({
      'kernel-thread ranges with several candidate spaces': 1,
      'kernel-thread ranges without a space': 1,
    });
  });
});

describe('reasons', () => {
  test('a copy, a split by a partial call, a migration', async () => {
    const file = await importTexts(
      tracefs(
        ['a-1', `page_fault_user: address=${hex(A + 8)} ip=0x7f8eea55508e error_code=0x7`],
        ['a-1', range(A, A + PAGE)],
        ['a-1', `sys_madvise(start: ${hex(A + PAGE)}, len_in: 0x1000, behavior: 4)`],
        ['a-1', range(A + PAGE, A + 2 * PAGE)],
        ['a-1', range(A, A + HUGE)],
        ['a-1', 'sys_munmap(addr: 0x7f0100000000, len: 0x1000)'],
        ['a-1', range(0x7f0100000000, 0x7f0100001000)],
        ['a-1', 'sys_munmap -> 0x0'],
        ['a-1', range(A + 5 * PAGE, A + 6 * PAGE)],
        ['a-1', `set_migration_pte: addr=${(A + 5 * PAGE).toString(16)}, pte=e7ff order=0`],
      ),
    );
    const ranges = only(recordsOf(file), 'range');
    expect(ranges.map(({ reason }) => reason)).toEqual([
      REASON_COW,
      REASON_MADVISE,
      REASON_SPLIT,
      REASON_MUNMAP,
      REASON_MIGRATION,
    ]);
  });
});

describe('derived ranges (no kernel ranges in the recording)', () => {
  const calls = [
    `5 1.01 mmap(NULL, ${4 * HUGE}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ${hex(A)}`,
    `5 1.02 madvise(${hex(A)}, ${4 * HUGE}, MADV_HUGEPAGE) = 0`,
    `5 1.03 madvise(${hex(A)}, 4096, MADV_DONTFORK) = 0`,
    `5 1.04 madvise(${hex(A + PAGE)}, 4096, MADV_DONTNEED) = 0`,
    `5 1.05 madvise(${hex(A + HUGE)}, ${HUGE}, MADV_FREE) = 0`,
    `5 1.06 mprotect(${hex(A + 2 * HUGE)}, ${HUGE}, PROT_READ) = 0`,
    `5 1.07 munmap(${hex(A + 3 * HUGE)}, ${HUGE}) = 0`,
  ];

  test('calls give their range; a part of a huge page adds its block; advice gives none', async () => {
    const file = await importTexts(`${calls.join('\n')}\n`);
    const derived = only(recordsOf(file), 'derived-range');
    expect(derived.map(({ va, len }) => [va - A, len])).toEqual([
      [PAGE, PAGE],
      [0, HUGE],
      [HUGE, HUGE],
      [2 * HUGE, HUGE],
      [3 * HUGE, HUGE],
    ]);
    expect(file.metadata.origin).toBe('derived');
    expect(file.metadata.warnings[0]).toMatch(/^derived: /);
  });

  test('fork announces private writable VMAs but for MADV_DONTFORK', async () => {
    const clone = '5 1.08 clone(child_stack=NULL, flags=SIGCHLD) = 6';
    const file = await importTexts(`${[...calls, clone].join('\n')}\n`);
    const forked = only(recordsOf(file), 'derived-range').filter(
      ({ reason }) => reason === REASON_FORK,
    );
    expect(forked.map(({ va, len }) => [va - A, len])).toEqual([
      [PAGE, 2 * HUGE - PAGE],
      [2 * HUGE, HUGE],
    ]);
  });

  test('a write to a present page after a fork is a copy', async () => {
    const fault = (code: string): string =>
      `page_fault_user: address=${hex(A + 8)} ip=0x7f8eea55508e error_code=${code}`;
    const file = await importTexts(
      tracefs(
        ['a-1', mmap(PAGE)],
        ['a-1', mapped(A)],
        ['a-1', fault('0x6')],
        ['a-1', fault('0x7')],
        ['a-1', fork(1, 2)],
        ['a-1', fault('0x7')],
      ),
    );
    const copies = only(recordsOf(file), 'derived-range').filter(
      ({ reason }) => reason === REASON_COW,
    );
    expect(copies.map(({ space, va }) => [space, va])).toEqual([[1, A]]);
  });
});
