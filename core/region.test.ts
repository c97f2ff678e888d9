import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CoreHost } from '../bench/fixtures/core-host.ts';
import type { CoreInternals } from '../bench/fixtures/core-internals.ts';
import * as layout from './abi/layout.ts';

const REGIONS = 24;
const PAGES = 4096;

let host: CoreHost;
let core: CoreInternals;

beforeAll(async () => {
  host = await CoreHost.create({ pageCount: PAGES, regionCount: REGIONS });
  core = host.thread();
});

interface Region {
  readonly id: number;
  readonly first: number;
  readonly end: number;
}

function insert({ id, first, end }: Region): void {
  const record = core.regionAt(id);
  host.state.set(record + layout.REGION_ID, id);
  host.state.set(record + layout.REGION_FIRST_PAGE, first);
  host.state.set(record + layout.REGION_PAGE_COUNT, end - first);
  core.treeInsert(record);
}

function overlaps(first: number, end: number): number[] {
  const ids: number[] = [];
  let region = core.treeNextOverlap(first, end, 0);
  while (region !== 0 && ids.length <= REGIONS) {
    ids.push(host.state.get(region + layout.REGION_ID));
    region = core.treeNextOverlap(first, end, region);
  }
  return ids;
}

const span = fc
  .tuple(fc.nat(PAGES - 1), fc.integer({ min: 1, max: 600 }))
  .map(([first, length]) => ({ first, end: Math.min(PAGES, first + length) }));
const step = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), id: fc.nat(REGIONS - 1), span }),
  fc.record({ kind: fc.constant('remove' as const), pick: fc.nat(1000) }),
  fc.record({ kind: fc.constant('query' as const), span }),
);

describe('region tree', () => {
  it('finds what a scan of all regions finds, in order of first page and id', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        host.state.set(layout.STATE_REGIONS, 0);
        const live = new Map<number, Region>();
        for (const taken of steps) {
          if (taken.kind === 'insert') {
            if (live.has(taken.id)) continue;
            const region = { id: taken.id, ...taken.span };
            live.set(region.id, region);
            insert(region);
          } else if (taken.kind === 'remove') {
            const id = [...live.keys()][taken.pick % Math.max(1, live.size)];
            if (id === undefined) continue;
            live.delete(id);
            core.treeRemove(core.regionAt(id));
          } else {
            const { first, end } = taken.span;
            const found = [...live.values()]
              .filter((region) => region.first < end && region.end > first)
              .sort((a, b) => a.first - b.first || a.id - b.id)
              .map(({ id }) => id);
            expect(overlaps(first, end)).toEqual(found);
          }
        }
        const all = [...live.values()].sort((a, b) => a.first - b.first || a.id - b.id);
        expect(overlaps(0, PAGES)).toEqual(all.map(({ id }) => id));
      }),
      { numRuns: 300, seed: 20190220 },
    );
  });

  it('does not touch a neighbour: ends are exclusive', () => {
    host.state.set(layout.STATE_REGIONS, 0);
    insert({ id: 0, first: 512, end: 1024 });
    expect(overlaps(0, 512)).toEqual([]);
    expect(overlaps(1024, 2048)).toEqual([]);
    expect(overlaps(511, 513)).toEqual([0]);
    expect(overlaps(1023, 1024)).toEqual([0]);
  });

  it('names the region of each block it covers, and nothing after it is uncovered', () => {
    insert({ id: 1, first: 1024, end: 2048 });
    const record = core.regionAt(1);
    core.regionCover(record, record);
    expect([1023, 1024, 2047, 2048].map((page) => core.regionOfPage(page))).toEqual([
      0,
      record,
      record,
      0,
    ]);
    core.regionCover(record, 0);
    expect(core.regionOfPage(1024)).toBe(0);
  });
});
