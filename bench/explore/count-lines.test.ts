import { describe, expect, it } from 'vitest';
import { UsageError } from '../../results/usage-error.ts';
import { manifest } from '../../strategies/manifest.ts';
import { countAllLines, countLines } from './count-lines.ts';

async function counted(id: string, operation: string) {
  const entry = manifest.find((known) => known.id === id)!;
  const { loads, stores, lines, calls } = await countLines({ strategy: { entry }, operation });
  expect(calls).toBe(1);
  return { loads, stores, lines };
}

/**
 * Hand counts. A table address in the region record is one load and one line (R); an entry or a word
 * (W, the snapshot of the fault) is 8 bytes, so 8 neighbours share a line and 512 take 64 lines.
 */
describe('flat-preallocated, by hand', () => {
  it('translates with the table address and the entry', async () => {
    // R + entry
    expect(await counted('flat-preallocated', 'translate-4k')).toEqual({
      loads: 2,
      stores: 0,
      lines: 2,
    });
  });

  it('updates a page with the table address, the word and the entry', async () => {
    // R + W loaded, entry stored
    expect(await counted('flat-preallocated', 'update-4k')).toEqual({
      loads: 2,
      stores: 1,
      lines: 3,
    });
  });

  it('invalidates a page with the table address and the entry, read and cleared', async () => {
    // R + entry loaded, entry stored
    expect(await counted('flat-preallocated', 'invalidate-4k')).toEqual({
      loads: 2,
      stores: 1,
      lines: 2,
    });
  });

  it('writes 512 entries for a 2 MiB mapping', async () => {
    // R + 512 W loaded, 512 entries stored; 1 + 64 + 64 lines
    expect(await counted('flat-preallocated', 'update-2m')).toEqual({
      loads: 513,
      stores: 512,
      lines: 129,
    });
  });
});

/** Levels 4, 3, 2 are nodes of 512 slots; the cursor in the region record skips 4 and 3. */
describe('radix, by hand', () => {
  it('walks four levels for a 4 KiB page', async () => {
    // root in R, slots of level 4, 3, 2, the entry
    expect(await counted('radix', 'translate-4k')).toEqual({ loads: 5, stores: 0, lines: 5 });
  });

  it('walks three levels for a 2 MiB page', async () => {
    // root in R, slots of level 4, 3, and the leaf in level 2
    expect(await counted('radix', 'translate-2m')).toEqual({ loads: 4, stores: 0, lines: 4 });
  });

  it('builds its nodes at the first update of a page', async () => {
    // stores: 3 zeroed pages of 512 slots, 3 links, cursor 2, entry 1
    // lines: 3 nodes of 64, R, the root's line, W
    const { stores, lines } = await counted('radix', 'update-4k');
    expect({ stores, lines }).toEqual({ stores: 3 * 512 + 3 + 2 + 1, lines: 3 * 64 + 3 });
  });

  it('zaps a leaf of 2 MiB by its one slot', async () => {
    // the parameter and cursor 2 in R, slot 2
    expect(await counted('radix', 'invalidate-2m')).toEqual({ loads: 4, stores: 1, lines: 2 });
  });
});

describe('counts', () => {
  it('cover both sides of every operation and repeat exactly', async () => {
    const entry = manifest.find(({ id }) => id === 'huge-then-4k')!;
    const first = await countAllLines({ entry });
    expect(first.map(({ side }) => side)).toEqual(['device', 'cpu', 'cpu', 'device', 'cpu', 'cpu']);
    expect(await countAllLines({ entry })).toEqual(first);
  });

  it('of an unknown operation are refused', async () => {
    const entry = manifest.find(({ id }) => id === 'noop')!;
    await expect(countLines({ strategy: { entry }, operation: 'translate' })).rejects.toThrow(
      UsageError,
    );
  });
});
