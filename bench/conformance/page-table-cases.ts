import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import { EFAULT, OK } from '../../core/abi/terms.ts';
import * as op from '../../core/abi/trace-event.ts';
import { SeededRandom } from '../workloads/seeded-random.ts';
import type { CheckedMirror } from './checked-mirror.ts';
import { type CaseContext, type ConformanceCase, withMirror } from './conformance-case.ts';
import { deviceTakes } from './device-takes.ts';

const B = BLOCK_PAGES;
const GIB_PAGES = 262_144;

/** map every size, read back, unmap, count zero. */
function mapEverySize(context: CaseContext): void {
  withMirror(context, { faultWindow: B }, (mirror) => {
    for (let size = 1; size <= B; size *= 2) {
      const first = B - size;
      mirror.map(first, size);
      mirror.touch(first, size, true);
      mirror.read(first);
      mirror.expectMapped(first, size);
      mirror.unmapVma(first, size);
      mirror.expectAbsent(0, 2 * B);
    }
    for (let blocks = 1; blocks <= 4; blocks++) {
      mirror.map(0, blocks * B, { huge: true });
      for (let page = 0; page < blocks * B; page += B) deviceTakes(mirror, page + 9, 1, true);
      mirror.expectMapped(0, blocks * B);
      mirror.unmapVma(0, blocks * B);
      mirror.expectAbsent(0, 4 * B);
    }
  });
}

/** Random map and unmap of runs and huge pages in a 1 GiB window (test_random_map). */
function randomMap(context: CaseContext): void {
  const iterations = context.size === 'full' ? 1000 : 60;
  const random = new SeededRandom(context.seed);
  const regions = [{ firstPage: 0, pageCount: GIB_PAGES }];
  withMirror(
    context,
    { pageCount: GIB_PAGES, regions, arenaPages: 4096, faultWindow: 64 },
    (mirror) => {
      const mapped: { first: number; count: number }[] = [];
      for (let i = 0; i < iterations; i++) {
        const huge = random.chance(0.4);
        const count = huge ? B : 1 << random.below(8);
        const at = random.below(GIB_PAGES - count);
        const first = huge ? Math.floor(at / B) * B : at;
        const overlaps = mapped.some(
          (other) => first < other.first + other.count && other.first < first + count,
        );
        if (!overlaps) {
          mirror.map(first, count, { write: random.chance(0.7), huge });
          mirror.touch(first, huge ? 1 : count);
          deviceTakes(mirror, first, huge ? 1 : count, false);
          mirror.expectMapped(first, count);
          mapped.push({ first, count });
        }
        if (mapped.length > 0 && random.chance(0.4)) {
          const [gone] = mapped.splice(random.below(mapped.length), 1);
          mirror.unmapVma(gone!.first, gone!.count);
          mirror.expectAbsent(gone!.first, gone!.count);
        }
      }
      for (const { first, count } of mapped) mirror.checkRange(first, count);
      mirror.exit();
      for (const { first, count } of mapped) mirror.expectAbsent(first, count);
    },
  );
}

/** Part of a 2 MiB leaf goes: nothing of that part stays, nothing else becomes wrong. */
function unmapSplit(context: CaseContext): void {
  for (const [first, count] of [
    [37, 1],
    [0, 1],
    [B - 1, 1],
    [100, 300],
    [1, B - 1],
    [B / 2, B],
  ] as const) {
    withMirror(context, {}, (mirror) => {
      mirror.map(0, 2 * B, { huge: true });
      deviceTakes(mirror, 0, 1, true);
      deviceTakes(mirror, B, 1, true);
      mirror.unmapVma(first, count);
      mirror.expectAbsent(first, count);
      for (let page = 0; page < 2 * B; page += 3) {
        const gone = page >= first && page < first + count;
        mirror.expectEqual(`a read of page ${page}`, mirror.read(page), gone ? EFAULT : OK);
      }
      mirror.expectAbsent(first, count);
      mirror.checkAll();
    });
  }
}

/** Ranges on both sides of the 1 GiB border inside one region. */
function pageSizeBoundary(context: CaseContext): void {
  const pageCount = GIB_PAGES + 2 * B;
  const regions = [{ firstPage: 0, pageCount }];
  withMirror(context, { pageCount, regions, arenaPages: 4096 }, (mirror) => {
    const around = GIB_PAGES - B;
    mirror.map(around, 2 * B);
    mirror.touch(GIB_PAGES - 20, 40, true);
    deviceTakes(mirror, GIB_PAGES - 20, 40, true);
    mirror.expectMapped(GIB_PAGES - 20, 40);
    mirror.invalidate(GIB_PAGES - 5, 10, op.EVENT_CLEAR);
    mirror.expectAbsent(GIB_PAGES - 5, 10);
    deviceTakes(mirror, GIB_PAGES - 20, 40, true);
    mirror.unmapVma(around, 2 * B);
    mirror.map(around, 2 * B, { huge: true });
    deviceTakes(mirror, GIB_PAGES - 1, 2, true);
    mirror.invalidate(GIB_PAGES - 1, 2, op.EVENT_PROTECTION_VMA);
    deviceTakes(mirror, GIB_PAGES - 8, 16, false);
    mirror.map(pageCount - 1, 1);
    deviceTakes(mirror, pageCount - 1, 1, true);
  });
}

/** Huge and 4 KiB blocks side by side, read back together (test_mixed). */
function mixed(context: CaseContext): void {
  const blocks = 20;
  const regions = [{ firstPage: 0, pageCount: blocks * B }];
  withMirror(context, { pageCount: blocks * B, regions, faultWindow: B }, (mirror) => {
    for (let block = 0; block < blocks; block++) {
      const huge = block % 3 !== 0;
      mirror.map(block * B, B, { huge });
      if (!huge) mirror.touch(block * B, B, true);
      deviceTakes(mirror, block * B + block, 1, true);
    }
    mirror.expectMapped(0, blocks * B);
    for (let block = 0; block < blocks; block += 2) mirror.unmapVma(block * B, B);
    for (let block = 0; block < blocks; block++) {
      if (block % 2 === 0) mirror.expectAbsent(block * B, B);
      else mirror.expectMapped(block * B, B);
    }
  });
}

/** Pages count from the region's start, not from the space's. */
function offsetRegions(context: CaseContext): void {
  const regions = [
    { firstPage: 3 * B, pageCount: B },
    { firstPage: B, pageCount: 2 * B },
  ];
  withMirror(context, { pageCount: 5 * B, regions }, (mirror) => {
    mirror.map(0, 5 * B);
    mirror.touch(3 * B - 8, 16, true);
    deviceTakes(mirror, 3 * B - 8, 16, true);
    mirror.expectMapped(3 * B - 8, 16);
    mirror.invalidate(0, 3 * B, op.EVENT_CLEAR);
    mirror.expectAbsent(B, 2 * B);
    mirror.expectMapped(3 * B, 8);
    mirror.expectEqual('a read outside every region', mirror.read(B - 1), EFAULT);
    mirror.expectEqual('a read outside every region', mirror.read(4 * B), EFAULT);
  });
}

function oneRound(mirror: CheckedMirror): number {
  mirror.map(0, 4 * B, { huge: true });
  for (let page = 0; page < 4 * B; page += B) deviceTakes(mirror, page, 1, true);
  for (let page = 0; page < 2 * B; page += B) mirror.split(page);
  for (let page = 0; page < 2 * B; page += 16) deviceTakes(mirror, page, 1, false);
  mirror.collapse(0);
  deviceTakes(mirror, 0, 1, true);
  mirror.exit();
  mirror.maintain(64);
  return mirror.host.committedPages;
}

/** The same work twice ends with the same memory: nothing accumulates while a region lives. */
function balance(context: CaseContext): void {
  withMirror(context, {}, (mirror) => {
    const first = oneRound(mirror);
    for (let round = 2; round <= 5; round++) {
      mirror.expectEqual(`held pages after round ${round}`, oneRound(mirror), first);
    }
  });
}

/** The shapes of drivers/iommu/generic_pt/kunit_iommu_pt.h. */
export const pageTableCases: readonly ConformanceCase[] = [
  {
    name: 'pt/map_every_size',
    purpose: 'Map every size, read back, unmap, count zero.',
    run: mapEverySize,
  },
  { name: 'pt/random_map', purpose: 'Random map and unmap in a 1 GiB window.', run: randomMap },
  { name: 'pt/unmap_split', purpose: 'Part of a 2 MiB leaf is unmapped.', run: unmapSplit },
  {
    name: 'pt/pgsize_boundary',
    purpose: 'Ranges across the 1 GiB border of a region.',
    run: pageSizeBoundary,
  },
  { name: 'pt/mixed', purpose: 'Huge and 4 KiB blocks side by side.', run: mixed },
  {
    name: 'pt/offset_regions',
    purpose: 'Regions that begin anywhere, and pages between them.',
    run: offsetRegions,
  },
  { name: 'pt/balance', purpose: 'The same work again takes no more memory.', run: balance },
];
