/**
 * What a strategy module exports (import module "strategy" of driver.wasm). Pages are 4 KiB pages
 * relative to the region's first page. `region` is the address of a region record (layout.ts); its
 * REGION_STRATEGY bytes are the strategy's own.
 */

/**
 * Registers a region (may sleep, context KERNEL). With region == 0: once, before the first region, for
 * state shared by all regions. OK, ENOMEM (registration is refused) or EINVAL.
 */
export declare function init(region: usize): i32;
/**
 * update_xlt of the fault path: makes pages first..first+count-1 translate as the words say (64-bit HMM
 * words at `words`, one a page; words without VALID leave their page alone). Runs under the driver lock,
 * after the collision check. May allocate; OK, ENOMEM or EAGAIN (the device waits and retries), EIO (the
 * device is dead). Never leaves a half-written range: on failure each page translates as before or not
 * at all.
 */
export declare function update(region: usize, first: u32, count: u32, words: usize): i32;
/**
 * From the notifier: afterwards no page of the range translates to what it did, in the table or in any
 * cache, and the device has been fenced. May drop more (count COUNT_COLLATERAL). May not fail, except:
 * EAGAIN when !blockable and it would have to sleep (nothing changed), EIO when the device is dead.
 * For EVENT_PROTECTION_* and EVENT_SOFT_DIRTY it may instead remove only the WRITE right in place.
 */
export declare function invalidate(
  region: usize,
  first: u32,
  count: u32,
  event: u32,
  blockable: bool,
): i32;
/**
 * What the hardware walker reads for one page: its entry (frame of this very page, order of the leaf it
 * came from) or an entry without READ. Takes no lock, changes nothing, may run at any time.
 */
export declare function translate(region: usize, page: u32): u64;
/** Background work: refill, eager split, collapse of empty tables. Called without locks held. */
export declare function maintain(region: usize): void;
/** Unregisters: all memory of the region goes back. With region == 0: the shared state's. */
export declare function fini(region: usize): void;
