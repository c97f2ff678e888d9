import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import { COUNT_NOT_BLOCKABLE, EAGAIN, EFAULT, OK } from '../../core/abi/terms.ts';
import * as op from '../../core/abi/trace-event.ts';
import { CheckedMirror } from './checked-mirror.ts';
import { type CaseContext, type ConformanceCase, withMirror } from './conformance-case.ts';
import { deviceTakes } from './device-takes.ts';

const B = BLOCK_PAGES;

const EVENTS: readonly number[] = [
  op.EVENT_UNMAP,
  op.EVENT_CLEAR,
  op.EVENT_PROTECTION_VMA,
  op.EVENT_PROTECTION_PAGE,
  op.EVENT_SOFT_DIRTY,
  op.EVENT_RELEASE,
  op.EVENT_MIGRATE,
  op.EVENT_EXCLUSIVE,
];
const DROPPING = EVENTS.filter(
  (event) => event < op.EVENT_PROTECTION_VMA || event > op.EVENT_SOFT_DIRTY,
);
const RANGES = [
  [5, 1],
  [3, 21],
  [B - 2, 4],
  [0, B],
  [B - 1, B + 1],
  [0, 4 * B],
] as const;

/** Two huge blocks and two 4 KiB ones, all in the device's table. */
function fill(mirror: CheckedMirror): void {
  mirror.map(0, 2 * B, { huge: true });
  mirror.map(2 * B, 2 * B);
  mirror.touch(2 * B, 40, true);
  mirror.touch(4 * B - 16, 16, true);
  for (const page of [0, B, 2 * B, 2 * B + 16, 2 * B + 32, 4 * B - 16])
    deviceTakes(mirror, page, 1, true);
}

/** The device goes through what is mapped again, whether or not it may. */
function revisit(mirror: CheckedMirror, write: boolean): void {
  for (const page of [0, 4, 5, 23, B - 2, B, B + 1, 2 * B - 1, 2 * B, 2 * B + 39, 4 * B - 1]) {
    mirror.access(page, write);
  }
}

function i1(context: CaseContext): void {
  for (const event of EVENTS) {
    withMirror(context, {}, (mirror) => {
      for (const base of [0, 2 * B]) {
        for (const [first, count] of RANGES) {
          if (base + first + count > 4 * B) continue;
          fill(mirror);
          mirror.invalidate(base + first, count, event);
          if (DROPPING.includes(event)) mirror.expectAbsent(base + first, count);
          revisit(mirror, false);
          revisit(mirror, true);
          mirror.exit();
        }
      }
    });
  }
}

function i2(context: CaseContext): void {
  for (const event of EVENTS) {
    withMirror(context, {}, (mirror) => {
      fill(mirror);
      mirror.host.failAllocations({});
      mirror.failuresExpected = true;
      for (const [first, count] of RANGES.slice(0, 3)) {
        mirror.invalidate(first, count, event);
        if (DROPPING.includes(event)) mirror.expectAbsent(first, count);
      }
      mirror.split(B);
      mirror.collapse(2 * B);
      revisit(mirror, false);
      mirror.host.failAllocations(null);
      mirror.failuresExpected = false;
      revisit(mirror, true);
    });
  }
}

function i3Own(context: CaseContext): void {
  withMirror(context, {}, (mirror) => {
    fill(mirror);
    const { watch } = mirror.host;
    mirror.invalidate(0, 2, op.EVENT_CLEAR);
    mirror.touch(0, 16);
    mirror.failuresExpected = true;
    watch.collides = true;
    mirror.access(0, true);
    watch.collides = false;
    mirror.failuresExpected = false;
    mirror.expect(watch.collisions.length > 0, 'the access made no update');
    for (const result of watch.collisions) {
      mirror.expectEqual('update while an invalidation came between', result, EAGAIN);
    }
    revisit(mirror, true);
  });
}

function i3Core(context: CaseContext): void {
  withMirror(context, {}, (mirror) => {
    fill(mirror);
    revisit(mirror, true);
    mirror.invalidate(0, 4 * B, op.EVENT_CLEAR);
    const { calls } = mirror.host.watch;
    mirror.expect(
      calls.update > 0 && calls.invalidate > 0,
      'the core called update and invalidate',
    );
  });
}

/** A small run does not go through every page a large cache is filled with. */
const SMALL_NTHS = 40;

/** The nth allocation fails, n = 1, 2, 3 ... until none is reached. */
function i4(context: CaseContext): void {
  const last = context.size === 'full' ? Number.POSITIVE_INFINITY : SMALL_NTHS;
  for (let nth = 1; nth <= last; nth++) {
    let fired = 0;
    withMirror(context, {}, (mirror) => {
      mirror.host.watch.comparesFailures = true;
      mirror.map(0, 2 * B, { huge: true });
      mirror.map(2 * B, 2 * B);
      deviceTakes(mirror, 0, 1, true);
      mirror.failuresExpected = true;
      mirror.host.failAllocations({ nth });
      for (const page of [2 * B, B, 3 * B + 8]) mirror.access(page, true);
      mirror.split(0);
      for (const page of [0, 16, 500]) mirror.access(page, true);
      mirror.invalidate(2 * B, 1, op.EVENT_CLEAR);
      mirror.access(2 * B, true);
      fired = mirror.host.injectedFailures;
      mirror.host.failAllocations(null);
      mirror.failuresExpected = false;
      revisit(mirror, true);
    });
    if (fired === 0) return;
  }
}

function i5(context: CaseContext): void {
  withMirror(context, {}, (mirror) => {
    mirror.map(0, B, { write: false, huge: true });
    mirror.map(B, B);
    for (let page = B; page < B + 16; page += 2) mirror.protectVma(page, 1, false);
    mirror.touch(B, 16);
    mirror.expectEqual('a write to a read-only huge page', mirror.write(3), EFAULT);
    deviceTakes(mirror, 3, 1, false);
    for (let page = B; page < B + 16; page++) {
      const allowed = page % 2 === 1;
      mirror.expectEqual(`a write to page ${page}`, mirror.write(page), allowed ? OK : EFAULT);
      mirror.expectEqual(`a read of page ${page}`, mirror.read(page), OK);
    }
    mirror.protectVma(0, 2 * B, true);
    deviceTakes(mirror, 0, 2, true);
    deviceTakes(mirror, B, 16, true);
    mirror.fork(0, 2 * B);
    revisit(mirror, false);
    revisit(mirror, true);
    mirror.checkAll();
  });
  withMirror(context, {}, (mirror) => {
    mirror.map(0, B, { write: false, huge: true });
    deviceTakes(mirror, 300, 1, false);
    mirror.protectVma(0, 8, true);
    mirror.touch(0, 1, true);
    mirror.expectEqual('a write where the right was given', mirror.write(0), OK);
    mirror.expectEqual('a write to the rest of the 2 MiB', mirror.write(300), EFAULT);
    mirror.checkAll();
  });
}

/** Every call that fails for lack of memory or of a device gives back what it had taken. */
function i6(context: CaseContext): void {
  withMirror(context, {}, (mirror) => {
    fill(mirror);
    mirror.host.failAllocations({});
    mirror.failuresExpected = true;
    mirror.split(0);
    revisit(mirror, true);
    mirror.invalidate(0, 3 * B, op.EVENT_CLEAR);
    revisit(mirror, true);
    mirror.host.failAllocations(null);
    mirror.host.failCommand(mirror.host.commandsPosted + 2, true);
    revisit(mirror, true);
    mirror.invalidate(0, 4 * B, op.EVENT_CLEAR);
    revisit(mirror, false);
  });
}

function i7(context: CaseContext): void {
  const mirror = new CheckedMirror(context.strategy, { seed: context.seed }).open();
  fill(mirror);
  mirror.unregister(0);
  const { calls } = mirror.host.watch;
  const before = { ...calls };
  mirror.invalidate(0, 4 * B, op.EVENT_CLEAR);
  mirror.touch(0, 64, true);
  mirror.split(0);
  mirror.fork(0, 4 * B);
  mirror.maintain();
  mirror.expectEqual('an access after the region went', mirror.read(0), EFAULT);
  mirror.expectEqual('invalidations of a region that is gone', calls.invalidate, before.invalidate);
  mirror.expectEqual('updates of a region that is gone', calls.update, before.update);
  mirror.host.detach();
  mirror.checkNothingHeld();
}

/** Contended and not blockable: EAGAIN, no wait, nothing changed, the window closed by the core. */
function i8(context: CaseContext): void {
  withMirror(context, {}, (mirror) => {
    fill(mirror);
    const { host } = mirror;
    const own = host.entry.lock === 'own';
    for (const [first, count] of [
      [2 * B, 1],
      [2 * B + 3, 30],
      [0, B],
    ] as const) {
      const refused = mirror.count(COUNT_NOT_BLOCKABLE);
      if (own) host.watch.contended = true;
      else host.holdDriverLock(0, first, true);
      const went = mirror.invalidate(first, count, op.EVENT_CLEAR, false);
      if (own) host.watch.contended = false;
      else host.holdDriverLock(0, first, false);
      mirror.expectEqual('notifier windows left open', host.activeWindows, 0);
      if (own && went) mirror.expectAbsent(first, count);
      else mirror.expect(mirror.count(COUNT_NOT_BLOCKABLE) > refused, 'EAGAIN was expected');
      // The reaper leaves the range; the page goes later, blockable.
      mirror.invalidate(first, count, op.EVENT_CLEAR);
      mirror.expectAbsent(first, count);
    }
    revisit(mirror, true);
  });
}

function mapAndUnmap(mirror: CheckedMirror, rewrites: number): number {
  mirror.map(0, 64);
  mirror.touch(0, 64, true);
  for (let page = 0; page < 64; page += 16) deviceTakes(mirror, page, 1, true);
  for (let i = 0; i < rewrites; i++) {
    // Each refault of one page writes its neighbours again.
    mirror.invalidate((i * 5) % 64, 1, op.EVENT_CLEAR);
    mirror.touch((i * 5) % 64, 1, true);
    deviceTakes(mirror, (i * 5) % 64, 1, true);
  }
  for (let page = 1; page < 64; page += 2) mirror.invalidate(page, 1, op.EVENT_UNMAP);
  for (let page = 0; page < 64; page += 2) mirror.invalidate(page, 1, op.EVENT_UNMAP);
  mirror.maintain(64);
  return mirror.host.committedPages;
}

/** Entries written twice are counted once: what is empty is seen to be empty. */
function i9(context: CaseContext): void {
  withMirror(context, {}, (mirror) => {
    const once = mapAndUnmap(mirror, 0);
    for (const rewrites of [1, 8, 60]) {
      const held = mapAndUnmap(mirror, rewrites);
      mirror.expectEqual(`held pages after ${rewrites} rewrites`, held, once);
    }
  });
}

/** Tables are replaced, emptied and rebuilt; the watch sees each free and the fence before it. */
function i10(context: CaseContext): void {
  withMirror(context, {}, (mirror) => {
    for (let round = 0; round < 3; round++) {
      fill(mirror);
      mirror.split(0);
      deviceTakes(mirror, 0, 40, true);
      mirror.collapse(0);
      deviceTakes(mirror, 0, 1, true);
      mirror.unmapVma(2 * B, B);
      mirror.invalidate(B, B, op.EVENT_UNMAP);
      mirror.maintain(8);
      revisit(mirror, false);
      mirror.exit();
      mirror.maintain(8);
      mirror.expectAbsent(0, 4 * B);
    }
  });
}

/** The invariants of the mirror protocol; numbers as in DESIGN.md. */
export const invariantCases: readonly ConformanceCase[] = [
  {
    name: 'invariant/i1',
    purpose: 'After invalidate nothing of the range translates to what it did.',
    run: i1,
  },
  { name: 'invariant/i2', purpose: 'Invalidate never fails for lack of memory.', run: i2 },
  {
    name: 'invariant/i3-own-lock',
    purpose: 'An update that an invalidation overtook is given up (own lock: notifierReadRetry).',
    appliesTo: ({ lock, guarantees }) => lock === 'own' && guarantees.translates,
    run: i3Own,
  },
  {
    name: 'invariant/i3-driver-lock',
    purpose: 'The core calls update and invalidate with the declared lock held.',
    appliesTo: ({ lock }) => lock !== 'own',
    run: i3Core,
  },
  {
    name: 'invariant/i4',
    purpose: 'An update that fails leaves each page as it was, or absent.',
    run: i4,
  },
  { name: 'invariant/i5', purpose: "The device's rights are never wider than the CPU's.", run: i5 },
  {
    name: 'invariant/i6',
    purpose: 'Staging, reserves and locks balance on every error path.',
    run: i6,
  },
  { name: 'invariant/i7', purpose: 'After unregistration no callback runs.', run: i7 },
  {
    name: 'invariant/i8',
    purpose: 'Contended and non-blockable: EAGAIN, nothing changed.',
    run: i8,
  },
  { name: 'invariant/i9', purpose: 'The mapped count is the real count.', run: i9 },
  {
    name: 'invariant/i10',
    purpose: 'Table pages are freed only after the fence that covers them.',
    run: i10,
  },
];
