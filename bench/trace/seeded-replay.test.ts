import { expect, test } from 'vitest';
import { OP_FAULT, OP_INVALIDATE } from '../../core/abi/trace-event.ts';
import { importTexts } from '../import/recording-fixture.ts';
import { checkPageTrace } from '../workloads/check-page-trace.ts';
import type { PageTrace } from '../workloads/page-trace.ts';
import { PageTraceReader } from '../workloads/page-trace-reader.ts';
import { pageTraceOf } from './page-trace-of.ts';

const line = (time: string, event: string): string =>
  `             old-4711    [001] ..... ${time.padStart(12)}: ${event}\n`;
const advise = (time: string, at: string): string =>
  line(time, `sys_madvise(start: 0x${at}, len_in: 0x4000, behavior: 4)`);
const LATER = [
  advise('2.000000', '7f0000000000'),
  line('3.000000', 'sys_mmap(addr: 0, len: 0x4000, prot: 3, flags: 0x22, fd: 0, off: 0)'),
  line('3.000001', 'sys_mmap -> 0x7f0000400000'),
  advise('4.000000', '7f0000400000'),
].join('');
const SNAPSHOT =
  '# poll pid=4711 interval_ms=0\n1.000000 MAP 0x7f0000000000 0x4000 0 1000 400005828\n';

/** Index of the first event of this kind at the space's first page, -1 if there is none. */
function firstOf(kind: number, trace: PageTrace): number {
  const reader = new PageTraceReader(trace);
  for (let i = 0; i < trace.eventCount; i++) {
    if (reader.op(i) === kind && reader.firstPage(i) === 0) return i;
  }
  return -1;
}

test('the snapshot of a process that ran already puts its pages there before the first event', async () => {
  const trace = pageTraceOf(await importTexts(LATER, SNAPSHOT));
  expect(checkPageTrace(trace, { maxViolations: 1 })).toEqual([]);
  const seeded = firstOf(OP_FAULT, trace);
  expect(seeded).toBeGreaterThanOrEqual(0);
  expect(firstOf(OP_INVALIDATE, trace)).toBeGreaterThan(seeded);
});

test('pages that appear later are still filled in: a snapshot is not a recording of faults', async () => {
  const { counts } = pageTraceOf(await importTexts(LATER, SNAPSHOT));
  expect(counts.faultsFilled).toBeGreaterThanOrEqual(4);
});
