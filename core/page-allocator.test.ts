import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreInternals } from '../bench/fixtures/core-internals.ts';
import * as layout from './abi/layout.ts';
import * as terms from './abi/terms.ts';
import { OP_MARK, TRACE_FIRST_PAGE, TRACE_OP } from './abi/trace-event.ts';

const ARENA_PAGES = 100;
const { PAGE_BYTES } = layout;
const { CONTEXT_ATOMIC, CONTEXT_KERNEL, CONTEXT_NOWAIT } = terms;
const TABLE = 0;
const STAGING = 1;
const RESERVE = 2;
const FREE_HEADS = layout.STATE_ALLOCATOR + 192;

let host: CoreHost;
let core: CoreInternals;
let pristine: Uint8Array;

beforeAll(async () => {
  host = await CoreHost.create({ arenaPages: ARENA_PAGES });
  for (const kind of [TABLE, STAGING, RESERVE]) {
    host.state.view.setUint8(layout.PLAN_SITE_KINDS + kind, kind);
  }
  core = host.thread();
  pristine = bytes(0, host.plan.arenaBase).slice();
});

beforeEach(() => {
  bytes(0, host.plan.arenaBase).set(pristine);
  core.allocatorInit();
});

function bytes(address: number, length: number): Uint8Array {
  return new Uint8Array(host.state.memory.buffer, address, length);
}

const pageOf = (address: number): number => (address - host.plan.arenaBase) / PAGE_BYTES;
const badFrees = (): number => host.state.count(terms.COUNT_BAD_FREES);

/** Free blocks as `page/order`, sorted: the order within a list is nobody's business. */
function freeBlocks(): string[] {
  const { state, plan } = host;
  const blocks: string[] = [];
  for (let order = 0; order < layout.ORDER_COUNT; order++) {
    let next = state.get(FREE_HEADS + order * 4);
    while (next !== 0) {
      blocks.push(`${next - 1}/${order}`);
      next = state.get(plan.descriptorBase + (next - 1) * layout.DESCRIPTOR_BYTES);
    }
  }
  return blocks.sort();
}

/** What is held, page by page: the plainest thing that can say whether a block may be had. */
class Model {
  readonly held = new Array<boolean>(ARENA_PAGES).fill(false);
  readonly maxOrder: number;
  readonly budget: number;
  readonly reserve: number;

  constructor(maxOrder: number, budget: number, reserve: number) {
    this.maxOrder = maxOrder;
    this.budget = budget;
    this.reserve = reserve;
  }

  get used(): number {
    return this.held.filter(Boolean).length;
  }

  /** Is there an aligned free block of the order, and does the budget of the context allow it? */
  canHave(context: number, order: number): boolean {
    const limit =
      context === CONTEXT_ATOMIC ? this.budget : Math.max(0, this.budget - this.reserve);
    const pages = 2 ** order;
    if (order > this.maxOrder || this.used + pages > limit) return false;
    for (let page = 0; page + pages <= ARENA_PAGES; page += pages) {
      if (!this.held.slice(page, page + pages).includes(true)) return true;
    }
    return false;
  }

  mark(page: number, pages: number, held: boolean): void {
    for (let i = page; i < page + pages; i++) {
      expect(this.held[i], `page ${i} of the arena`).toBe(!held);
      this.held[i] = held;
    }
  }
}

interface Block {
  readonly address: number;
  readonly pages: number;
  readonly free: () => void;
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant('alloc' as const),
    context: fc.integer({ min: 0, max: 2 }),
    order: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({
    kind: fc.constant('exact' as const),
    context: fc.integer({ min: 0, max: 2 }),
    byteCount: fc.integer({ min: 1, max: 40 * PAGE_BYTES }),
  }),
  fc.record({ kind: fc.constant('free' as const), pick: fc.nat(1000) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function allocate(model: Model, taken: Step & { kind: 'alloc' | 'exact' }): Block | null {
  const pages = taken.kind === 'alloc' ? 2 ** taken.order : Math.ceil(taken.byteCount / PAGE_BYTES);
  const order = Math.ceil(Math.log2(pages));
  const possible = model.canHave(taken.context, order);
  const address =
    taken.kind === 'alloc'
      ? core.pageAlloc(taken.context, order, TABLE)
      : core.pageAllocExact(taken.context, taken.byteCount, TABLE);
  expect(address !== 0, `order ${order}, context ${taken.context}`).toBe(possible);
  if (address === 0) return null;
  expect(pageOf(address) % 2 ** order).toBe(0);
  model.mark(pageOf(address), pages, true);
  const content = bytes(address, pages * PAGE_BYTES);
  expect(content.every((byte) => byte === 0)).toBe(true);
  content.fill(0xff);
  const free = (): void =>
    taken.kind === 'alloc'
      ? core.pageFree(address, order)
      : core.pageFreeExact(address, taken.byteCount);
  return { address, pages, free };
}

function release(model: Model, block: Block): void {
  block.free();
  model.mark(pageOf(block.address), block.pages, false);
  const content = bytes(block.address, block.pages * PAGE_BYTES);
  expect(content.every((byte) => byte === 0x6b)).toBe(true);
}

describe('page allocator', () => {
  it('gives what a map of the arena says can be had, zeroed, and takes it back poisoned', () => {
    const sizes = fc.record({
      maxOrder: fc.integer({ min: 2, max: 6 }),
      budget: fc.integer({ min: 40, max: ARENA_PAGES }),
      reserve: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(sizes, fc.array(step, { maxLength: 60 }), (size, steps) => {
        bytes(0, host.plan.arenaBase).set(pristine);
        host.state.set(layout.PLAN_MAX_ORDER, size.maxOrder);
        host.state.set(layout.PLAN_BUDGET_PAGES, size.budget);
        host.state.set(layout.PLAN_RESERVE_PAGES, size.reserve);
        core.allocatorInit();
        const initial = freeBlocks();
        const model = new Model(size.maxOrder, size.budget, size.reserve);
        const blocks: Block[] = [];
        for (const taken of steps) {
          if (taken.kind === 'free') {
            const [block] = blocks.splice(taken.pick % Math.max(1, blocks.length), 1);
            if (block !== undefined) release(model, block);
          } else {
            const block = allocate(model, taken);
            if (block !== null) blocks.push(block);
          }
          expect(core.pagesOfKind(TABLE)).toBe(model.used);
          expect(core.allocatorCheck()).toBe(0);
        }
        for (const block of blocks) release(model, block);
        expect(freeBlocks()).toEqual(initial);
        expect(badFrees()).toBe(0);
      }),
      { numRuns: 60, seed: 20190213 },
    );
  });

  it('keeps the reserve for ATOMIC', () => {
    host.state.set(layout.PLAN_BUDGET_PAGES, 8);
    host.state.set(layout.PLAN_RESERVE_PAGES, 3);
    for (let i = 0; i < 5; i++) expect(core.pageAlloc(CONTEXT_NOWAIT, 0, TABLE)).not.toBe(0);
    expect(core.pageAlloc(CONTEXT_NOWAIT, 0, TABLE)).toBe(0);
    expect(core.pageAlloc(CONTEXT_KERNEL, 0, TABLE)).toBe(0);
    for (let i = 0; i < 3; i++) expect(core.pageAlloc(CONTEXT_ATOMIC, 0, TABLE)).not.toBe(0);
    expect(core.pageAlloc(CONTEXT_ATOMIC, 0, TABLE)).toBe(0);
    expect(core.allocationFailures()).toBe(3);
  });

  it('lets KERNEL reclaim what the watermark held back, at the price of a modelled stall', () => {
    host.state.set(layout.PLAN_BUDGET_PAGES, 4);
    host.state.set(layout.PLAN_RESERVE_PAGES, 4);
    expect(core.pageAlloc(CONTEXT_KERNEL, 0, TABLE)).toBe(0);
    host.state.set(layout.PLAN_RECLAIM_NS, 50_000);
    expect(core.pageAlloc(CONTEXT_KERNEL, 0, TABLE)).not.toBe(0);
    expect(core.pageAlloc(CONTEXT_NOWAIT, 0, TABLE)).toBe(0);
    expect(host.state.count(terms.COUNT_RECLAIMS)).toBe(1);
    const stallNs = host.state.count(terms.COUNT_RECLAIM_NS);
    expect(stallNs).toBeGreaterThanOrEqual(25_000);
    expect(host.state.getLong(layout.THREAD_BASE + layout.THREAD_MODELLED_NS)).toBe(stallNs);
  });

  it('has no block above the fragmentation cap', () => {
    bytes(0, host.plan.arenaBase).set(pristine);
    host.state.set(layout.PLAN_MAX_ORDER, 2);
    core.allocatorInit();
    expect(core.pageAlloc(CONTEXT_KERNEL, 3, TABLE)).toBe(0);
    expect(core.pageAllocExact(CONTEXT_KERNEL, 5 * PAGE_BYTES, TABLE)).toBe(0);
    expect(core.pageAlloc(CONTEXT_KERNEL, 2, TABLE)).not.toBe(0);
    const rows = host.state.allocations().map(({ order, failures }) => [order, failures]);
    expect(rows).toEqual([
      [2, 0],
      [3, 2],
    ]);
  });

  it('treats every context as ATOMIC in the profile atomic-only', () => {
    host.state.set(layout.PLAN_FORCE_ATOMIC, 1);
    host.state.set(layout.PLAN_BUDGET_PAGES, 1);
    host.state.set(layout.PLAN_RESERVE_PAGES, 1);
    expect(core.pageAlloc(CONTEXT_KERNEL, 0, TABLE)).not.toBe(0);
    expect(host.state.allocations().map(({ context }) => context)).toEqual([CONTEXT_ATOMIC]);
  });

  it('counts a double free, a wrong order and a foreign address, and changes nothing', () => {
    const block = core.pageAlloc(CONTEXT_KERNEL, 1, TABLE);
    core.pageFree(block, 0);
    core.pageFree(block + PAGE_BYTES, 0);
    core.pageFree(host.plan.arenaBase - PAGE_BYTES, 0);
    core.pageFree(host.plan.arenaBase + ARENA_PAGES * PAGE_BYTES, 0);
    expect(badFrees()).toBe(4);
    expect(core.pagesOfKind(TABLE)).toBe(2);
    expect(bytes(block, 2 * PAGE_BYTES).every((byte) => byte === 0)).toBe(true);
    core.pageFree(block, 1);
    expect(badFrees()).toBe(4);
    core.pageFree(block, 1);
    expect(badFrees()).toBe(5);
    expect(core.allocatorCheck()).toBe(0);
  });
});

describe('accounts', () => {
  it('charge the kind of the site; a reassigned block moves to the other account', () => {
    const block = core.pageAlloc(CONTEXT_KERNEL, 2, RESERVE);
    core.pageAlloc(CONTEXT_KERNEL, 0, STAGING);
    expect([TABLE, STAGING, RESERVE].map((kind) => core.pagesOfKind(kind))).toEqual([0, 1, 4]);
    core.pageReassign(block, TABLE);
    expect([TABLE, STAGING, RESERVE].map((kind) => core.pagesOfKind(kind))).toEqual([4, 1, 0]);
    core.pageFree(block, 2);
    expect([TABLE, STAGING, RESERVE].map((kind) => core.pagesOfKind(kind))).toEqual([0, 1, 0]);
    const peaks = [TABLE, STAGING, RESERVE].map((kind) => core.pagesOfKindPeak(kind));
    expect(peaks).toEqual([4, 1, 4]);
    expect(core.allocatorCheck()).toBe(0);
  });

  it('do not count the tail that an exact allocation gives back', () => {
    core.pageAllocExact(CONTEXT_KERNEL, 5 * PAGE_BYTES, TABLE);
    expect(core.pagesOfKind(TABLE)).toBe(5);
    expect(core.pagesOfKindPeak(TABLE)).toBe(5);
  });

  it('have a mean over time: what was held until the next sample, not what is held at it', () => {
    const integral = (): number => host.state.getLong(layout.STATE_SERIES + 8);
    const block = core.pageAlloc(CONTEXT_KERNEL, 3, TABLE);
    core.sampleMemory(10n, 0);
    core.pageFree(block, 3);
    core.sampleMemory(1010n, 0);
    expect(integral()).toBe(8 * 1000);
    core.sampleMemory(2010n, 0);
    expect(integral()).toBe(8 * 1000);
  });

  it('are sampled by a storm thread that has events', () => {
    const { arenaBase: trace } = host.plan;
    host.state.set(layout.PLAN_TRACE_BASE, trace);
    host.state.set(layout.PLAN_TRACE_COUNT, 1);
    host.state.set(trace + TRACE_OP, OP_MARK);
    host.state.set(trace + TRACE_FIRST_PAGE, layout.BLOCK_PAGES);
    host.state.set(layout.PLAN_SERIES_BASE, host.plan.seriesBase);
    host.state.set(layout.PLAN_SERIES_CAPACITY, 1);
    host.state.set(layout.PLAN_STORM_THREADS, 2);
    core.stormLoop(0);
    expect(host.state.get(layout.STATE_SERIES)).toBe(0);
    core.stormLoop(1);
    expect(host.state.get(layout.STATE_SERIES)).toBe(1);
  });

  it('give a deferred block back at the next fence, not before', () => {
    const first = core.pageAlloc(CONTEXT_KERNEL, 0, TABLE);
    const second = core.pageAlloc(CONTEXT_KERNEL, 1, TABLE);
    core.pageFreeDeferred(first);
    core.pageFreeDeferred(second);
    expect(core.pagesOfKind(TABLE)).toBe(3);
    expect(bytes(first, PAGE_BYTES).every((byte) => byte === 0)).toBe(true);
    core.deviceFence();
    expect(core.pagesOfKind(TABLE)).toBe(0);
    expect(bytes(first, PAGE_BYTES).every((byte) => byte === 0x6b)).toBe(true);
    core.deviceFence();
    expect(badFrees()).toBe(0);
  });
});

describe('allocatorCheck', () => {
  const descriptor = (page: number): number =>
    host.plan.descriptorBase + page * layout.DESCRIPTOR_BYTES;
  const damages: [string, (page: number) => void][] = [
    ['a free block that claims to be held', (page) => setState(page, 2)],
    ['a held block that claims to be free', () => setState(heldPage(), 1)],
    ['a free block of another order', (page) => setOrder(page, 1)],
    ['a free list that lost its blocks', (page) => loseList(page)],
    ['a free list that runs in a circle', (page) => closeCircle(page)],
    ['a used count that drifted', () => driftUsed()],
  ];
  const setState = (page: number, state: number): void =>
    host.state.view.setUint8(descriptor(page) + layout.DESCRIPTOR_STATE, state);
  const setOrder = (page: number, by: number): void =>
    host.state.view.setUint8(descriptor(page) + layout.DESCRIPTOR_ORDER, by);
  const orderOf = (page: number): number =>
    host.state.view.getUint8(descriptor(page) + layout.DESCRIPTOR_ORDER);
  const heldPage = (): number => pageOf(core.pageAlloc(CONTEXT_KERNEL, 0, TABLE));
  const loseList = (page: number): void => host.state.set(FREE_HEADS + orderOf(page) * 4, 0);
  const closeCircle = (page: number): void =>
    host.state.set(descriptor(page) + layout.DESCRIPTOR_NEXT, page + 1);
  const driftUsed = (): void => {
    const used = layout.STATE_ALLOCATOR + 64;
    host.state.set(used, host.state.get(used) + 1);
  };

  it.each(damages)('notices %s', (_, damage) => {
    expect(core.allocatorCheck()).toBe(0);
    const largest = Number(freeBlocks().at(-1)!.split('/')[0]);
    damage(largest);
    expect(core.allocatorCheck()).toBeGreaterThan(0);
  });
});
