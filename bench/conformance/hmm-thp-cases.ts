import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import * as op from '../../core/abi/trace-event.ts';
import type { CheckedMirror } from './checked-mirror.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { deviceTakes } from './device-takes.ts';
import { expectFaults, hmm } from './hmm-case.ts';

const huge = (mirror: CheckedMirror): void => mirror.map(0, 2 * BLOCK_PAGES, { huge: true });

/** migrate_anon_huge_*: the tests that the series for device-private THPs adds to hmm-tests.c. */
export const thpCases: readonly ConformanceCase[] = [
  hmm('migrate_anon_huge_empty', 'A huge area is migrated before anything is in it.', (mirror) => {
    huge(mirror);
    mirror.invalidate(0, BLOCK_PAGES, op.EVENT_MIGRATE);
    expectFaults(mirror, deviceTakes(mirror, 7, 1, true), 1);
    mirror.expectMapped(0, BLOCK_PAGES);
  }),
  hmm('migrate_anon_huge_zero', 'A huge page that was only read is migrated.', (mirror) => {
    huge(mirror);
    mirror.touch(0, 1);
    deviceTakes(mirror, 100, 1, false);
    mirror.invalidate(0, BLOCK_PAGES, op.EVENT_MIGRATE);
    mirror.expectAbsent(0, BLOCK_PAGES);
    deviceTakes(mirror, 100, 1, true);
  }),
  hmm('migrate_anon_huge_free', 'MADV_FREE of a whole huge page.', (mirror) => {
    huge(mirror);
    mirror.touch(0, 1, true);
    deviceTakes(mirror, 100, 1, true);
    mirror.invalidate(0, BLOCK_PAGES, op.EVENT_CLEAR);
    mirror.expectAbsent(0, BLOCK_PAGES);
    deviceTakes(mirror, 300, 1, true);
    mirror.expectMapped(0, BLOCK_PAGES);
  }),
  hmm('migrate_anon_huge_fault', 'A migrated huge page is faulted back by the CPU.', (mirror) => {
    huge(mirror);
    deviceTakes(mirror, 100, 1, true);
    mirror.invalidate(0, BLOCK_PAGES, op.EVENT_MIGRATE);
    mirror.touchHuge(0);
    expectFaults(mirror, deviceTakes(mirror, 100, 1, true), 1);
  }),
  hmm(
    'migrate_anon_huge_err',
    'One allocation fails as a huge page is broken: it goes on at 4 KiB.',
    (mirror) => {
      huge(mirror);
      deviceTakes(mirror, 100, 1, true);
      mirror.host.failAllocations({ nth: 1 });
      mirror.split(100);
      mirror.expectAbsent(0, BLOCK_PAGES);
      deviceTakes(mirror, 96, 32, true);
      mirror.expectMapped(96, 32);
    },
  ),
  hmm(
    'migrate_anon_huge_zero_err',
    'One allocation fails as an untouched huge area is first read.',
    (mirror) => {
      huge(mirror);
      mirror.host.failAllocations({ nth: 1 });
      deviceTakes(mirror, 100, 1, false);
      mirror.invalidate(0, BLOCK_PAGES, op.EVENT_MIGRATE);
      mirror.host.failAllocations({ nth: 1 });
      deviceTakes(mirror, 100, 1, false);
      mirror.invalidate(64, 1, op.EVENT_CLEAR);
      deviceTakes(mirror, 64, 1, true);
    },
  ),
];
