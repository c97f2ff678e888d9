import { describe, expect, it } from 'vitest';
import {
  EVENT_CLEAR,
  EVENT_PROTECTION_PAGE,
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
  PROT_READ,
  PROT_WRITE,
} from '../../core/abi/trace-event.ts';
import { checkPageTrace } from './check-page-trace.ts';
import { type PageTrace, PageTraceWriter } from './page-trace.ts';

type Event = readonly [op: number, first: number, count: number, arg?: number, timeNs?: number];

const RW = PROT_READ | PROT_WRITE;
const MAP: Event = [OP_MAP, 0, 1024, RW];
const HUGE: Event = [OP_FAULT_HUGE, 512, 512, FAULT_WRITE];

function traceOf(events: readonly Event[], frame: Partial<PageTrace> = {}): PageTrace {
  const writer = new PageTraceWriter();
  for (const [op, first, count, arg = 0, timeNs = 0] of events)
    writer.push(timeNs, op, first, count, arg);
  return {
    name: 'test',
    origin: 'synthetic',
    description: 'test',
    pageCount: 2048,
    regions: [{ firstPage: 0, pageCount: 1536 }],
    durationNs: 1000,
    contiguity: 0,
    counts: {},
    ...writer.finish(),
    ...frame,
  };
}

function messagesOf(trace: PageTrace, strict = false): string[] {
  return checkPageTrace(trace, { strict }).map(
    ({ eventIndex, message }) => `${eventIndex}: ${message}`,
  );
}

describe('checkPageTrace', () => {
  it('accepts a life with every operation', () => {
    const events: Event[] = [
      MAP,
      [OP_FAULT, 3, 1, FAULT_WRITE],
      HUGE,
      [OP_FORK, 0, 1024],
      [OP_FAULT, 3, 1, FAULT_WRITE | FAULT_PRESENT],
      [OP_INVALIDATE, 0, 1024, EVENT_PROTECTION_PAGE],
      [OP_PROTECT_VMA, 0, 4, PROT_READ],
      [OP_SPLIT, 512, 512],
      [OP_INVALIDATE, 520, 1, EVENT_CLEAR],
      [OP_FAULT, 520, 1],
      [OP_COLLAPSE, 512, 512],
      [OP_MARK, 0, 0],
      [OP_INVALIDATE, 0, 1024, 0],
      [OP_UNMAP_VMA, 0, 1024],
      MAP,
      [OP_EXIT, 0, 2048],
    ];
    expect(messagesOf(traceOf(events), true)).toEqual([]);
  });

  it.each<[string, readonly Event[], string]>([
    ['a fault without a VMA', [[OP_FAULT, 3, 1]], '0: OP_FAULT: page 3 is not under a VMA'],
    [
      'time that runs back',
      [[...MAP.slice(0, 4), 5] as unknown as Event, [OP_MARK, 0, 0, 0, 4]],
      '1: time runs back',
    ],
    ['an event after the end', [[OP_MARK, 0, 0, 0, 1001]], "0: at 1001 ns, after the trace's end"],
    ['a range beyond the space', [[OP_MAP, 2000, 100, RW]], 'leaves the page space'],
    ['an empty range', [[OP_MAP, 0, 0, RW]], 'is empty'],
    ['a range outside all regions', [[OP_MAP, 1536, 1, RW]], 'is not covered by regions'],
    [
      'part of a 2 MiB mapping',
      [MAP, HUGE, [OP_INVALIDATE, 600, 1, EVENT_CLEAR]],
      '2: OP_INVALIDATE: [600, 601) covers part of block 1',
    ],
    ['a fork over part of one', [MAP, HUGE, [OP_FORK, 0, 1000]], 'covers part of block 1'],
    ['a fault inside one', [MAP, HUGE, [OP_FAULT, 600, 1]], 'belongs to a 2 MiB mapping'],
    [
      'a split of half a block',
      [MAP, HUGE, [OP_SPLIT, 512, 256]],
      'is not made of whole 2 MiB blocks',
    ],
    [
      'a collapse off a boundary',
      [MAP, [OP_COLLAPSE, 100, 512]],
      'is not made of whole 2 MiB blocks',
    ],
    ['a collapse beyond the VMA', [MAP, [OP_COLLAPSE, 512, 1024]], 'is not wholly under a VMA'],
    ['a huge fault over two blocks', [MAP, [OP_FAULT_HUGE, 0, 1024]], 'is not one block'],
    [
      'a huge fault over a present page',
      [MAP, [OP_FAULT, 3, 1], [OP_FAULT_HUGE, 0, 512]],
      'has present pages',
    ],
    [
      'a VMA that goes unannounced',
      [MAP, [OP_FAULT, 3, 1], [OP_UNMAP_VMA, 0, 512]],
      'no notifier came',
    ],
    ['a VMA over another', [MAP, [OP_MAP, 1023, 5, RW]], 'is under a VMA already'],
    ['rights for no VMA', [[OP_PROTECT_VMA, 0, 1, PROT_READ]], 'is not under a VMA'],
    [
      'rights lost unannounced',
      [MAP, [OP_FAULT, 3, 1, FAULT_WRITE], [OP_PROTECT_VMA, 3, 1, PROT_READ]],
      'has writable pages',
    ],
    ['FAULT_PRESENT on an absent page', [MAP, [OP_FAULT, 3, 1, FAULT_PRESENT]], 'page 3 is absent'],
    [
      'a fault past its VMA',
      [
        [OP_MAP, 0, 4],
        [OP_FAULT, 3, 2],
      ],
      'page 4 is not under a VMA',
    ],
    ['an unknown operation', [[99, 0, 1]], 'unknown operation 99'],
    ['an unknown event', [MAP, [OP_INVALIDATE, 0, 1, 9]], 'unknown event 9'],
  ])('refuses %s', (_name, events, message) => {
    expect(messagesOf(traceOf(events)).join('\n')).toContain(message);
  });

  it.each<[string, readonly Event[], string]>([
    [
      'a fault that changes nothing',
      [MAP, [OP_FAULT, 3, 1], [OP_FAULT, 3, 1]],
      'is present already',
    ],
    ['a split of a block that is not huge', [MAP, [OP_SPLIT, 0, 512]], 'block 0 is not huge'],
    [
      'a write under a read-only VMA',
      [
        [OP_MAP, 0, 1, PROT_READ],
        [OP_FAULT, 0, 1, FAULT_WRITE],
      ],
      'of a read-only VMA',
    ],
  ])('refuses %s only when strict', (_name, events, message) => {
    expect(messagesOf(traceOf(events))).toEqual([]);
    expect(messagesOf(traceOf(events), true).join('\n')).toContain(message);
  });

  it.each<[Partial<PageTrace>, string]>([
    [{ pageCount: 100 }, 'is not a positive multiple of 512'],
    [{ eventCount: 3 }, 'event bytes are not 3 events'],
    [{ contiguity: Number.NaN }, 'contiguity NaN not in 0..1'],
    [{ regions: [{ firstPage: 1, pageCount: 512 }] }, 'is not made of whole 2 MiB blocks'],
    [
      {
        regions: [
          { firstPage: 1024, pageCount: 512 },
          { firstPage: 0, pageCount: 512 },
        ],
      },
      'is not sorted or overlaps',
    ],
    [{ regions: [{ firstPage: 1024, pageCount: 2048 }] }, 'leaves the page space'],
  ])('refuses the frame %j', (frame, message) => {
    expect(messagesOf(traceOf([], frame)).join('\n')).toContain(message);
  });

  it('stops after as many as asked', () => {
    const events = Array.from({ length: 50 }, (): Event => [OP_FAULT, 3, 1]);
    expect(checkPageTrace(traceOf(events))).toHaveLength(20);
    expect(checkPageTrace(traceOf(events), { maxViolations: 3 })).toHaveLength(3);
  });
});
