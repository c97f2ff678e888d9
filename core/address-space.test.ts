import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreInternals } from '../bench/fixtures/core-internals.ts';
import * as layout from './abi/layout.ts';
import * as events from './abi/trace-event.ts';

const PAGES = 1024;
const BLOCK = layout.BLOCK_PAGES;
const NUMBER_MASK = (1n << 39n) - 1n;
const { EVENT_CLEAR, EVENT_PROTECTION_PAGE, EVENT_UNMAP } = events;

let host: CoreHost;
let core: CoreInternals;
let pristine: Uint8Array;

beforeAll(async () => {
  host = await CoreHost.create({ pageCount: PAGES });
  core = host.thread();
  pristine = memory().slice();
});

beforeEach(reset);

function memory(): Uint8Array {
  return new Uint8Array(host.state.memory.buffer, 0, host.plan.arenaBase);
}

function reset(): void {
  memory().set(pristine);
  core.addressSpaceInit();
}

interface PageState {
  readonly valid: boolean;
  readonly write: boolean;
  readonly order: number;
  readonly number: bigint;
  /** Of the frame: was it writable at birth? */
  readonly bornWritable: boolean;
  readonly readDead: bigint;
  readonly writeDead: bigint;
}

function pageState(page: number): PageState {
  return decode(host.state.view, core.pageRecord(page));
}

function decode(view: DataView, record: number): PageState {
  const long = (offset: number): bigint => view.getBigUint64(record + offset, true);
  const word = long(layout.PAGE_WORD);
  return {
    valid: word >> 63n === 1n,
    write: ((word >> 62n) & 1n) === 1n,
    order: Number((word >> 53n) & 31n),
    number: word & NUMBER_MASK,
    bornWritable: ((word >> 39n) & 1n) === 1n,
    readDead: long(layout.PAGE_READ_DEAD),
    writeDead: long(layout.PAGE_WRITE_DEAD),
  };
}

function pagesOf(first: number, end: number): PageState[] {
  return Array.from({ length: end - first }, (_, i) => pageState(first + i));
}

const vmaOf = (page: number): number => core.pageVma(page);

describe('a fault', () => {
  it('gives a new frame in a VMA, and nothing outside of one', () => {
    core.vmaMap(0, 4, 1, 0);
    expect(core.fault(4, 0)).toBe(0n);
    core.fault(0, 0);
    core.fault(1, 0);
    const [first, second] = pagesOf(0, 2);
    expect(first).toMatchObject({ valid: true, write: true, order: 0, bornWritable: true });
    expect(second!.number).toBe(first!.number + 1n);
    expect(BigInt.asUintN(64, core.fault(0, 1)) & NUMBER_MASK).toBe(first!.number);
  });

  it('keeps neighbours apart when the workload has no contiguity', () => {
    host.state.set(layout.PLAN_CONTIGUITY, 0);
    core.vmaMap(0, 64, 1, 0);
    for (let page = 0; page < 64; page++) core.fault(page, 0);
    const numbers = pagesOf(0, 64).map(({ number }) => number);
    const joined = numbers.filter((number, i) => i > 0 && number === numbers[i - 1]! + 1n);
    expect(joined).toEqual([]);
  });

  it('maps a whole block in a VMA that wants 2 MiB, aligned and in one run', () => {
    core.vmaMap(0, BLOCK, 1, 1);
    core.fault(77, 0);
    const pages = pagesOf(0, BLOCK);
    expect(core.blockIsHuge(0)).toBe(1);
    expect(pages[0]!.number % BigInt(BLOCK)).toBe(0n);
    for (const [i, { order, number }] of pages.entries()) {
      expect({ order, number }).toEqual({ order: 9, number: pages[0]!.number + BigInt(i) });
    }
  });

  it('does not map a block that is mapped in part, or present in part', () => {
    core.vmaMap(0, BLOCK - 1, 1, 1);
    core.fault(0, 0);
    core.vmaMap(BLOCK, 2 * BLOCK, 1, 0);
    core.fault(BLOCK + 5, 0);
    expect(core.faultHuge(BLOCK)).toBe(0);
    expect([core.blockIsHuge(0), core.blockIsHuge(BLOCK)]).toEqual([0, 0]);
    expect(pageState(1).valid).toBe(false);
  });

  it('widens a read-only page in place where the VMA allows writing and no copy is due', () => {
    core.vmaMap(0, 1, 0, 0);
    core.fault(0, 0);
    const before = pageState(0);
    expect(before).toMatchObject({ write: false, bornWritable: false });
    core.fault(0, 1);
    expect(pageState(0).write).toBe(false);
    core.vmaProtect(0, 1, 1);
    core.fault(0, 1);
    expect(pageState(0)).toEqual({ ...before, write: true, bornWritable: true });
  });

  it('does not widen the pages of a 2 MiB mapping whose VMA stayed read-only', () => {
    core.vmaMap(0, BLOCK, 0, 1);
    core.fault(0, 0);
    core.vmaProtect(0, 8, 1);
    core.fault(0, 1);
    expect(core.blockIsHuge(0)).toBe(0);
    expect(pagesOf(0, BLOCK).map(({ write }) => write)).toEqual(
      Array.from({ length: BLOCK }, (_, page) => page === 0),
    );
  });
});

describe('an event', () => {
  it('drops its pages and marks their frames dead for reading and writing, and no others', () => {
    core.vmaMap(0, 4, 1, 0);
    for (let page = 0; page < 4; page++) core.fault(page, 0);
    const before = pagesOf(0, 4);
    core.applyEvent(1, 3, EVENT_CLEAR);
    expect(pagesOf(1, 3).map(({ valid }) => valid)).toEqual([false, false]);
    for (const page of [1, 2]) {
      const { number } = before[page]!;
      expect(pageState(page)).toMatchObject({ readDead: number, writeDead: number });
    }
    expect(pageState(0)).toEqual(before[0]);
    expect(pageState(3)).toEqual(before[3]);
    expect(vmaOf(1)).toBe(vmaOf(0));
  });

  it('UNMAP takes the VMA along, CLEAR leaves it', () => {
    core.vmaMap(0, 2, 1, 0);
    core.applyEvent(0, 1, EVENT_CLEAR);
    core.applyEvent(1, 2, EVENT_UNMAP);
    expect([vmaOf(0), vmaOf(1)]).toEqual([layout.VMA_MAPPED | layout.VMA_WRITE, 0]);
  });

  it('protection marks for writing alone and gives a read-only frame; reading goes on', () => {
    core.vmaMap(0, 1, 1, 0);
    core.fault(0, 1);
    const before = pageState(0);
    core.applyEvent(0, 1, EVENT_PROTECTION_PAGE);
    const after = pageState(0);
    expect(after).toMatchObject({ valid: true, write: false, bornWritable: false });
    expect(after).toMatchObject({ readDead: before.readDead, writeDead: before.number });
    expect(after.number).toBeGreaterThan(before.number);
    core.applyEvent(0, 1, EVENT_PROTECTION_PAGE);
    expect(pageState(0)).toEqual(after);
  });

  it('that cuts a huge block leaves the rest its frames, at 4 KiB', () => {
    core.vmaMap(0, BLOCK, 1, 1);
    core.fault(0, 0);
    const before = pagesOf(0, BLOCK);
    core.applyEvent(10, 20, EVENT_CLEAR);
    expect(core.blockIsHuge(0)).toBe(0);
    expect(pageState(9)).toEqual({ ...before[9], order: 0 });
    expect(pageState(10).valid).toBe(false);
  });

  it('forgets what the device is believed to have installed', () => {
    core.vmaMap(0, 4, 1, 0);
    memory().fill(3, host.plan.installedBase, host.plan.installedBase + 4);
    core.applyEvent(1, 2, EVENT_CLEAR);
    const installed = memory().slice(host.plan.installedBase, host.plan.installedBase + 4);
    expect([...installed]).toEqual([3, 0, 3, 3]);
  });
});

describe('split, collapse and fork', () => {
  beforeEach(() => {
    core.vmaMap(0, BLOCK, 1, 1);
    core.fault(0, 0);
  });

  it('split: new frames in one run at 4 KiB, the old ones dead', () => {
    const before = pagesOf(0, BLOCK);
    core.applySplit(0);
    const after = pagesOf(0, BLOCK);
    expect(core.blockIsHuge(0)).toBe(0);
    for (const [i, page] of after.entries()) {
      const { number } = before[i]!;
      expect(page).toMatchObject({ valid: true, write: true, order: 0 });
      expect(page).toMatchObject({ readDead: number, writeDead: number });
      expect(page.number).toBe(after[0]!.number + BigInt(i));
    }
    expect(after[0]!.number).toBeGreaterThan(before[BLOCK - 1]!.number);
  });

  it('collapse: one aligned run at 2 MiB, also over pages that were missing', () => {
    core.applySplit(0);
    core.applyEvent(3, 9, EVENT_CLEAR);
    const before = pagesOf(0, BLOCK);
    expect(core.applyCollapse(0)).toBe(1);
    const after = pagesOf(0, BLOCK);
    expect(core.blockIsHuge(0)).toBe(1);
    expect(after[0]!.number % BigInt(BLOCK)).toBe(0n);
    for (const [i, page] of after.entries()) {
      expect(page).toMatchObject({ valid: true, order: 9, number: after[0]!.number + BigInt(i) });
      expect(page.number).toBeGreaterThan(before[i]!.number);
    }
  });

  it('collapse of a block that its VMA does not cover drops the pages instead', () => {
    core.applySplit(0);
    core.applyEvent(0, 1, EVENT_UNMAP);
    expect(core.applyCollapse(0)).toBe(0);
    expect(pagesOf(0, BLOCK).some(({ valid }) => valid)).toBe(false);
  });

  it('fork: read-only and copy-on-write; the write fault is left to a copy', () => {
    core.applySplit(0);
    const before = pageState(8);
    core.applyFork(0, BLOCK);
    const after = pageState(8);
    expect(after).toMatchObject({ valid: true, write: false, readDead: before.readDead });
    expect(after.writeDead).toBe(before.number);
    expect(vmaOf(8) & layout.VMA_COW).toBe(layout.VMA_COW);
    core.fault(8, 1);
    expect(pageState(8)).toEqual(after);
    core.applyEvent(8, 9, EVENT_CLEAR);
    core.fault(8, 1);
    expect(pageState(8)).toMatchObject({ valid: true, write: true, readDead: after.number });
    expect(vmaOf(8) & layout.VMA_COW).toBe(0);
  });

  it('fork of a whole huge block keeps it huge', () => {
    core.applyFork(0, BLOCK);
    expect(core.blockIsHuge(0)).toBe(1);
    expect(pageState(5)).toMatchObject({ order: 9, write: false });
  });
});

describe('frames', () => {
  const range = fc
    .tuple(fc.nat(PAGES - 1), fc.constantFrom(1, 3, 64, BLOCK, PAGES))
    .map(([first, length]) => [first, Math.min(PAGES, first + length)] as const);
  const block = fc.constantFrom(0, BLOCK);
  const bit = fc.nat(1);
  type Act = () => void;
  const act: fc.Arbitrary<Act> = fc.oneof(
    fc.tuple(range, bit, bit).map(
      ([[first, end], writable, huge]): Act =>
        () =>
          core.vmaMap(first, end, writable, huge),
    ),
    fc.tuple(fc.nat(PAGES - 1), bit).map(
      ([page, write]): Act =>
        () =>
          core.fault(page, write),
    ),
    fc.tuple(range, fc.integer({ min: 0, max: 7 })).map(
      ([[first, end], event]): Act =>
        () =>
          core.applyEvent(first, end, event),
    ),
    fc.tuple(range, bit).map(
      ([[first, end], writable]): Act =>
        () =>
          core.vmaProtect(first, end, writable),
    ),
    range.map(
      ([first, end]): Act =>
        () =>
          core.applyFork(first, end),
    ),
    block.map(
      (first): Act =>
        () =>
          core.applySplit(first),
    ),
    block.map(
      (first): Act =>
        () =>
          core.applyCollapse(first),
    ),
    block.map(
      (first): Act =>
        () =>
          core.faultHuge(first),
    ),
  );

  function records(): Uint32Array {
    const first = host.plan.pageBase >>> 2;
    return host.state.words.slice(first, first + (PAGES * layout.PAGE_RECORD_BYTES) / 4);
  }

  /** Pages whose word or marks differ. */
  function changed(before: Uint32Array, after: Uint32Array): number[] {
    const words = layout.PAGE_RECORD_BYTES / 4;
    const pages: number[] = [];
    for (let page = 0; page < PAGES; page++) {
      let at = page * words;
      const end = at + layout.PAGE_VMA / 4;
      while (at < end && before[at] === after[at]) at++;
      if (at < end) pages.push(page);
    }
    return pages;
  }

  /** What the oracle's argument rests on, for one page, before and after any step. */
  function check(page: number, before: PageState, after: PageState): void {
    const where = `page ${page}`;
    expect(after.readDead >= before.readDead, `${where}: read mark`).toBe(true);
    expect(after.writeDead >= before.writeDead, `${where}: write mark`).toBe(true);
    if (after.valid) expect(after.number > after.readDead, `${where}: dead for reading`).toBe(true);
    if (after.write) {
      expect(after.number > after.writeDead, `${where}: dead for writing`).toBe(true);
      expect(after.bornWritable, `${where}: wider than its frame`).toBe(true);
    }
    if (!before.valid || (after.valid && after.number === before.number)) return;
    // Only an event or a protection takes a frame away, and both leave a mark.
    expect(after.writeDead >= before.number, `${where}: withdrawn without a mark`).toBe(true);
    if (after.valid) expect(after.number > before.number, `${where}: not newer`).toBe(true);
  }

  it('only grow for one page, never name two pages, and die only behind a mark', () => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 5, maxLength: 25 }), (steps) => {
        reset();
        const owners = new Map<bigint, number>();
        let before = records();
        for (const step of steps) {
          step();
          const after = records();
          for (const page of changed(before, after)) {
            const at = page * layout.PAGE_RECORD_BYTES;
            const now = decode(new DataView(after.buffer), at);
            check(page, decode(new DataView(before.buffer), at), now);
            if (!now.valid) continue;
            const owner = owners.get(now.number) ?? page;
            if (owner !== page) expect(owner, `frame ${now.number} of page ${page}`).toBe(page);
            owners.set(now.number, page);
          }
          before = after;
        }
      }),
      { numRuns: 60, seed: 20190220 },
    );
  });
});
