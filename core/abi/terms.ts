/**
 * Closed vocabularies shared by core, strategies and host. Untyped integer constants: compiles as
 * AssemblyScript and as TypeScript. Names of the values for records: bench/cell/vocabulary.ts.
 */

// Return codes of strategy and core functions: 0 or a negative errno by kind of cause.
export const OK = 0;
export const EIO = -5;
export const EAGAIN = -11;
export const ENOMEM = -12;
export const EFAULT = -14;
export const EINVAL = -22;
export const ENOSPC = -28;
export const ETIMEDOUT = -110;

// Allocation contexts.
export const CONTEXT_KERNEL = 0;
export const CONTEXT_NOWAIT = 1;
export const CONTEXT_ATOMIC = 2;

// What an allocation's memory is for; a site has one kind.
export const MEMORY_TABLE = 0;
export const MEMORY_STAGING = 1;
export const MEMORY_RESERVE = 2;
export const MEMORY_KINDS = 3;

// Lock granularity a strategy declares: the core takes the lock around update and invalidate.
export const LOCK_REGION = 0;
export const LOCK_BLOCK = 1;
export const LOCK_OWN = 2;

// Region states.
export const REGION_FREE = 0;
export const REGION_LIVE = 1;
export const REGION_INSERTING = 2;
export const REGION_REMOVING = 3;

// Roles of threads.
export const ROLE_DEVICE = 1;
export const ROLE_STORM = 2;
export const ROLE_MAINTENANCE = 3;
export const ROLE_SETUP = 4;

// Device access patterns.
export const ACCESS_UNIFORM = 0;
export const ACCESS_DRAWN = 1;
export const ACCESS_SEQUENTIAL = 2;
export const ACCESS_HOT = 3;

// Pace of the storm.
export const PACE_ASAP = 0;
export const PACE_COMPRESSED = 1;
export const PACE_RATE = 2;

// Teardown policies.
export const TEARDOWN_STRONG = 0;
export const TEARDOWN_DEFERRED = 1;
export const TEARDOWN_REFCOUNT = 2;
export const TEARDOWN_NAIVE = 3;

// Counters of a thread block (u64 each).
export const COUNT_TRANSLATIONS = 0;
export const COUNT_CACHE_HITS = 1;
export const COUNT_FAULTS = 2;
export const COUNT_SPURIOUS_FAULTS = 3;
export const COUNT_FAULT_RETRIES = 4;
export const COUNT_UPDATE_FAILED = 5;
export const COUNT_NOTIFIER_FAILED = 6;
export const COUNT_VIOLATIONS = 7;
export const COUNT_RANGES = 8;
export const COUNT_RANGE_PAGES = 9;
export const COUNT_EVENTS = 10;
export const COUNT_COMMANDS = 11;
export const COUNT_ENTRIES_WRITTEN = 12;
export const COUNT_ENTRIES_ZAPPED = 13;
export const COUNT_CACHE_INVALIDATIONS = 14;
export const COUNT_FENCES = 15;
export const COUNT_COLLATERAL = 16;
export const COUNT_DEGRADED = 17;
export const COUNT_RETRIED = 18;
export const COUNT_RECLAIMS = 19;
export const COUNT_RECLAIM_NS = 20;
export const COUNT_COW = 21;
export const COUNT_SPLITS = 22;
export const COUNT_COLLAPSES = 23;
export const COUNT_CPU_FAULTS = 24;
export const COUNT_IDLE_DRAWS = 25;
export const COUNT_MAINTAINS = 26;
export const COUNT_WALK_RETRIES = 27;
export const COUNT_WINDOW_COLLISIONS = 28;
export const COUNT_NOT_BLOCKABLE = 29;
export const COUNT_EMERGENCY = 30;
export const COUNT_DEVICE_ERRORS = 31;
export const COUNT_REPOSTS = 32;
export const COUNT_LIVELOCKS = 33;
export const COUNT_BAD_FREES = 34;
export const COUNT_PROMOTED = 35;
export const COUNT_ACCESS_DENIED = 36;
export const COUNT_UPDATES = 37;
export const COUNT_INVALIDATES = 38;
export const COUNT_TEARDOWNS = 39;
export const COUNT_DEVICE_GONE = 40;
export const COUNT_RETRY_NS = 41;
export const COUNT_REGIONS_HIT = 42;

// Kinds of violation.
export const VIOLATION_STALE_READ = 1;
export const VIOLATION_STALE_WRITE = 2;
export const VIOLATION_WIDER_RIGHTS = 3;
export const VIOLATION_POISON = 4;
export const VIOLATION_FOREIGN_FRAME = 5;
