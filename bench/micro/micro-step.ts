/** What the words of an update say the CPU maps: by which leaves, and in frames of which order. */
export type MicroWords = 'scattered' | 'contiguous' | 'huge';

/** Pages of a batch: `repeats` ranges of `pages` pages, `stride` pages apart, from `first`. */
export interface MicroRanges {
  readonly first: number;
  readonly pages: number;
  readonly stride: number;
  readonly repeats: number;
}

/** One loop of calls; the same for the wasm modules and for their C twins. */
export type MicroStep =
  /** The next accesses take the pages below `pages` in this order. */
  | { readonly call: 'draw'; readonly order: 'sequential' | 'random'; readonly pages: number }
  | { readonly call: 'translate'; readonly repeats: number }
  /** Region look-up, device cache of `cacheEntries`, walk protocol. */
  | { readonly call: 'walk'; readonly repeats: number; readonly cacheEntries: number }
  | ({ readonly call: 'update'; readonly words: MicroWords } & MicroRanges)
  | ({ readonly call: 'invalidate'; readonly event: 'unmap' | 'clear' } & MicroRanges)
  | { readonly call: 'maintain' }
  /** Every region is unmapped whole. */
  | { readonly call: 'clear' }
  /** The recorded calls of the geometry's data (bench/native/recorded-calls.ts). */
  | { readonly call: 'calls' };

/** An operation of the micro table: what is prepared, what is timed, what is undone after each batch. */
export interface MicroOperation {
  readonly operation: string;
  /** Bytes of one leaf and how many leaves one operation covers: 256 x 4K = {4096, 256}. */
  readonly leafBytes: number;
  readonly leaves: number;
  /** Operations in the timed steps. */
  readonly batchSize: number;
  readonly prepare: readonly MicroStep[];
  readonly timed: readonly MicroStep[];
  readonly restore: readonly MicroStep[];
  /** Accesses of one batch that must find a translation; null: not said. */
  readonly hits: number | null;
}

/** Frames of an update's words: leaf order and distance of neighbours. */
export const MICRO_WORDS: Readonly<Record<MicroWords, { order: number; step: number }>> = {
  scattered: { order: 0, step: 2 },
  contiguous: { order: 0, step: 1 },
  huge: { order: 9, step: 1 },
};
