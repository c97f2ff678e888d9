/**
 * Closed vocabularies shared by core, strategies and host. Only integer constants: compiles as
 * AssemblyScript and as TypeScript. Names of the values for records: bench/cell/vocabulary.ts.
 */

// Return codes of strategy and core functions: 0 or a negative errno by kind of cause.
export const OK: i32 = 0;
export const EIO: i32 = -5;
export const EAGAIN: i32 = -11;
export const ENOMEM: i32 = -12;
export const EFAULT: i32 = -14;
export const EINVAL: i32 = -22;
export const ETIMEDOUT: i32 = -110;

// Allocation contexts.
export const CONTEXT_KERNEL: u32 = 0;
export const CONTEXT_NOWAIT: u32 = 1;
export const CONTEXT_ATOMIC: u32 = 2;

// What an allocation's memory is for; a site has one kind.
export const MEMORY_TABLE: u32 = 0;
export const MEMORY_STAGING: u32 = 1;
export const MEMORY_RESERVE: u32 = 2;
export const MEMORY_KINDS: u32 = 3;

// Lock granularity a strategy declares: the core takes the lock around update and invalidate.
export const LOCK_REGION: u32 = 0;
export const LOCK_BLOCK: u32 = 1;
export const LOCK_OWN: u32 = 2;

// Region states.
export const REGION_FREE: u32 = 0;
export const REGION_LIVE: u32 = 1;
export const REGION_INSERTING: u32 = 2;
export const REGION_REMOVING: u32 = 3;

// Roles of threads.
export const ROLE_DEVICE: u32 = 1;
export const ROLE_STORM: u32 = 2;
export const ROLE_MAINTENANCE: u32 = 3;
export const ROLE_SETUP: u32 = 4;
export const ROLE_REGISTRATION: u32 = 5;

// Device access patterns.
export const ACCESS_UNIFORM: u32 = 0;
export const ACCESS_DRAWN: u32 = 1;
export const ACCESS_SEQUENTIAL: u32 = 2;
export const ACCESS_HOT: u32 = 3;

// Pace of the storm.
export const PACE_ASAP: u32 = 0;
export const PACE_COMPRESSED: u32 = 1;
export const PACE_RATE: u32 = 2;

// Teardown policies.
export const TEARDOWN_STRONG: u32 = 0;
export const TEARDOWN_DEFERRED: u32 = 1;
export const TEARDOWN_REFCOUNT: u32 = 2;
export const TEARDOWN_NAIVE: u32 = 3;

// Counters of a thread block (u64 each).
export const COUNT_TRANSLATIONS: u32 = 0;
export const COUNT_CACHE_HITS: u32 = 1;
export const COUNT_FAULTS: u32 = 2;
export const COUNT_SPURIOUS_FAULTS: u32 = 3;
/** Device faults begun again because an invalidation came between snapshot and publication. */
export const COUNT_FAULT_RETRIES: u32 = 4;
export const COUNT_UPDATE_FAILED: u32 = 5;
export const COUNT_NOTIFIER_FAILED: u32 = 6;
export const COUNT_VIOLATIONS: u32 = 7;
export const COUNT_RANGES: u32 = 8;
export const COUNT_RANGE_PAGES: u32 = 9;
export const COUNT_EVENTS: u32 = 10;
export const COUNT_COMMANDS: u32 = 11;
export const COUNT_ENTRIES_WRITTEN: u32 = 12;
export const COUNT_ENTRIES_ZAPPED: u32 = 13;
export const COUNT_CACHE_INVALIDATIONS: u32 = 14;
export const COUNT_FENCES: u32 = 15;
export const COUNT_COLLATERAL: u32 = 16;
export const COUNT_DEGRADED: u32 = 17;
/** Waits for memory after a failed allocation: of a strategy, or of a fault whose update it failed. */
export const COUNT_RETRIED: u32 = 18;
export const COUNT_RECLAIMS: u32 = 19;
export const COUNT_RECLAIM_NS: u32 = 20;
export const COUNT_COW: u32 = 21;
export const COUNT_SPLITS: u32 = 22;
export const COUNT_COLLAPSES: u32 = 23;
export const COUNT_CPU_FAULTS: u32 = 24;
export const COUNT_IDLE_DRAWS: u32 = 25;
export const COUNT_MAINTAINS: u32 = 26;
export const COUNT_WALK_RETRIES: u32 = 27;
export const COUNT_WINDOW_COLLISIONS: u32 = 28;
export const COUNT_NOT_BLOCKABLE: u32 = 29;
export const COUNT_EMERGENCY: u32 = 30;
export const COUNT_DEVICE_ERRORS: u32 = 31;
export const COUNT_REPOSTS: u32 = 32;
export const COUNT_LIVELOCKS: u32 = 33;
export const COUNT_BAD_FREES: u32 = 34;
export const COUNT_PROMOTED: u32 = 35;
export const COUNT_ACCESS_DENIED: u32 = 36;
export const COUNT_UPDATES: u32 = 37;
export const COUNT_INVALIDATES: u32 = 38;
export const COUNT_TEARDOWNS: u32 = 39;
export const COUNT_DEVICE_GONE: u32 = 40;
export const COUNT_RETRY_NS: u32 = 41;
export const COUNT_REGIONS_HIT: u32 = 42;

// Kinds of violation.
export const VIOLATION_STALE_READ: u32 = 1;
export const VIOLATION_STALE_WRITE: u32 = 2;
export const VIOLATION_WIDER_RIGHTS: u32 = 3;
export const VIOLATION_POISON: u32 = 4;
export const VIOLATION_FOREIGN_FRAME: u32 = 5;
