import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import { MEMORY_STAGING } from '../../core/abi/terms.ts';
import * as op from '../../core/abi/trace-event.ts';
import type { StrategyEntry } from '../../strategies/manifest.ts';
import type { CheckedMirror } from './checked-mirror.ts';
import { type CaseContext, type ConformanceCase, withMirror } from './conformance-case.ts';
import { deviceTakes } from './device-takes.ts';

const B = BLOCK_PAGES;

function hasStaging({ sites }: StrategyEntry): boolean {
  return sites.some((site) => site.kind === 'staging');
}

/** Bit mask of the staging sites. */
function stagingSites({ sites }: StrategyEntry): number {
  return sites.reduce((mask, site, i) => (site.kind === 'staging' ? mask | (1 << i) : mask), 0);
}

function work(mirror: CheckedMirror): void {
  mirror.map(0, 2 * B);
  mirror.touch(0, 64, true);
  for (let page = 0; page < 64; page += 16) mirror.access(page, true);
  mirror.invalidate(3, 9, op.EVENT_CLEAR);
  mirror.access(4, true);
  mirror.invalidate(0, B, op.EVENT_UNMAP);
}

/** Each command in turn kills the device while an update or invalidation is half done. */
function returnedOnError(context: CaseContext): void {
  for (let nth = 1; ; nth++) {
    let died = false;
    withMirror(context, {}, (mirror) => {
      const held = mirror.host.pagesOfKind(MEMORY_STAGING);
      mirror.host.failCommand(mirror.host.commandsPosted + nth, true);
      work(mirror);
      died = mirror.host.deviceIsDead;
      mirror.expectEqual(
        'staging pages after the work',
        mirror.host.pagesOfKind(MEMORY_STAGING),
        held,
      );
    });
    if (!died) return;
  }
}

/** No staging memory at all: the emergency page carries every update, also into a dead device. */
function emergencyLock(context: CaseContext): void {
  for (const kills of [false, true]) {
    withMirror(context, {}, (mirror) => {
      mirror.host.failAllocations({ sites: stagingSites(context.strategy.entry) });
      if (kills) mirror.host.failCommand(mirror.host.commandsPosted + 3, true);
      mirror.failuresExpected = kills;
      work(mirror);
      work(mirror);
      mirror.host.failAllocations(null);
      work(mirror);
    });
  }
}

/** Refaults write mapped neighbours of their 64-byte granule again; the count may not drift. */
function mappedCounter(context: CaseContext): void {
  withMirror(context, { faultWindow: 8 }, (mirror) => {
    mirror.map(0, 4 * B);
    mirror.touch(0, 16, true);
    deviceTakes(mirror, 0, 16, true);
    for (let i = 0; i < 40; i++) {
      mirror.invalidate(i % 16, 1, op.EVENT_CLEAR);
      mirror.touch(i % 16, 1, true);
      deviceTakes(mirror, i % 16, 1, true);
    }
    mirror.expectMapped(0, 8);
    for (let page = 0; page < 16; page++) {
      mirror.invalidate(page, 1, op.EVENT_UNMAP);
      // Whatever the count says, pages that are still mapped must stay usable.
      if (page < 15) deviceTakes(mirror, 15, 1, true);
    }
    mirror.maintain(8);
    mirror.expectAbsent(0, 16);
  });
}

/** Findings in drivers/infiniband/hw/mlx5 update_xlt, as regression cases. */
export const stagingCases: readonly ConformanceCase[] = [
  {
    name: 'staging/returned-on-error',
    purpose: 'Staging goes back when an update fails half way.',
    appliesTo: hasStaging,
    run: returnedOnError,
  },
  {
    name: 'staging/emergency-lock',
    purpose: 'The emergency lock is released on every path.',
    appliesTo: hasStaging,
    run: emergencyLock,
  },
  {
    name: 'staging/mapped-counter',
    purpose: 'The mapped counter is the real count when granules are rewritten.',
    appliesTo: hasStaging,
    run: mappedCounter,
  },
];
