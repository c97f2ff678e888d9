import { describe, expect, it } from 'vitest';
import * as layout from './layout.ts';

const constants: Readonly<Record<string, number>> = layout;

/** A piece of memory: name, first byte, bytes. */
type Span = readonly [name: string, at: number, bytes: number];

function named(prefix: string, bytesOf: (name: string) => number): Span[] {
  return Object.entries(constants)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, at]): Span => [name, at, bytesOf(name)])
    .filter(([, , bytes]) => bytes > 0);
}

function overlaps(spans: readonly Span[]): string[] {
  const sorted = [...spans].sort((a, b) => a[1] - b[1]);
  return sorted.slice(1).flatMap(([name, at], i) => {
    const [before, start, bytes] = sorted[i]!;
    return start + bytes > at ? [`${before} overlaps ${name}`] : [];
  });
}

/** Pieces of which a word of one shares a cache line with a word of another. */
function sharedLines(spans: readonly Span[]): string[] {
  const line = layout.CACHE_LINE_BYTES;
  return overlaps(
    spans.map(([name, at, bytes]) => {
      const first = Math.floor(at / line) * line;
      return [name, first, Math.ceil((at + bytes) / line) * line - first];
    }),
  );
}

const planBytes = (name: string): number =>
  ({
    PLAN_PARAMS: layout.PARAM_CAPACITY * 4,
    PLAN_SITE_KINDS: layout.SITE_CAPACITY,
    PLAN_INJECT_RULES: layout.INJECT_RULE_CAPACITY * layout.INJECT_RULE_BYTES,
  })[name] ?? 4;

const stateBytes = (name: string): number =>
  ({
    STATE_BARRIER: 8,
    STATE_DEVICE_BUSY: 8,
    STATE_FRAME_COUNTER: 8,
    // Lock line; sequence, active, deferred and waiters.
    STATE_NOTIFIER: 84,
    // Lock, used, kinds, eleven list heads (page-allocator.ts).
    STATE_ALLOCATOR: 192 + layout.ORDER_COUNT * 4,
    STATE_SERIES: 32,
    STATE_STALL: 12,
    STATE_WINDOW: 16,
    STATE_STRATEGY: layout.STATE_STRATEGY_BYTES,
    STATE_STRATEGY_BYTES: 0,
    STATE_DEVICE_EPOCHS: layout.THREAD_CAPACITY * layout.CACHE_LINE_BYTES,
  })[name] ?? 4;

const THREAD_AREAS: readonly Span[] = [
  ['THREAD_COUNTERS', layout.THREAD_COUNTERS, layout.THREAD_COUNTER_CAPACITY * 8],
  [
    'THREAD_ALLOCATIONS',
    layout.THREAD_ALLOCATIONS,
    layout.CONTEXT_COUNT * layout.ORDER_COUNT * layout.SITE_CAPACITY * layout.ALLOCATION_ROW_BYTES,
  ],
  ['THREAD_WORDS', layout.THREAD_WORDS, layout.BLOCK_PAGES * 8],
  ['THREAD_CACHE', layout.THREAD_CACHE, layout.CACHE_CAPACITY * layout.CACHE_ENTRY_BYTES],
  ['THREAD_EXAMPLES', layout.THREAD_EXAMPLES, layout.EXAMPLE_CAPACITY * layout.EXAMPLE_BYTES],
  [
    'THREAD_WINDOWS_NOTIFIER',
    layout.THREAD_WINDOWS_NOTIFIER,
    layout.WINDOW_COUNT * layout.WINDOW_ROW_BYTES,
  ],
  [
    'THREAD_WINDOWS_FAULT',
    layout.THREAD_WINDOWS_FAULT,
    layout.WINDOW_COUNT * layout.WINDOW_ROW_BYTES,
  ],
  ['THREAD_HOT_SET', layout.THREAD_HOT_SET, layout.HOT_SET_PAGES * 4],
  ['THREAD_BATCH', layout.THREAD_BATCH, layout.BATCH_CAPACITY * 4],
  [
    'THREAD_HISTOGRAMS',
    layout.THREAD_HISTOGRAMS,
    layout.HISTOGRAM_CAPACITY * layout.HISTOGRAM_BYTES,
  ],
];

describe('the map of shared memory', () => {
  const state = named('STATE_', stateBytes);
  const plan = named('PLAN_', planBytes);

  it('gives each shared word cache lines of its own', () => {
    expect(state.length).toBeGreaterThan(10);
    expect(sharedLines(state)).toEqual([]);
  });

  it('keeps the plan words apart, aligned and away from what is written', () => {
    expect(plan.length).toBeGreaterThan(50);
    expect(overlaps(plan)).toEqual([]);
    expect(plan.filter(([, at]) => at % 4 !== 0)).toEqual([]);
    expect(
      sharedLines([['plan', layout.CONTROL_BASE, lastOf(plan) - layout.CONTROL_BASE], ...state]),
    ).toEqual([]);
  });

  it('keeps plan and state inside the control block', () => {
    for (const [name, at, bytes] of [...plan, ...state]) {
      expect(at, name).toBeGreaterThanOrEqual(layout.CONTROL_BASE);
      expect(at + bytes, name).toBeLessThanOrEqual(layout.CONTROL_BASE + layout.CONTROL_BYTES);
    }
  });

  it('keeps the areas of a thread block apart and inside of it', () => {
    expect(overlaps(THREAD_AREAS)).toEqual([]);
    expect(lastOf(THREAD_AREAS)).toBeLessThanOrEqual(layout.THREAD_BYTES);
    const head = threadHead();
    const names = new Set(head.map(([, at]) => at));
    expect(names.size).toBe(head.length);
    expect(lastOf(head)).toBeLessThanOrEqual(layout.THREAD_COUNTERS);
    // Other threads clear tags in it.
    expect(layout.THREAD_CACHE % layout.CACHE_LINE_BYTES).toBe(0);
  });

  it('keeps the words of a thread head apart', () => {
    const long = ['RANDOM', 'CLOCK', '_NS'];
    const bytes = (name: string): number => (long.some((part) => name.endsWith(part)) ? 8 : 4);
    expect(overlaps(threadHead().map(([name, at]): Span => [name, at, bytes(name)]))).toEqual([]);
  });

  it('gives sequence and lock of a region, and the two locks of a block, lines of their own', () => {
    expect(
      sharedLines([
        ['region tree', 0, layout.REGION_REFERENCES + 4],
        ['sequence', layout.REGION_SEQUENCE, 4],
        ['lock', layout.REGION_LOCK, 4],
        ['strategy', layout.REGION_STRATEGY, layout.REGION_STRATEGY_BYTES],
      ]),
    ).toEqual([]);
    expect(layout.REGION_STRATEGY + layout.REGION_STRATEGY_BYTES).toBeLessThanOrEqual(
      layout.REGION_BYTES,
    );
    expect(layout.REGION_BYTES % layout.CACHE_LINE_BYTES).toBe(0);
    expect(layout.BLOCK_DRIVER_LOCK - layout.BLOCK_LOCK).toBeGreaterThanOrEqual(
      layout.CACHE_LINE_BYTES,
    );
    expect(layout.BLOCK_BYTES % layout.CACHE_LINE_BYTES).toBe(0);
  });

  it('is checked by a check that finds an overlap and a shared line', () => {
    const far: Span[] = [
      ['a', 0, 4],
      ['b', 64, 4],
    ];
    expect(overlaps(far)).toEqual([]);
    expect(sharedLines(far)).toEqual([]);
    expect(overlaps([...far, ['c', 66, 4]])).toEqual(['b overlaps c']);
    expect(sharedLines([...far, ['c', 60, 2]])).toEqual(['a overlaps c']);
  });

  /** The single words before the areas. */
  function threadHead(): Span[] {
    const areas = THREAD_AREAS.map(([name]) => name);
    const sizes = ['THREAD_BASE', 'THREAD_CAPACITY', 'THREAD_BYTES', 'THREAD_COUNTER_CAPACITY'];
    return named('THREAD_', () => 4).filter(([name]) => ![...areas, ...sizes].includes(name));
  }

  function lastOf(spans: readonly Span[]): number {
    return Math.max(...spans.map(([, at, bytes]) => at + bytes));
  }
});
