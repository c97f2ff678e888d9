import { describe, expect, test } from 'vitest';
import { parseSmaps } from './mapped-areas.ts';

const SMAPS = `56215b450000-56215b452000 r--p 00000000 fe:00 260131                     /usr/bin/a b
Size:                  8 kB
KernelPageSize:        4 kB
Rss:                   4 kB
AnonHugePages:         0 kB
VmFlags: rd mr mw me
7f1b48800000-7f1b49800000 rw-p 00000000 00:00 0
KernelPageSize:        4 kB
Rss:               16384 kB
AnonHugePages:     12288 kB
ShmemPmdMapped:     2048 kB
56215b460000-56215b461000 rw-p 00000000 00:00 0                          [heap]
7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0                          [stack]
7f0000000000-7f0000200000 rw-s 00000000 00:0f 12                         /anon_hugepage (deleted)
KernelPageSize:     2048 kB
7f0000400000-7f0000600000 rw-p 00000000 00:00 0                          [anon:arena]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
Rss:                   4 kB
`;

describe('parseSmaps', () => {
  const areas = parseSmaps(SMAPS);

  test('bounds, rights and kind of each area, but not its path', () => {
    expect(areas.map(({ start, end, rights, kind }) => [start, end - start, rights, kind])).toEqual(
      [
        [0x56215b450000, 0x2000, 'r--p', 'file'],
        [0x7f1b48800000, 0x1000000, 'rw-p', 'anon'],
        [0x56215b460000, 0x1000, 'rw-p', 'heap'],
        [0x7ffe00000000, 0x21000, 'rw-p', 'stack'],
        [0x7f0000000000, 0x200000, 'rw-s', 'file'],
        [0x7f0000400000, 0x200000, 'rw-p', 'anon'],
      ],
    );
  });

  test('sizes belong to the area above them', () => {
    expect(areas[0]).toMatchObject({ residentBytes: 4096, hugeBytes: 0, pageBytes: 4096 });
    expect(areas[1]).toMatchObject({ residentBytes: 2 ** 24, hugeBytes: 14 * 2 ** 20 });
    expect(areas[4]).toMatchObject({ residentBytes: 0, pageBytes: 2 ** 21 });
  });

  test('an area above 2^53 is left out, with its sizes', () => {
    expect(areas).toHaveLength(6);
    expect(areas[5]!.residentBytes).toBe(0);
  });
});
