import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreInternals } from '../bench/fixtures/core-internals.ts';
import * as layout from './abi/layout.ts';
import * as terms from './abi/terms.ts';

const READ = 1n;
const WRITE = 2n;
const POISON = 0x6b6b6b6b6b6b6b6bn;
const WRITABLE = 1n << 39n;
const VALID = 1n << 63n;
const PAGE = 5;

let host: CoreHost;
let core: CoreInternals;

beforeAll(async () => {
  host = await CoreHost.create();
  core = host.thread(1);
});

beforeEach(() => {
  const base = host.state.threadAddress(1);
  new Uint8Array(host.state.memory.buffer, base + layout.THREAD_COUNTERS, 1024).fill(0);
  const examples = layout.EXAMPLE_CAPACITY * layout.EXAMPLE_BYTES;
  new Uint8Array(host.state.memory.buffer, base + layout.THREAD_EXAMPLES, examples).fill(0);
});

const violations = (): number => host.state.count(terms.COUNT_VIOLATIONS);

interface Judged {
  /** Birth number the translation names. */
  readonly number: bigint;
  /** The frame was writable at birth; yes unless a case says no. */
  readonly writable?: boolean;
  readonly write?: boolean;
  readonly readDead?: bigint;
  readonly writeDead?: bigint;
  /** Number of the CPU's word before and after the translation; 0 = not present. */
  readonly before?: bigint;
  readonly after?: bigint;
}

/** The kind of violation a translation is found to be, 0 = legal. */
function verdictOn(judged: Judged): number {
  const { number, writable = true, write = false, readDead = 0n, writeDead = readDead } = judged;
  const { before = number, after = before } = judged;
  const frame = number | (writable ? WRITABLE : 0n);
  const word = (n: bigint): bigint => (n === 0n ? 0n : VALID | n);
  const entry = (frame << 12n) | READ | (write ? WRITE : 0n);
  core.judge(PAGE, entry, readDead, writeDead, word(before), word(after));
  return host.state.examples()[0]?.kind ?? 0;
}

const { VIOLATION_STALE_READ, VIOLATION_STALE_WRITE, VIOLATION_WIDER_RIGHTS } = terms;
const { VIOLATION_FOREIGN_FRAME, VIOLATION_POISON } = terms;

const cases: [string, Judged, number][] = [
  ['the frame the CPU names', { number: 9n }, 0],
  ['the same with the right to write', { number: 9n, write: true }, 0],
  ['a frame at the read mark', { number: 9n, readDead: 9n, before: 0n }, VIOLATION_STALE_READ],
  ['a frame below the read mark', { number: 4n, readDead: 9n, before: 12n }, VIOLATION_STALE_READ],
  ['the first frame above the read mark', { number: 10n, readDead: 9n }, 0],
  [
    'a frame at the write mark, with the right to write',
    { number: 9n, write: true, writeDead: 9n, before: 12n },
    VIOLATION_STALE_WRITE,
  ],
  ['the same, downgraded in place', { number: 9n, writeDead: 9n, before: 12n }, 0],
  ['an older frame between the marks', { number: 7n, readDead: 6n, writeDead: 9n, before: 12n }, 0],
  [
    'an older frame between the marks, with the right to write',
    { number: 7n, write: true, readDead: 6n, writeDead: 9n, before: 12n },
    VIOLATION_STALE_WRITE,
  ],
  [
    'the first frame above the write mark, with the right to write',
    { number: 10n, write: true, writeDead: 9n },
    0,
  ],
  [
    'the right to write a frame that was born read-only',
    { number: 9n, write: true, writable: false },
    VIOLATION_WIDER_RIGHTS,
  ],
  ['a frame that was born read-only, read', { number: 9n, writable: false }, 0],
  ['a frame the CPU never gave the page', { number: 9n, before: 12n }, VIOLATION_FOREIGN_FRAME],
  [
    'a newer frame than the one the CPU names throughout',
    { number: 15n, before: 12n },
    VIOLATION_FOREIGN_FRAME,
  ],
  ['another frame while the CPU changed its own', { number: 9n, before: 9n, after: 12n }, 0],
  ['a frame of a page the CPU has just dropped', { number: 9n, before: 0n, after: 0n }, 0],
];

describe('oracle', () => {
  it.each(cases)('%s', (_, judged, kind) => {
    expect(verdictOn(judged)).toBe(kind);
    expect(violations()).toBe(kind === 0 ? 0 : 1);
  });

  it('knows the poison of a freed page', () => {
    core.judge(PAGE, POISON, 0n, 0n, 0n, 0n);
    expect(host.state.examples().map(({ kind }) => kind)).toEqual([VIOLATION_POISON]);
  });

  it('describes the first violations of a thread and counts all', () => {
    const record = core.pageRecord(PAGE);
    host.state.set(record + layout.PAGE_VMA, (31 << layout.PAGE_VMA_BITS) | layout.VMA_MAPPED);
    host.state.set(record + layout.PAGE_KILLER, 32);
    for (let i = 0; i < layout.EXAMPLE_CAPACITY + 4; i++) {
      core.judge(PAGE, (BigInt(i + 1) << 12n) | READ, 40n, 41n, VALID | 50n, VALID | 51n);
    }
    expect(violations()).toBe(layout.EXAMPLE_CAPACITY + 4);
    const examples = host.state.examples();
    expect(examples).toHaveLength(layout.EXAMPLE_CAPACITY);
    expect(examples[2]).toEqual({
      kind: VIOLATION_STALE_READ,
      page: PAGE,
      thread: 1,
      birthEvent: 31,
      deathEvent: 32,
      entry: (3n << 12n) | READ,
      word: VALID | 51n,
      readDead: 40n,
      writeDead: 41n,
    });
  });
});

describe('a device access', () => {
  const entryOf = (word: bigint): bigint =>
    ((word & 0xffffffffffn) << 12n) | READ | (((word >> 62n) & 1n) << 1n);

  /** One region over block 0, a table of one entry for PAGE that the test writes. */
  async function device(): Promise<{ core: CoreInternals; table: { entry: bigint } }> {
    host = await CoreHost.create({ pageCount: 512, regionCount: 1 });
    const table = { entry: 0n };
    const made = host.thread(1, {
      translate: () => table.entry,
      update: (_region, _first, _count, words) => {
        table.entry = entryOf(host.state.view.getBigUint64(words, true));
        return terms.OK;
      },
    });
    made.attach();
    made.register(0, 0, 512);
    made.vmaMap(0, 512, 1, 0);
    return { core: made, table };
  }

  const counted = (): [number, number] => [
    host.state.count(terms.COUNT_TRANSLATIONS),
    violations(),
  ];

  it('faults until it may, and what it used is judged once', async () => {
    const { core: made } = await device();
    expect(made.access(PAGE, 1)).toBe(terms.OK);
    expect(counted()).toEqual([1, 0]);
    expect(host.state.count(terms.COUNT_FAULTS)).toBe(1);
    expect(made.access(PAGE, 0)).toBe(terms.OK);
    expect(counted()).toEqual([2, 0]);
  });

  it('through a table that kept what an invalidation withdrew is stale', async () => {
    const { core: made } = await device();
    made.access(PAGE, 1);
    made.invalidateRange(PAGE, PAGE + 1, 1, 1);
    expect(made.access(PAGE, 0)).toBe(terms.OK);
    expect(counted()).toEqual([2, 1]);
    expect(host.state.examples()[0]?.kind).toBe(VIOLATION_STALE_READ);
  });

  it('through a table that was zapped faults and is judged by the new frame', async () => {
    const { core: made, table } = await device();
    made.access(PAGE, 1);
    table.entry = 0n;
    made.invalidateRange(PAGE, PAGE + 1, 1, 1);
    expect(made.access(PAGE, 0)).toBe(terms.OK);
    expect(counted()).toEqual([2, 0]);
  });

  it('after a protection event: the kept right is a violation, the in-place downgrade is not', async () => {
    const { core: made, table } = await device();
    made.access(PAGE, 1);
    made.invalidateRange(PAGE, PAGE + 1, 2, 1);
    table.entry &= ~WRITE;
    expect(made.access(PAGE, 0)).toBe(terms.OK);
    expect(counted()).toEqual([2, 0]);
    table.entry |= WRITE;
    expect(made.access(PAGE, 0)).toBe(terms.OK);
    expect(counted()).toEqual([3, 1]);
    expect(host.state.examples()[0]?.kind).toBe(VIOLATION_STALE_WRITE);
  });

  it('whose table an event zaps before the fault has ended does not count as spurious (lock own)', async () => {
    const { core: made, table } = await device();
    const os = host.thread(0);
    let zaps = true;
    const racing = host.thread(1, {
      translate: () => table.entry,
      update: (_region, _first, _count, words) => {
        table.entry = entryOf(host.state.view.getBigUint64(words, true));
        if (zaps) {
          table.entry = 0n;
          os.invalidateRange(PAGE, PAGE + 1, 1, 1);
        }
        zaps = false;
        return terms.OK;
      },
    });
    host.state.set(layout.PLAN_LOCK, terms.LOCK_OWN);
    expect(racing.access(PAGE, 0)).toBe(terms.OK);
    expect(host.state.count(terms.COUNT_FAULTS)).toBe(2);
    expect(host.state.count(terms.COUNT_SPURIOUS_FAULTS)).toBe(0);
    table.entry = 0n;
    expect(made.access(PAGE, 0)).toBe(terms.OK);
    expect(host.state.count(terms.COUNT_SPURIOUS_FAULTS)).toBe(1);
  });

  it('is not judged when the oracle is off', async () => {
    const { core: made } = await device();
    host.state.set(layout.PLAN_ORACLE, 0);
    made.access(PAGE, 1);
    made.invalidateRange(PAGE, PAGE + 1, 1, 1);
    made.access(PAGE, 0);
    expect(counted()).toEqual([2, 0]);
  });
});
