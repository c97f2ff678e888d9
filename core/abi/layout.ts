/**
 * The one map of shared memory. Untyped integer constants: the file compiles as AssemblyScript (core,
 * driver, strategies) and as TypeScript (host), so there is one source for both sides.
 *
 *   0         64K       128K             planned by the host (plan words), in this order
 *   | unused  | control | thread blocks | regions | blocks | pages | arena descriptors
 *   | trace | draws | series | module data | table arena ............ | 64K unused |
 *
 * Plan words are written once by the host before any thread starts and are read-only from then on.
 * Words that two threads write stand on cache lines of their own.
 */
export const ABI_VERSION = 1;

export const PAGE_BYTES = 4096;
export const PAGE_SHIFT = 12;
export const BLOCK_ORDER = 9;
export const BLOCK_PAGES = 512;
export const CACHE_LINE_BYTES = 64;

export const CONTROL_BASE = 65536;
export const CONTROL_BYTES = 65536;

// Plan words, u32 at these addresses.
export const PLAN_THREAD_COUNT = 65536;
export const PLAN_THREAD_BASE = 65540;
export const PLAN_REGION_BASE = 65544;
export const PLAN_REGION_CAPACITY = 65548;
export const PLAN_PAGE_COUNT = 65552;
export const PLAN_PAGE_BASE = 65556;
export const PLAN_BLOCK_BASE = 65560;
export const PLAN_ARENA_BASE = 65564;
export const PLAN_ARENA_PAGES = 65568;
export const PLAN_DESCRIPTOR_BASE = 65572;
export const PLAN_TRACE_BASE = 65576;
export const PLAN_TRACE_COUNT = 65580;
export const PLAN_DRAW_BASE = 65584;
/** Draws in the table, a power of two. */
export const PLAN_DRAW_COUNT = 65588;
export const PLAN_SERIES_BASE = 65592;
export const PLAN_SERIES_CAPACITY = 65596;
/** Contiguity of 4 KiB faults, 0..65536. */
export const PLAN_CONTIGUITY = 65600;
/** 1: translations are judged; 0: micro mode, the oracle is off. */
export const PLAN_ORACLE = 65604;
/** 1: no clock, modelled time only (replay mode). */
export const PLAN_MODELLED = 65608;
/** Pages one device fault brings in at most, power of two up to 512 (fault-around). */
export const PLAN_FAULT_WINDOW = 65612;
/** Entries of a device thread's translation cache, power of two, 0 = no cache. */
export const PLAN_CACHE_ENTRIES = 65616;
/** One of LOCK_*: what the strategy's manifest declares. */
export const PLAN_LOCK = 65620;
/** How the device draws pages: one of ACCESS_*. */
export const PLAN_ACCESS = 65624;
/** Device accesses that write, 0..65536. */
export const PLAN_WRITE_SHARE = 65628;
/** Translations in a timed batch. */
export const PLAN_BATCH = 65632;
/** How the storm is paced: one of PACE_*. */
export const PLAN_PACE = 65636;
/** PACE_RECORDED, PACE_COMPRESSED: recorded time is divided by this / 65536. */
export const PLAN_PACE_FACTOR = 65640;
/** PACE_RATE: events per second. */
export const PLAN_PACE_RATE = 65644;
/** End of the measured window in microseconds from its start; 0 = when the trace ends. */
export const PLAN_WINDOW_US = 65648;
/** Microseconds between two calls of maintain. */
export const PLAN_MAINTAIN_US = 65652;
/** Replay: device accesses after each trace event. */
export const PLAN_ACCESS_PER_EVENT = 65656;
/** Storm threads of this cell (events are dealt to them by block). */
export const PLAN_STORM_THREADS = 65660;
/** Most retries of one device fault before it is called a livelock. */
export const PLAN_RETRY_LIMIT = 65664;
/** Longest wait for a lock, a barrier or a window in milliseconds. */
export const PLAN_WAIT_LIMIT_MS = 65668;
/** 1: the trace is started again from its first event until the window ends (soak). */
export const PLAN_REPEAT_TRACE = 65672;
/** One of TEARDOWN_*. */
export const PLAN_TEARDOWN = 65676;

// Device profile, u32 nanoseconds unless named otherwise.
export const PLAN_COST_COMMAND = 65792;
/** Per 64-byte granule of entries carried by a command, picoseconds. */
export const PLAN_COST_GRANULE_PS = 65796;
export const PLAN_COST_INVALIDATE = 65800;
export const PLAN_COST_FENCE = 65804;
export const PLAN_COST_FAULT = 65808;
/** Modelled CPU cost of storing one entry, picoseconds (replay only). */
export const PLAN_COST_STORE_PS = 65812;

// Strategy: 32 parameters (i32), the kind of each of the 32 sites (u8, MEMORY_*).
export const PLAN_PARAMS = 65920;
export const PARAM_CAPACITY = 32;
export const PLAN_SITE_KINDS = 66048;
export const SITE_CAPACITY = 32;

// Allocator plan: budget, watermark, largest order, reclaim model.
export const PLAN_BUDGET_PAGES = 66176;
export const PLAN_RESERVE_PAGES = 66180;
export const PLAN_MAX_ORDER = 66184;
/** KERNEL allocations below the watermark stall by this mean, nanoseconds; 0 = no reclaim model. */
export const PLAN_RECLAIM_NS = 66188;
/** Only ATOMIC semantics for everybody (profile atomic-only). */
export const PLAN_FORCE_ATOMIC = 66192;
/** Profile collapse: the budget shrinks to this many pages over the window; 0 = it does not. */
export const PLAN_BUDGET_END_PAGES = 66196;
/** Device error injection: one command in this many fails; 0 = none. */
export const PLAN_DEVICE_ERROR_INTERVAL = 66200;
/** The nth command fails, once; 0 = none. */
export const PLAN_DEVICE_ERROR_NTH = 66204;
/** The nth command kills the device for good; 0 = none. */
export const PLAN_DEVICE_DEAD_NTH = 66208;
/** Reset and re-post after a failed command, nanoseconds. */
export const PLAN_COST_RESET = 66212;

// Fault injection rules, INJECT_RULE_BYTES each.
export const PLAN_INJECT_COUNT = 66300;
export const PLAN_INJECT_RULES = 66304;
export const INJECT_RULE_CAPACITY = 16;
export const INJECT_RULE_BYTES = 64;
export const INJECT_PROBABILITY = 0;
export const INJECT_INTERVAL = 4;
/** Left to fail, -1 = no limit (shared, atomic). */
export const INJECT_TIMES = 8;
/** Bytes that must be allocated first (shared, atomic). */
export const INJECT_SPACE = 12;
export const INJECT_MIN_ORDER = 16;
export const INJECT_IGNORE_WAIT = 20;
/** Bit mask of sites, 0 = all. */
export const INJECT_SITES = 24;
/** Eligible calls seen so far (shared, atomic). */
export const INJECT_SEEN = 28;
/** The nth eligible call fails, once; 0 = this rule is not a fail-nth rule. */
export const INJECT_NTH = 32;
/** Failures this rule has injected (shared, atomic). */
export const INJECT_FIRED = 36;
/** State of the rule's generator (shared, atomic). */
export const INJECT_RANDOM = 40;
/** Bit mask of contexts, 0 = all. */
export const INJECT_CONTEXTS = 44;

// Shared mutable state, one cache line each.
export const STATE_BARRIER = 73728;
export const STATE_STOP = 73792;
export const STATE_FRAME_COUNTER = 73856;
/** Bumped by every cache invalidation and fence: a walk that saw it move is not used. */
export const STATE_DEVICE_EPOCH = 73920;
/** Time until which the device's queue is busy, nanoseconds (u64). */
export const STATE_DEVICE_BUSY = 73984;
/** Commands posted so far by all threads; feeds error injection. */
export const STATE_DEVICE_COMMANDS = 74048;
/** 1: the device is dead and answers nothing. */
export const STATE_DEVICE_DEAD = 74112;
export const STATE_NOTIFIER = 74240;
export const STATE_REGIONS = 74496;
export const STATE_ALLOCATOR = 75008;
export const STATE_SERIES = 75776;
export const STATE_STORM_DONE = 75840;
export const STATE_STALL = 75904;
export const STATE_WINDOW = 75968;
export const STATE_SPLITS = 76032;
/** Private to the strategy, zeroed, shared by its threads: 4 KiB. */
export const STATE_STRATEGY = 81920;
export const STATE_STRATEGY_BYTES = 4096;

// Threads.
export const THREAD_BASE = 131072;
export const THREAD_CAPACITY = 16;
export const THREAD_BYTES = 262144;
export const THREAD_INDEX = 0;
export const THREAD_ROLE = 4;
/** u64 state of the thread's generator. */
export const THREAD_RANDOM = 8;
/** The clock import writes seconds and nanoseconds here (two u32). */
export const THREAD_CLOCK = 16;
/** u64: cost of commands posted since the last fence, nanoseconds. */
export const THREAD_PENDING_NS = 24;
/** u64: time of the first command since the last fence. */
export const THREAD_POSTED_NS = 32;
/** u64: modelled time spent so far, nanoseconds. */
export const THREAD_MODELLED_NS = 40;
/** u32: head of the pages that wait for this thread's next fence (address, 0 = none). */
export const THREAD_DEFERRED = 48;
/** i32: error of the commands since the last fence, 0 or a negative code. */
export const THREAD_COMMAND_ERROR = 52;
/** u32: index of the trace event under way. */
export const THREAD_EVENT = 56;
/** i32: how the thread ended, 0 or a negative code. */
export const THREAD_STATUS = 60;
/** u64 start and end of the thread's measured window, and time stalled in faults, nanoseconds. */
export const THREAD_WINDOW_START_NS = 64;
export const THREAD_WINDOW_END_NS = 72;
export const THREAD_STALLED_NS = 80;
/** u32: next place in the draw table. */
export const THREAD_DRAW = 88;
/** u32: next page of a sequential access. */
export const THREAD_SEQUENTIAL = 92;
/** u32: recently faulted pages seen so far (hot set). */
export const THREAD_HOT = 96;
/** u32: allocations of this call that failed and were not yet accounted for. */
export const THREAD_FAILED_ALLOCATIONS = 100;
/** u32: a private word to sleep on. */
export const THREAD_SLEEP = 128;
export const THREAD_COUNTERS = 4096;
export const THREAD_COUNTER_CAPACITY = 128;
/** u32 triples (attempts, failures, injected) by [context][order][site]. */
export const THREAD_ALLOCATIONS = 5120;
export const ALLOCATION_ROW_BYTES = 12;
export const CONTEXT_COUNT = 3;
export const ORDER_COUNT = 11;
/** 512 words: the snapshot of one device fault. */
export const THREAD_WORDS = 18432;
/** Translation cache: up to 1024 entries of 16 bytes (tag, entry). */
export const THREAD_CACHE = 22528;
export const CACHE_CAPACITY = 1024;
export const CACHE_ENTRY_BYTES = 16;
export const THREAD_EXAMPLES = 38912;
export const EXAMPLE_CAPACITY = 16;
export const EXAMPLE_BYTES = 64;
/** Latency over time: WINDOW_COUNT rows of count u32, maxNs u32, sumNs u64 for notifier and fault. */
export const THREAD_WINDOWS_NOTIFIER = 40960;
export const THREAD_WINDOWS_FAULT = 49152;
export const WINDOW_COUNT = 512;
export const WINDOW_ROW_BYTES = 16;
export const THREAD_HOT_SET = 57344;
export const HOT_SET_PAGES = 1024;
/** Histograms: HISTOGRAM_SLOTS u64 counts after a head of min, max, count, sum (u64 each). */
export const THREAD_HISTOGRAMS = 65536;
export const HISTOGRAM_SLOTS = 4352;
export const HISTOGRAM_HEAD_BYTES = 32;
export const HISTOGRAM_BYTES = 34848;
export const HISTOGRAM_CAPACITY = 5;
/** Latency of one invalidation, service time. */
export const HISTOGRAM_NOTIFIER = 0;
/** Latency of one device fault, first miss to usable translation. */
export const HISTOGRAM_FAULT = 1;
/** Time of one batch of translations (divide by the batch). */
export const HISTOGRAM_TRANSLATE = 2;
/** Latency of one invalidation from its planned arrival. */
export const HISTOGRAM_NOTIFIER_PLANNED = 3;
/** Latency of one unregistration. */
export const HISTOGRAM_TEARDOWN = 4;

// Region record.
export const REGION_BYTES = 320;
export const REGION_ID = 0;
export const REGION_FIRST_PAGE = 4;
export const REGION_PAGE_COUNT = 8;
/** One of REGION_FREE, REGION_LIVE, REGION_INSERTING, REGION_REMOVING. */
export const REGION_STATE = 12;
/** Interval tree links (record addresses), priority, largest end below. */
export const REGION_LEFT = 16;
export const REGION_RIGHT = 20;
export const REGION_PRIORITY = 24;
export const REGION_MAX_END = 28;
export const REGION_DEFERRED_NEXT = 32;
/** References held by faults in flight (TEARDOWN_REFCOUNT). */
export const REGION_REFERENCES = 36;
/** The subscription's sequence number; a line of its own. */
export const REGION_SEQUENCE = 64;
/** The driver lock; a line of its own. */
export const REGION_LOCK = 128;
/** Private to the strategy: 128 bytes, zeroed at registration. */
export const REGION_STRATEGY = 192;
export const REGION_STRATEGY_BYTES = 128;

// Block record.
export const BLOCK_BYTES = 128;
/** Page-table lock of the address space. */
export const BLOCK_LOCK = 0;
/** 1: the block is mapped by one 2 MiB mapping. */
export const BLOCK_HUGE = 4;
/** Driver lock of a strategy with block granularity; a line of its own. */
export const BLOCK_DRIVER_LOCK = 64;

// Page record.
export const PAGE_RECORD_BYTES = 32;
export const PAGE_WORD = 0;
export const PAGE_READ_DEAD = 8;
export const PAGE_WRITE_DEAD = 16;
/** Low 4 bits VMA_*, above them the trace event that gave the page its frame. */
export const PAGE_VMA = 24;
/** Trace event that last invalidated the page. */
export const PAGE_KILLER = 28;
export const PAGE_VMA_BITS = 4;
export const VMA_MAPPED = 1;
export const VMA_WRITE = 2;
export const VMA_COW = 4;

// Arena page descriptor.
export const DESCRIPTOR_BYTES = 16;
export const DESCRIPTOR_NEXT = 0;
export const DESCRIPTOR_PREVIOUS = 4;
export const DESCRIPTOR_ORDER = 8;
export const DESCRIPTOR_STATE = 9;
export const DESCRIPTOR_SITE = 10;
export const DESCRIPTOR_DEFERRED = 12;

// Memory series row: timeNs u64, then table, staging, reserve pages, splits, failures (u32), unused u32.
export const SERIES_BYTES = 32;

// Violation example.
export const EXAMPLE_KIND = 0;
export const EXAMPLE_PAGE = 4;
export const EXAMPLE_THREAD = 8;
export const EXAMPLE_BIRTH = 12;
export const EXAMPLE_DEATH = 16;
export const EXAMPLE_ENTRY = 24;
export const EXAMPLE_WORD = 32;
export const EXAMPLE_READ_DEAD = 40;
export const EXAMPLE_WRITE_DEAD = 48;

/** Arena alignment: the largest buddy block. */
export const ARENA_ALIGN_BYTES = 4194304;
/** Data and stack of a C or Rust strategy: one MiB, zeroed, never handed out by the allocator. */
export const MODULE_DATA_BYTES = 1048576;
