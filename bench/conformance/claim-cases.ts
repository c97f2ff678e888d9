import { BLOCK_PAGES, PAGE_BYTES } from '../../core/abi/layout.ts';
import { COUNT_COLLATERAL, MEMORY_RESERVE, MEMORY_TABLE, OK } from '../../core/abi/terms.ts';
import * as op from '../../core/abi/trace-event.ts';
import { CaseFailure } from './case-failure.ts';
import { CheckedMirror, type MirrorOptions } from './checked-mirror.ts';
import { churn } from './churn.ts';
import { type CaseContext, type ConformanceCase, withMirror } from './conformance-case.ts';
import { deviceTakes } from './device-takes.ts';

const B = BLOCK_PAGES;
const GIB_PAGES = 262_144;

function withoutMemory(context: CaseContext): void {
  withMirror(context, {}, (mirror) => {
    mirror.host.failAllocations({});
    churn(mirror);
  });
}

function claimInWatch(context: CaseContext): void {
  withMirror(context, {}, churn);
  withMirror(context, { contiguity: 1, faultWindow: 512 }, churn);
}

/** Single pages of a full table go; counts what went with them. */
function collateral(context: CaseContext): void {
  collateralOfLeaves(context);
  const { collateralPages } = context.strategy.entry.guarantees;
  for (const contiguity of [0, 1]) {
    withMirror(context, { contiguity, faultWindow: 512 }, (mirror) => {
      mirror.map(0, 2 * B);
      mirror.touch(0, 2 * B, true);
      for (const page of [0, 9, 255, B - 1, B, B + 77]) {
        for (const first of [0, B]) mirror.access(first, true);
        for (let other = 0; other < 2 * B; other++)
          if (mirror.view(other) === null) mirror.read(other);
        const counted = mirror.count(COUNT_COLLATERAL);
        mirror.invalidate(page, 1, op.EVENT_CLEAR);
        let lost = 0;
        for (let other = 0; other < 2 * B; other++) {
          if (other !== page && mirror.view(other) === null) lost++;
        }
        mirror.expect(
          lost + 1 <= collateralPages,
          `invalidating page ${page} zapped ${lost + 1} pages; the manifest allows ${collateralPages}`,
        );
        mirror.expect(
          lost === 0 || mirror.count(COUNT_COLLATERAL) > counted,
          `invalidating page ${page} zapped ${lost} others without counting COUNT_COLLATERAL`,
        );
        mirror.touch(page, 1, true);
      }
    });
  }
}

/** The same of 2 MiB mappings, by notifiers that come without the OS's split before them. */
function collateralOfLeaves(context: CaseContext): void {
  const { collateralPages } = context.strategy.entry.guarantees;
  withMirror(context, {}, (mirror) => {
    mirror.map(0, 2 * B, { huge: true });
    for (const page of [0, 9, 255, B - 1, B, B + 77]) {
      for (const first of [0, B]) mirror.touchHuge(first);
      for (const first of [0, B]) mirror.access(first, true);
      const present = othersPresent(mirror, page);
      const counted = mirror.count(COUNT_COLLATERAL);
      mirror.host.invalidate(0, page, 1, op.EVENT_CLEAR);
      const lost = present - othersPresent(mirror, page);
      const collateral = mirror.count(COUNT_COLLATERAL) - counted;
      mirror.expect(
        lost + 1 <= collateralPages && lost <= collateral,
        `invalidating page ${page} of a 2 MiB mapping zapped ${lost} others and counted ${collateral}; ` +
          `the manifest allows ${collateralPages} with the page itself`,
      );
    }
  });
}

/** Pages of the two blocks, but for this one, that translate. */
function othersPresent(mirror: CheckedMirror, page: number): number {
  let present = 0;
  for (let other = 0; other < 2 * B; other++) {
    if (other !== page && mirror.view(other) !== null) present++;
  }
  return present;
}

function downgrade(context: CaseContext): void {
  const { downgradesInPlace } = context.strategy.entry.guarantees;
  for (const event of [op.EVENT_PROTECTION_VMA, op.EVENT_PROTECTION_PAGE]) {
    withMirror(context, {}, (mirror) => {
      mirror.map(0, 16);
      mirror.touch(0, 16, true);
      deviceTakes(mirror, 0, 16, true);
      mirror.invalidate(4, 4, event);
      for (let page = 4; page < 8; page++) {
        const kept = mirror.view(page) !== null;
        mirror.expect(
          kept === downgradesInPlace,
          `event ${event}: page ${page} ${kept ? 'still translates' : 'was dropped'}; the manifest says ` +
            `downgradesInPlace is ${downgradesInPlace}`,
        );
      }
      deviceTakes(mirror, 0, 16, false);
    });
  }
}

function reserve(context: CaseContext): void {
  const { reservePages } = context.strategy.entry.guarantees;
  withMirror(context, {}, (mirror) => {
    mirror.maintain(64);
    churn(mirror);
    mirror.maintain(64);
    const peak = mirror.host.pagesOfKindPeak(MEMORY_RESERVE);
    mirror.expect(
      peak <= reservePages,
      `the reserve held ${peak} pages at most; the manifest says ${reservePages}`,
    );
  });
}

/** One GiB wholly mapped, through the host alone: the model would only cost memory. */
function memoryOfGiB(context: CaseContext, huge: boolean): void {
  const { at4k, at2m } = context.strategy.entry.bytesPerGiB;
  const expected = huge ? at2m : at4k;
  if (expected === null) return;
  const options: MirrorOptions = {
    pageCount: GIB_PAGES,
    regions: [{ firstPage: 0, pageCount: GIB_PAGES }],
    arenaPages: 8192,
    faultWindow: B,
    contiguity: 0,
    scope: [],
    seed: context.seed,
  };
  const mirror = new CheckedMirror(context.strategy, options).open();
  const { host } = mirror;
  const bits = op.PROT_READ | op.PROT_WRITE | (huge ? op.VMA_HUGE : 0);
  host.event(op.OP_MAP, 0, GIB_PAGES, bits);
  host.event(huge ? op.OP_FAULT_HUGE : op.OP_FAULT, 0, GIB_PAGES);
  for (let page = 0; page < GIB_PAGES; page += B) {
    let result = host.access(page, true);
    // A strategy with a reserve may ask to be refilled in between.
    for (let tries = 0; result !== OK && tries < 8; tries++) {
      host.maintain();
      result = host.access(page, true);
    }
    mirror.expectEqual(`the access to page ${page}`, result, OK);
  }
  const tableBytes = host.pagesOfKind(MEMORY_TABLE) * PAGE_BYTES;
  const heldBytes = tableBytes + host.pagesOfKind(MEMORY_RESERVE) * PAGE_BYTES;
  const near = (bytes: number): boolean => Math.abs(bytes - expected) <= expected * 0.01;
  if (!near(tableBytes) && !near(heldBytes)) {
    throw new CaseFailure(
      `one GiB mapped ${huge ? 'at 2 MiB' : 'at 4 KiB'} holds ${tableBytes} table bytes (${heldBytes} with ` +
        `the reserve); the manifest says ${expected} (within 1 %)`,
    );
  }
  host.event(op.OP_EXIT, 0, GIB_PAGES);
  mirror.close();
}

/** What the manifest says about a strategy, claim by claim. */
export const claimCases: readonly ConformanceCase[] = [
  {
    name: 'claim/allocates-in-invalidate',
    purpose: 'allocatesInInvalidate = false: no allocation is even tried in invalidate.',
    appliesTo: ({ guarantees }) => !guarantees.allocatesInInvalidate,
    run: claimInWatch,
  },
  {
    name: 'claim/allocates-in-update',
    purpose: 'allocatesInUpdate = false: no allocation is even tried in update.',
    appliesTo: ({ guarantees }) => !guarantees.allocatesInUpdate,
    run: claimInWatch,
  },
  {
    name: 'claim/update-cannot-fail',
    purpose: 'updateCanFail = false: with every allocation failing, no update ever fails.',
    appliesTo: ({ guarantees }) => !guarantees.updateCanFail,
    run: withoutMemory,
  },
  {
    name: 'claim/collateral',
    purpose: 'An invalidation of one page zaps at most collateralPages, and counts them.',
    appliesTo: ({ guarantees }) => guarantees.translates,
    run: collateral,
  },
  {
    name: 'claim/downgrade',
    purpose: 'Protection events downgrade in place exactly if the manifest says so.',
    appliesTo: ({ guarantees }) => guarantees.translates,
    run: downgrade,
  },
  { name: 'claim/reserve', purpose: 'The reserve stays within reservePages.', run: reserve },
  {
    name: 'claim/memory-4k',
    purpose: 'Table bytes of one GiB mapped at 4 KiB, within 1 %.',
    appliesTo: ({ bytesPerGiB }) => bytesPerGiB.at4k !== null,
    run: (context) => memoryOfGiB(context, false),
  },
  {
    name: 'claim/memory-2m',
    purpose: 'Table bytes of one GiB mapped at 2 MiB, within 1 %.',
    appliesTo: ({ bytesPerGiB }) => bytesPerGiB.at2m !== null,
    run: (context) => memoryOfGiB(context, true),
  },
];
