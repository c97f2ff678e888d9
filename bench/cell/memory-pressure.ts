import { ARENA_ALIGN_BYTES, BLOCK_PAGES, PAGE_BYTES } from '../../core/abi/layout.ts';
import type { Cell } from '../suites/cell.ts';

/** What the table arena is like for the strategy of a cell. */
export interface MemoryPressure {
  readonly arenaBytes: number;
  readonly budgetPages: number;
  /** Pages only ATOMIC may take (the min watermark). */
  readonly reservePages: number;
  /** Largest order on the free lists. */
  readonly maxOrder: number;
  /** Mean of the modelled stall of direct reclaim; 0 = KERNEL fails like the others. */
  readonly reclaimNs: number;
  readonly atomicOnly: boolean;
  /** The budget falls to this over the window; 0 = it does not. */
  readonly budgetEndPages: number;
}

const LARGEST_ORDER = 10;
/** Aged memory: nothing of order 3 and above is left. */
const AGED_ORDER = 2;
/** A slow but ordinary direct reclaim; model constant. */
const RECLAIM_NS = 50_000;
/**
 * Beside two full 4 KiB tables: staging, reserves and directories of any strategy. Of a full table of 1 MiB
 * the catalogue takes 2.3 MiB at most; all of the arena is touched before a cell starts.
 */
const SLACK_BYTES = 8 * 1024 * 1024;

/**
 * Sizes are shares of a full 4 KiB table of the cell (8 bytes a page), the same for every strategy:
 * `plenty` two of them and slack; `tight` a quarter (less than the breaks need, more than huge entries
 * need); `reclaim` and `atomic-only` a half, with a watermark; `collapse` falls from plenty to an
 * eighth.
 */
export function pressureOf(
  memory: Cell['memory'],
  pageCount: number,
  regionCount: number,
): MemoryPressure {
  const fullTablePages = (pageCount * 8) / PAGE_BYTES;
  // Each region needs a directory page a GiB (512 blocks) before it maps anything.
  const directoryPages = regionCount + Math.ceil(pageCount / BLOCK_PAGES / 512);
  const align = (bytes: number): number => Math.ceil(bytes / ARENA_ALIGN_BYTES) * ARENA_ALIGN_BYTES;
  const arenaBytes = Math.max(
    align(2 * fullTablePages * PAGE_BYTES + directoryPages * PAGE_BYTES + SLACK_BYTES),
    align(memory.budgetBytes ?? 0),
  );
  const share = (part: number): number => Math.ceil(fullTablePages * part) + directoryPages;
  const plenty = arenaBytes / PAGE_BYTES;
  const base = {
    arenaBytes,
    budgetPages: plenty,
    reservePages: 0,
    maxOrder: LARGEST_ORDER,
    reclaimNs: 0,
    atomicOnly: false,
    budgetEndPages: 0,
  };
  const profiles: Readonly<Record<Cell['memory']['profile'], MemoryPressure>> = {
    plenty: base,
    tight: { ...base, budgetPages: share(0.25), reservePages: share(0.25) >> 5 },
    fragmented: { ...base, maxOrder: AGED_ORDER },
    reclaim: {
      ...base,
      budgetPages: share(0.5),
      reservePages: share(0.5) >> 3,
      reclaimNs: RECLAIM_NS,
    },
    'atomic-only': {
      ...base,
      budgetPages: share(0.5),
      reservePages: share(0.5) >> 5,
      atomicOnly: true,
    },
    collapse: { ...base, budgetEndPages: share(0.125) },
  };
  const chosen = profiles[memory.profile];
  if (memory.budgetBytes === undefined) return chosen;
  return { ...chosen, budgetPages: Math.floor(memory.budgetBytes / PAGE_BYTES) };
}
