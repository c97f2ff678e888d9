/**
 * What core.wasm offers to a strategy (import module "core"; this file's name is the module's name).
 * Ambient declarations only. ABI version: layout.ts ABI_VERSION.
 *
 * Contract, in prose, as the suite checks it:
 * - All state lives in shared memory: in the region's REGION_STRATEGY bytes, in STATE_STRATEGY, and in
 *   pages from pageAlloc. A module-level variable is per thread.
 * - A strategy knows no time, no randomness, no workload and no thread count.
 * - The core runs the notifier protocol around update and invalidate and holds the driver lock the
 *   manifest names (LOCK_REGION, LOCK_BLOCK; with LOCK_OWN the strategy locks and calls
 *   notifierReadRetry itself before it publishes).
 */

/**
 * Zeroed block of 2^order pages, or 0. context: CONTEXT_*; site: index into the manifest's sites, whose
 * kind (table, staging, reserve) decides which account pays. After a 0 the strategy goes on some other
 * way (count COUNT_DEGRADED), tries again (COUNT_RETRIED), or returns ENOMEM from update.
 */
export declare function pageAlloc(context: u32, order: u32, site: u32): usize;
/** Zeroed contiguous memory of `bytes` rounded up to pages, or 0 (alloc_pages_exact). */
export declare function pageAllocExact(context: u32, bytes: u32, site: u32): usize;
/** Poisons and frees at once. Only for pages no device walk can still reach. */
export declare function pageFree(address: usize, order: u32): void;
export declare function pageFreeExact(address: usize, bytes: u32): void;
/** Frees one block after this thread's next deviceFence. */
export declare function pageFreeDeferred(address: usize): void;
/** Moves a held block to another site's account. */
export declare function pageReassign(address: usize, site: u32): void;

/** One command carrying `entries` new entries (the stores themselves are the strategy's). */
export declare function deviceWrite(entries: u32): void;
/** One command zapping `entries` entries (the stores themselves are the strategy's). */
export declare function deviceZap(entries: u32): void;
/** Counts entries stored into host memory that the device walks by itself: no command. */
export declare function deviceStored(written: u32, zapped: u32): void;
/** One DMA command: the device copies entries from a staging buffer into its table. */
export declare function deviceCopy(destination: usize, source: usize, entries: u32): void;
/** One DMA command: the device zeroes entries of its table. */
export declare function deviceClear(destination: usize, entries: u32): void;
/** Drops the cached translations of pages first..first+count-1 of the region. Needs a fence to count. */
export declare function deviceCacheInvalidate(region: usize, first: u32, count: u32): void;
/** Waits for this thread's commands since its last fence; OK, or EIO if a dead device was given one. */
export declare function deviceFence(): i32;
/**
 * deviceWrite and a fence in one call: how most updates end. For updates that only add translations, or
 * replace equal ones: walks under way may still be used unless pages wait in pageFreeDeferred.
 */
export declare function deviceWriteFenced(entries: u32): i32;
/** deviceZap, deviceCacheInvalidate and deviceFence in one call: how most invalidations end. */
export declare function deviceZapFenced(region: usize, first: u32, count: u32, entries: u32): i32;

/** Adds to a COUNT_* counter of the calling thread. */
export declare function count(counter: u32, amount: u64): void;
/** The strategy's parameter at the manifest's index. */
export declare function param(index: u32): i32;

/** A 4-byte futex lock anywhere in the strategy's own state; 0 is free. */
export declare function lockAcquire(lock: usize): void;
export declare function lockTry(lock: usize): bool;
export declare function lockRelease(lock: usize): void;
/** LOCK_OWN only: must the update under way be given up (return EAGAIN)? Under the strategy's lock. */
export declare function notifierReadRetry(region: usize): bool;
