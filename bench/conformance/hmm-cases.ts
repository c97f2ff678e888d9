import { BLOCK_PAGES } from '../../core/abi/layout.ts';
import { EFAULT, OK } from '../../core/abi/terms.ts';
import * as op from '../../core/abi/trace-event.ts';
import type { CheckedMirror } from './checked-mirror.ts';
import { type ConformanceCase, withMirror } from './conformance-case.ts';
import { deviceTakes } from './device-takes.ts';
import { expectFaults, hmm } from './hmm-case.ts';
import { thpCases } from './hmm-thp-cases.ts';

/** Pages of the buffer most tests use: two fault windows and a bit. */
const PAGES = 40;
const FIRST = 8;

function excused(name: string, purpose: string, reason: string): ConformanceCase {
  return { name: `hmm/${name}`, purpose, excused: reason, run: () => {} };
}

function windows(first: number, count: number): number {
  return Math.floor((first + count - 1) / 16) - Math.floor(first / 16) + 1;
}

/** A buffer the CPU has written. */
function writtenBuffer(mirror: CheckedMirror): void {
  mirror.map(FIRST, PAGES);
  mirror.touch(FIRST, PAGES, true);
}

/**
 * tools/testing/selftests/mm/hmm-tests.c, test by test, as far as a mirror can tell the difference.
 * Device-private memory is a migration to it: event MIGRATE, then another frame.
 */
export const hmmCases: readonly ConformanceCase[] = [
  hmm('open_close', 'A mirror that is opened and closed twice leaves nothing behind.', (mirror) => {
    mirror.unregister(0);
    mirror.register(0);
  }),
  hmm('anon_read', 'The device reads written, untouched and read-only pages.', (mirror) => {
    mirror.map(FIRST, PAGES);
    mirror.touch(FIRST + 2, PAGES - 2, true);
    mirror.protectVma(FIRST + 8, 8, false);
    deviceTakes(mirror, FIRST, PAGES, false);
    mirror.expectMapped(FIRST, PAGES);
  }),
  hmm(
    'anon_read_prot',
    'Pages without a VMA are refused and the mirror stays as it was.',
    (mirror) => {
      mirror.map(FIRST, 4);
      mirror.touch(FIRST, 4, true);
      deviceTakes(mirror, FIRST, 4, false);
      mirror.expectEqual('a read outside the VMA', mirror.read(FIRST + 4), EFAULT);
      mirror.expectAbsent(FIRST + 4, PAGES);
      mirror.expectMapped(FIRST, 4);
    },
  ),
  hmm('anon_write', 'The device writes a buffer: one fault a window, all rights.', (mirror) => {
    writtenBuffer(mirror);
    expectFaults(mirror, deviceTakes(mirror, FIRST, PAGES, true), windows(FIRST, PAGES));
    mirror.expectMapped(FIRST, PAGES);
  }),
  hmm(
    'anon_write_prot',
    'A write to a read-only VMA is refused, and allowed after mprotect.',
    (mirror) => {
      mirror.map(FIRST, PAGES, { write: false });
      deviceTakes(mirror, FIRST, PAGES, false);
      mirror.expectEqual('a write to read-only memory', mirror.write(FIRST), EFAULT);
      mirror.protectVma(FIRST, PAGES, true);
      deviceTakes(mirror, FIRST, PAGES, true);
    },
  ),
  hmm('anon_write_child', 'After a fork the device writes its own copy.', (mirror) => {
    writtenBuffer(mirror);
    deviceTakes(mirror, FIRST, PAGES, true);
    mirror.fork(FIRST, PAGES);
    deviceTakes(mirror, FIRST, PAGES, false);
    deviceTakes(mirror, FIRST, PAGES, true);
    mirror.expectMapped(FIRST, PAGES);
  }),
  hmm(
    'anon_write_child_shared',
    'A fork that leaves shared pages alone costs the device no fault.',
    (mirror) => {
      writtenBuffer(mirror);
      const shared = 1024;
      mirror.map(shared, 16);
      mirror.touch(shared, 16, true);
      deviceTakes(mirror, shared, 16, true);
      mirror.fork(FIRST, PAGES);
      expectFaults(mirror, deviceTakes(mirror, shared, 16, true), 0);
    },
  ),
  hmm('anon_write_huge', 'A 2 MiB page is one fault.', (mirror) => {
    mirror.map(0, BLOCK_PAGES, { huge: true });
    mirror.touch(3, 1, true);
    expectFaults(mirror, deviceTakes(mirror, 0, BLOCK_PAGES, true), 1);
    mirror.expectMapped(0, BLOCK_PAGES);
  }),
  hmm('anon_write_hugetlbfs', 'Neighbouring 2 MiB pages are one fault each.', (mirror) => {
    mirror.map(0, 3 * BLOCK_PAGES, { huge: true });
    let faults = 0;
    for (let page = 0; page < 3 * BLOCK_PAGES; page += 64)
      faults += deviceTakes(mirror, page, 1, true);
    expectFaults(mirror, faults, 3);
  }),
  hmm('file_read', 'Reclaimed page cache is read again from new frames.', (mirror) => {
    mirror.map(FIRST, PAGES, { write: false });
    deviceTakes(mirror, FIRST, PAGES, false);
    for (let page = FIRST; page < FIRST + PAGES; page += 3)
      mirror.invalidate(page, 1, op.EVENT_CLEAR);
    deviceTakes(mirror, FIRST, PAGES, false);
    mirror.expectMapped(FIRST, PAGES);
  }),
  hmm(
    'file_write',
    'Writeback takes the write right page by page; the device gets it back.',
    (mirror) => {
      writtenBuffer(mirror);
      deviceTakes(mirror, FIRST, PAGES, true);
      for (let page = FIRST; page < FIRST + PAGES; page++) {
        mirror.invalidate(page, 1, op.EVENT_PROTECTION_PAGE);
      }
      deviceTakes(mirror, FIRST, PAGES, false);
      deviceTakes(mirror, FIRST, PAGES, true);
    },
  ),
  hmm('migrate', 'A migrated buffer is found at its new frames.', (mirror) => {
    writtenBuffer(mirror);
    deviceTakes(mirror, FIRST, PAGES, true);
    mirror.invalidate(FIRST, PAGES, op.EVENT_MIGRATE);
    mirror.expectAbsent(FIRST, PAGES);
    expectFaults(mirror, deviceTakes(mirror, FIRST, 1, false), 1);
    mirror.touch(FIRST, PAGES);
    deviceTakes(mirror, FIRST, PAGES, false);
  }),
  excused(
    'migrate_file_private',
    'Migrating private file pages.',
    'the words of file and anonymous pages are the same to a mirror: hmm/migrate covers it',
  ),
  hmm(
    'migrate_fault',
    'Half of a migrated buffer is faulted back and migrated again.',
    (mirror) => {
      writtenBuffer(mirror);
      deviceTakes(mirror, FIRST, PAGES, true);
      mirror.invalidate(FIRST, PAGES, op.EVENT_MIGRATE);
      mirror.touch(FIRST, PAGES / 2, true);
      deviceTakes(mirror, FIRST, PAGES / 2, true);
      mirror.invalidate(FIRST, PAGES, op.EVENT_MIGRATE);
      mirror.expectAbsent(FIRST, PAGES);
      deviceTakes(mirror, FIRST, PAGES, true);
    },
  ),
  hmm('migrate_release', 'The mirror goes while its pages are migrated.', (mirror) => {
    writtenBuffer(mirror);
    deviceTakes(mirror, FIRST, PAGES, true);
    mirror.invalidate(FIRST, PAGES, op.EVENT_MIGRATE);
    deviceTakes(mirror, FIRST, PAGES / 2, true);
    mirror.exit();
    mirror.expectAbsent(FIRST, PAGES);
  }),
  excused(
    'migrate_shared',
    'Shared pages are not migrated.',
    'the kernel refuses before any notifier runs: there is nothing for a mirror to see',
  ),
  hmm(
    'migrate_mixed',
    'A range with a hole, untouched, read-only and writable pages is migrated.',
    (mirror) => {
      mirror.map(FIRST, 2);
      mirror.map(FIRST + 4, 4);
      mirror.map(FIRST + 8, 4, { write: false });
      mirror.touch(FIRST, 1, true);
      mirror.touch(FIRST + 5, 6);
      deviceTakes(mirror, FIRST, 1, true);
      deviceTakes(mirror, FIRST + 5, 5, false);
      mirror.invalidate(FIRST, 16, op.EVENT_MIGRATE);
      mirror.expectAbsent(FIRST, 16);
      mirror.expectEqual('a read of the hole', mirror.read(FIRST + 2), EFAULT);
      deviceTakes(mirror, FIRST + 4, 8, false);
    },
  ),
  hmm('migrate_multiple', 'The same buffer is migrated there and back ten times.', (mirror) => {
    mirror.map(FIRST, PAGES);
    for (let i = 0; i < 10; i++) {
      mirror.touch(FIRST, PAGES, true);
      deviceTakes(mirror, FIRST, PAGES, true);
      mirror.invalidate(FIRST, PAGES, op.EVENT_MIGRATE);
      mirror.expectAbsent(FIRST, PAGES);
    }
  }),
  hmm(
    'anon_read_multiple',
    'The same addresses are mapped, read and unmapped ten times.',
    (mirror) => {
      for (let i = 0; i < 10; i++) {
        writtenBuffer(mirror);
        expectFaults(mirror, deviceTakes(mirror, FIRST, PAGES, false), windows(FIRST, PAGES));
        mirror.unmapVma(FIRST, PAGES);
        mirror.expectAbsent(FIRST, PAGES);
      }
    },
  ),
  hmm(
    'anon_teardown',
    'Half of the buffer is unmapped between two reads, at another place each time.',
    (mirror, seed) => {
      for (let i = 0; i < 10; i++) {
        writtenBuffer(mirror);
        const at = (seed * 7 + i * 13) % PAGES;
        deviceTakes(mirror, FIRST, at, false);
        mirror.unmapVma(FIRST + PAGES / 2, PAGES / 2);
        for (let page = FIRST; page < FIRST + PAGES; page++) {
          mirror.expectEqual('a read', mirror.read(page), page < FIRST + PAGES / 2 ? OK : EFAULT);
        }
        mirror.unmapVma(FIRST, PAGES);
      }
    },
  ),
  excused(
    'mixedmap',
    'Pages of a VM_MIXEDMAP area.',
    'pages without a struct page have no word of their own in this model',
  ),
  hmm(
    'snapshot',
    'One fault over a window with holes maps what is present and leaves the holes.',
    (mirror) => {
      mirror.map(16, 7);
      mirror.touch(18, 1);
      mirror.map(19, 1, { write: false });
      mirror.touch(19, 1);
      mirror.touch(21, 1, true);
      expectFaults(mirror, deviceTakes(mirror, 21, 1, true), 1);
      mirror.expectAbsent(16, 2);
      mirror.expectAbsent(20, 1);
      mirror.expectMapped(18, 2);
      mirror.expectMapped(21, 1);
    },
  ),
  hmm(
    'compound',
    'mprotect of a huge page keeps its order and drops the write right.',
    (mirror) => {
      mirror.map(0, BLOCK_PAGES, { huge: true });
      deviceTakes(mirror, 5, 1, true);
      mirror.protectVma(0, BLOCK_PAGES, false);
      mirror.expect(mirror.model.isHuge(5), 'the block is still huge');
      deviceTakes(mirror, 5, 1, false);
      mirror.expectEqual('a write after mprotect', mirror.write(5), EFAULT);
    },
  ),
  {
    name: 'hmm/double_map',
    purpose: 'Two mirrors of the same memory both lose a page that goes.',
    run: (context) => {
      const regions = [0, 0].map((firstPage) => ({ firstPage, pageCount: 2 * BLOCK_PAGES }));
      withMirror(context, { pageCount: 2 * BLOCK_PAGES, regions }, (mirror) => {
        mirror.unregister(1);
        mirror.unregister(0);
        mirror.register(0);
        writtenBuffer(mirror);
        deviceTakes(mirror, FIRST, PAGES, true);
        mirror.register(1);
        deviceTakes(mirror, FIRST, PAGES, true);
        mirror.invalidate(FIRST, PAGES / 2, op.EVENT_MIGRATE);
        mirror.expectAbsent(FIRST, PAGES / 2);
        const both = [0, 1].map((index) =>
          mirror.host.translations(mirror.host.regionAddress(index), FIRST, PAGES / 2),
        );
        for (const entries of both) {
          mirror.expect(
            entries.every((entry) => (entry & 1n) === 0n),
            'a mirror kept a page that went',
          );
        }
        deviceTakes(mirror, FIRST, PAGES, true);
      });
    },
  },
  hmm(
    'exclusive',
    'Exclusive access makes every other mapping go; a touch brings it back.',
    (mirror) => {
      writtenBuffer(mirror);
      deviceTakes(mirror, FIRST, PAGES, true);
      mirror.invalidate(FIRST, PAGES, op.EVENT_EXCLUSIVE);
      mirror.expectAbsent(FIRST, PAGES);
      mirror.touch(FIRST, PAGES, true);
      deviceTakes(mirror, FIRST, PAGES, true);
    },
  ),
  hmm(
    'exclusive_mprotect',
    'mprotect while a page is exclusive: no write afterwards.',
    (mirror) => {
      writtenBuffer(mirror);
      deviceTakes(mirror, FIRST, PAGES, true);
      mirror.invalidate(FIRST, PAGES, op.EVENT_EXCLUSIVE);
      mirror.protectVma(FIRST, PAGES, false);
      deviceTakes(mirror, FIRST, PAGES, false);
      mirror.expectEqual('a write', mirror.write(FIRST), EFAULT);
    },
  ),
  hmm('exclusive_cow', 'A fork while a page is exclusive: the device writes a copy.', (mirror) => {
    writtenBuffer(mirror);
    mirror.invalidate(FIRST, 4, op.EVENT_EXCLUSIVE);
    mirror.fork(FIRST, PAGES);
    deviceTakes(mirror, FIRST, PAGES, true);
    mirror.expectMapped(FIRST, PAGES);
  }),
  excused(
    'hmm_gup_test',
    'Pages pinned by get_user_pages.',
    'pins are no mirror: the notifier does not know them',
  ),
  hmm(
    'hmm_cow_in_device',
    'A buffer the device holds is forked and written by the device.',
    (mirror) => {
      writtenBuffer(mirror);
      mirror.invalidate(FIRST, PAGES, op.EVENT_MIGRATE);
      deviceTakes(mirror, FIRST, PAGES, true);
      mirror.fork(FIRST, PAGES);
      deviceTakes(mirror, FIRST, PAGES, true);
      mirror.invalidate(FIRST, PAGES, op.EVENT_MIGRATE);
      mirror.expectAbsent(FIRST, PAGES);
    },
  ),
  ...thpCases,
];
