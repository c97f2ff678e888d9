/**
 * Words the instrumented modules and the scheduler share. They lie in the first 64 KiB of the cell's
 * memory, which the model leaves unused (core/abi/layout.ts), so no address of the model changes.
 */

/** What a point does: one of MODE_*. */
export const WORD_MODE = 1024;
/** Points the running thread may pass before the scheduler is asked. */
export const WORD_LEFT = 1028;
/** The same for points of the strategy and of core on its behalf alone. */
export const WORD_FOCUS_LEFT = 1088;
/** Turns of loops the code may make until it counts as endless. */
export const WORD_TURNS = 1092;
/** Enough for any loop of the model, over in a few milliseconds. */
export const TURNS = 5_000_000;
/** In place of `spins`: the turns are used up. */
export const TURNS_USED_UP = 2;
/** u64: the point passed last (packed site << 32 | address); the same one again is a spin. */
export const WORD_LAST = 1032;
/** u64: FNV-1a style hash over all points of the schedule. */
export const WORD_HASH = 1040;
/** Thread block of the running thread: what it touches there nobody else sees. */
export const WORD_OWN = 1048;
/** Dirty memory: byte a granule, list of granule numbers, length of the list. */
export const WORD_DIRTY_MAP = 1052;
export const WORD_DIRTY_LIST = 1056;
export const WORD_DIRTY_COUNT = 1060;
/** Distance from an address to its copy in the snapshot. */
export const WORD_SNAPSHOT = 1064;
/** Operation of the strategy under way: one of OPERATION_*, 0 = none. */
export const WORD_OPERATION = 1068;
/** Counting: u32 a line of 64 bytes, the epoch that touched it last. */
export const WORD_SHADOW = 1072;
export const WORD_EPOCH = 1076;
/** Counting: bounds of the table arena; lines there count whoever touches them. */
export const WORD_ARENA = 1080;
export const WORD_ARENA_END = 1084;
/** Counting: u64 rows (calls, loads, stores, lines) of each OPERATION_*. */
export const WORD_COUNTS = 1152;
export const COUNT_ROW_BYTES = 32;
/** One byte a site: 1 when it was ever executed. */
export const WORD_COVERAGE = 4096;
export const SITE_CAPACITY = 57344;

/** Points do nothing: setup and checks. */
export const MODE_OFF = 0;
/** Points may switch threads. */
export const MODE_EXPLORE = 1;
/** Points count accesses and cache lines. */
export const MODE_COUNT = 2;
/** Points only note what is changed, so that it can be put back: checks after a schedule. */
export const MODE_TRACK = 3;

export const DIRTY_GRANULE_LOG2 = 9;

/** Strategy functions in the order of their operation numbers (1..6). */
export const OPERATIONS = [
  'init',
  'update',
  'invalidate',
  'translate',
  'maintain',
  'fini',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Kinds of access, packed into a point's site argument: load, store, or both (read-modify-write). */
export const ACCESS_LOAD = 1;
export const ACCESS_STORE = 2;

/** In place of log2 of the bytes: the second half of an access that was counted with its first. */
export const UNCOUNTED = 7;

/** Packed bit: the strategy's own code makes the access. */
export const PACKED_STRATEGY = 128;
/** Packed bit: the strategy makes it, or core on its behalf (core.wasm serves nobody else). */
export const PACKED_FOCUS = 64;

export type ModuleRole = 'core' | 'driver' | 'strategy';

/** site << 8 | strategy | focus | log2 of the bytes << 2 | kind */
export function packSite(site: number, role: ModuleRole, bytesLog2: number, kind: number): number {
  const strategy = role === 'strategy' ? PACKED_STRATEGY : 0;
  const focus = role === 'driver' ? 0 : PACKED_FOCUS;
  return (site << 8) | strategy | focus | (bytesLog2 << 2) | kind;
}
