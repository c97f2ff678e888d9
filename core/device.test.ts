import { beforeEach, describe, expect, it } from 'vitest';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreInternals } from '../bench/fixtures/core-internals.ts';
import * as layout from './abi/layout.ts';
import * as terms from './abi/terms.ts';

const PAGES = 2048;
const READ = 1n;
const ENTRIES = 64;
const HUGE_BLOCK = 1024;

let host: CoreHost;
let os: CoreInternals;
let device: CoreInternals;
let region: number;
/** What the table holds; `walks` are the pages the device looked up in it. */
let table: Map<number, bigint>;
let walks: number[];
/** Runs inside the next walk, after the table has been read. */
let overtake: (() => void) | null;

const leaf = (frame: number): bigint => (BigInt(frame) << 12n) | READ;

/** The entry of one page of a 2 MiB leaf. */
function hugeEntry(frame: number, page: number): bigint {
  return leaf(frame + (page % layout.BLOCK_PAGES)) | (9n << 52n);
}

beforeEach(async () => {
  host = await CoreHost.create({ pageCount: PAGES, regionCount: 1 });
  host.state.set(layout.PLAN_CACHE_ENTRIES, ENTRIES);
  table = new Map();
  walks = [];
  overtake = null;
  os = host.thread(0);
  device = host.thread(1, {
    translate: (_region, page) => {
      walks.push(page);
      const entry = table.get(page) ?? 0n;
      const act = overtake;
      overtake = null;
      act?.();
      return entry;
    },
  });
  os.attach();
  os.register(0, 0, PAGES);
  region = os.regionAt(0);
  table.set(3, leaf(103));
  table.set(4, leaf(104));
  for (const page of [HUGE_BLOCK, HUGE_BLOCK + 7]) table.set(page, hugeEntry(5120, page));
});

function walk(page: number): bigint {
  return BigInt.asUintN(64, device.deviceWalk(region, page));
}

/** Does the device answer for the page without looking into the table? */
function isCached(page: number): boolean {
  const before = walks.length;
  const entry = walk(page);
  return walks.length === before && entry !== 0n;
}

describe('translation cache', () => {
  it('answers the second walk of a page, and of every page of a 2 MiB leaf', () => {
    expect(walk(3)).toBe(leaf(103));
    expect(walk(3)).toBe(leaf(103));
    expect(walks).toEqual([3]);
    expect(walk(HUGE_BLOCK + 7)).toBe(hugeEntry(5120, HUGE_BLOCK + 7));
    expect(walk(HUGE_BLOCK + 300)).toBe(hugeEntry(5120, HUGE_BLOCK + 300));
    expect(walks).toEqual([3, HUGE_BLOCK + 7]);
    expect(host.state.count(terms.COUNT_CACHE_HITS)).toBe(2);
  });

  it('keeps nothing of a page that is not present', () => {
    expect(walk(9)).toBe(0n);
    table.set(9, leaf(109));
    expect(walk(9)).toBe(leaf(109));
  });

  it('is off with no entries', () => {
    host.state.set(layout.PLAN_CACHE_ENTRIES, 0);
    walk(3);
    walk(3);
    expect(walks).toEqual([3, 3]);
  });

  it('belongs to one thread; an invalidation empties those of all device threads', () => {
    const other = host.thread(2, { translate: () => leaf(103) });
    other.deviceWalk(region, 3);
    walk(3);
    os.deviceCacheInvalidate(region, 3, 1);
    expect(isCached(3)).toBe(false);
    const hits = host.state.count(terms.COUNT_CACHE_HITS);
    other.deviceWalk(region, 3);
    expect(host.state.count(terms.COUNT_CACHE_HITS)).toBe(hits);
  });

  it('loses the pages of the range, and no other', () => {
    walk(3);
    walk(4);
    os.deviceCacheInvalidate(region, 4, 1);
    expect([isCached(3), isCached(4)]).toEqual([true, false]);
  });

  it.each([
    ['one page of it', HUGE_BLOCK + 100, 1],
    ['its last page', HUGE_BLOCK + 511, 1],
    ['a range that ends in it', HUGE_BLOCK - 8, 9],
    ['more pages than the cache has entries', HUGE_BLOCK + 1, ENTRIES + 1],
  ])('loses a 2 MiB leaf to %s', (_, first, count) => {
    walk(HUGE_BLOCK);
    walk(3);
    os.deviceCacheInvalidate(region, first, count);
    expect([isCached(HUGE_BLOCK + 7), isCached(3)]).toEqual([false, true]);
  });

  it.each([
    ['the page before it', HUGE_BLOCK - 1, 1],
    ['the page after it', HUGE_BLOCK + 512, 1],
    ['as many pages before it as the cache has entries', HUGE_BLOCK - ENTRIES, ENTRIES],
  ])('keeps a 2 MiB leaf in spite of %s', (_, first, count) => {
    walk(HUGE_BLOCK);
    os.deviceCacheInvalidate(region, first, count);
    expect(isCached(HUGE_BLOCK + 7)).toBe(true);
  });

  it('is forgotten page by page where the device faulted', () => {
    walk(3);
    walk(HUGE_BLOCK);
    device.dropCached(3);
    device.dropCached(HUGE_BLOCK + 9);
    expect([isCached(3), isCached(HUGE_BLOCK)]).toEqual([false, false]);
  });
});

describe('a walk that is overtaken', () => {
  const zap = (): void => {
    table.set(3, leaf(203));
    os.deviceCacheInvalidate(region, 3, 1);
  };

  it('by an invalidation is walked again, and the old leaf is not cached', () => {
    overtake = zap;
    expect(walk(3)).toBe(leaf(203));
    expect(walks).toEqual([3, 3]);
    expect(walk(3)).toBe(leaf(203));
    expect(host.state.count(terms.COUNT_WALK_RETRIES)).toBe(1);
  });

  it('by an invalidation is walked again also without a cache', () => {
    host.state.set(layout.PLAN_CACHE_ENTRIES, 0);
    overtake = zap;
    expect(walk(3)).toBe(leaf(203));
  });

  it('by an invalidation of another page is walked again: the epoch is for all', () => {
    overtake = () => os.deviceCacheInvalidate(region, 900, 1);
    expect(walk(3)).toBe(leaf(103));
    expect(walks).toEqual([3, 3]);
  });

  it('by a fence is walked again: its table may have been freed', () => {
    overtake = () => {
      table.set(3, leaf(203));
      os.deviceFence();
    };
    expect(walk(3)).toBe(leaf(203));
  });

  it("by a fence of any thread is walked again: the epoch is the sum of all threads' steps", () => {
    const other = host.thread(2, {});
    overtake = () => other.deviceFence();
    walk(3);
    expect(walks).toEqual([3, 3]);
  });

  it('by an update is used, unless the update put pages aside to be freed', () => {
    overtake = () => os.deviceWriteFenced(1);
    expect(walk(3)).toBe(leaf(103));
    expect(walks).toEqual([3]);
    const page = os.pageAlloc(terms.CONTEXT_KERNEL, 0, 0);
    overtake = () => {
      os.pageFreeDeferred(page);
      os.deviceWriteFenced(1);
    };
    expect(walk(4)).toBe(leaf(104));
    expect(walks).toEqual([3, 4, 4]);
    expect(host.state.view.getUint8(page)).toBe(0x6b);
  });

  it('leaves the cache as it was when the new entry is not present', () => {
    overtake = () => {
      table.delete(3);
      os.deviceCacheInvalidate(region, 3, 1);
    };
    expect(walk(3)).toBe(0n);
    expect(isCached(3)).toBe(false);
  });
});

describe('commands', () => {
  const modelledNs = (): number =>
    host.state.getLong(host.state.threadAddress(0) + layout.THREAD_MODELLED_NS);

  it('cost a fixed part and a part for each 64 bytes of entries; the fence collects', () => {
    host.state.set(layout.PLAN_COST_COMMAND, 1000);
    host.state.set(layout.PLAN_COST_GRANULE_PS, 5000);
    host.state.set(layout.PLAN_COST_FENCE, 300);
    os.deviceWrite(9);
    expect(modelledNs()).toBe(0);
    expect(os.deviceFence()).toBe(terms.OK);
    expect(modelledNs()).toBe(1000 + 2 * 5 + 300);
    os.deviceFence();
    expect(modelledNs()).toBe(1000 + 2 * 5 + 2 * 300);
    expect(host.state.count(terms.COUNT_ENTRIES_WRITTEN)).toBe(9);
  });

  it('that fail are posted again, at the price of a reset', () => {
    host.state.set(layout.PLAN_COST_COMMAND, 100);
    host.state.set(layout.PLAN_COST_RESET, 5000);
    host.state.set(layout.PLAN_DEVICE_FAULTS, 1);
    host.state.set(layout.PLAN_DEVICE_ERROR_INTERVAL, 2);
    for (let i = 0; i < 4; i++) os.deviceWrite(1);
    expect(os.deviceFence()).toBe(terms.OK);
    expect(host.state.count(terms.COUNT_DEVICE_ERRORS)).toBe(2);
    expect(modelledNs()).toBe(4 * 100 + 2 * (5000 + 100));
  });

  it('that fail on a device that costs nothing else start the queue when they fail', () => {
    const thread = host.state.threadAddress(0);
    host.state.set(layout.PLAN_MODELLED, 0);
    host.state.set(layout.PLAN_COST_RESET, 5000);
    host.state.set(layout.PLAN_DEVICE_FAULTS, 1);
    host.state.set(layout.PLAN_DEVICE_ERROR_NTH, 1);
    host.state.set(thread + layout.THREAD_CLOCK, 7);
    os.deviceWrite(1);
    expect(host.state.getLong(thread + layout.THREAD_PENDING_NS)).toBe(5000);
    expect(host.state.getLong(thread + layout.THREAD_POSTED_NS)).toBe(7e9);
  });

  it('copy entries into the table', () => {
    const { arenaBase } = host.plan;
    host.state.view.setBigUint64(arenaBase + 4096, leaf(7), true);
    os.deviceCopy(arenaBase, arenaBase + 4096, 1);
    expect(host.state.view.getBigUint64(arenaBase, true)).toBe(leaf(7));
  });

  it('to a dead device do nothing; the fence says EIO, once, and nothing translates', () => {
    walk(3);
    host.state.set(layout.PLAN_DEVICE_FAULTS, 1);
    host.state.set(layout.PLAN_DEVICE_DEAD_NTH, 1);
    const { arenaBase } = host.plan;
    host.state.view.setBigUint64(arenaBase + 4096, leaf(7), true);
    os.deviceCopy(arenaBase, arenaBase + 4096, 1);
    expect(host.state.view.getBigUint64(arenaBase, true)).toBe(0n);
    expect(os.deviceFence()).toBe(terms.EIO);
    expect(walk(4)).toBe(0n);
    expect(walk(3)).toBe(0n);
  });
});
