/**
 * The one map of shared memory. Only integer constants: the file compiles as AssemblyScript (core,
 * driver, strategies) and as TypeScript (host), so there is one source for both sides.
 *
 *   0         64K       128K             planned by the host (plan words), in this order
 *   | unused  | control | thread blocks | regions | blocks | pages | arena descriptors
 *   | trace | draws | series | module data | table arena ............ | 64K unused |
 *
 * Plan words are written once by the host before any thread starts and are read-only from then on, but
 * for PLAN_BUDGET_PAGES, which the profile collapse shrinks (driver/budget.ts). Words that threads write
 * on hot paths stand on cache lines of their own; a region's state, references and REGION_DYING share the
 * line of its tree links.
 */
export const ABI_VERSION: u32 = 1;

export const PAGE_BYTES: u32 = 4096;
export const PAGE_SHIFT: u32 = 12;
export const BLOCK_ORDER: u32 = 9;
export const BLOCK_PAGES: u32 = 512;
export const CACHE_LINE_BYTES: u32 = 64;

export const CONTROL_BASE: u32 = 65536;
export const CONTROL_BYTES: u32 = 65536;

// Plan words, u32 at these addresses.
export const PLAN_THREAD_COUNT: u32 = 65536;
export const PLAN_THREAD_BASE: u32 = 65540;
export const PLAN_REGION_BASE: u32 = 65544;
export const PLAN_REGION_CAPACITY: u32 = 65548;
export const PLAN_PAGE_COUNT: u32 = 65552;
export const PLAN_PAGE_BASE: u32 = 65556;
export const PLAN_BLOCK_BASE: u32 = 65560;
export const PLAN_ARENA_BASE: u32 = 65564;
export const PLAN_ARENA_PAGES: u32 = 65568;
export const PLAN_DESCRIPTOR_BASE: u32 = 65572;
export const PLAN_TRACE_BASE: u32 = 65576;
export const PLAN_TRACE_COUNT: u32 = 65580;
export const PLAN_DRAW_BASE: u32 = 65584;
/** Draws in the table, a power of two. */
export const PLAN_DRAW_COUNT: u32 = 65588;
export const PLAN_SERIES_BASE: u32 = 65592;
export const PLAN_SERIES_CAPACITY: u32 = 65596;
/** Contiguity of 4 KiB faults, 0..65536. */
export const PLAN_CONTIGUITY: u32 = 65600;
/** 1: translations are judged; 0: micro mode, the oracle is off. */
export const PLAN_ORACLE: u32 = 65604;
/** 1: no clock, modelled time only (replay mode). */
export const PLAN_MODELLED: u32 = 65608;
/** Pages one device fault brings in at most, power of two up to 512 (fault-around). */
export const PLAN_FAULT_WINDOW: u32 = 65612;
/** Entries of a device thread's translation cache, power of two, 0 = no cache. */
export const PLAN_CACHE_ENTRIES: u32 = 65616;
/** One of LOCK_*: what the strategy's manifest declares. */
export const PLAN_LOCK: u32 = 65620;
/** How the device draws pages: one of ACCESS_*. */
export const PLAN_ACCESS: u32 = 65624;
/** Device accesses that write, 0..65536. */
export const PLAN_WRITE_SHARE: u32 = 65628;
/** Translations in a timed batch. */
export const PLAN_BATCH: u32 = 65632;
/** How the storm is paced: one of PACE_*. */
export const PLAN_PACE: u32 = 65636;
/** PACE_COMPRESSED: recorded time is divided by this / 65536. */
export const PLAN_PACE_FACTOR: u32 = 65640;
/** PACE_RATE: events per second. */
export const PLAN_PACE_RATE: u32 = 65644;
/** End of the measured window in milliseconds from its start; 0 = when the trace ends. */
export const PLAN_WINDOW_MS: u32 = 65648;
/** Microseconds between two calls of maintain. */
export const PLAN_MAINTAIN_US: u32 = 65652;
/** Replay: device accesses after each trace event. */
export const PLAN_ACCESS_PER_EVENT: u32 = 65656;
/** Storm threads of this cell (events are dealt to them by block). */
export const PLAN_STORM_THREADS: u32 = 65660;
/** Most retries of one device fault before it is called a livelock. */
export const PLAN_RETRY_LIMIT: u32 = 65664;
/** Longest wait for a lock, a barrier or a window in milliseconds. */
export const PLAN_WAIT_LIMIT_MS: u32 = 65668;
/** 1: the trace is started again from its first event until the window ends (soak). */
export const PLAN_REPEAT_TRACE: u32 = 65672;
/** One of TEARDOWN_*. */
export const PLAN_TEARDOWN: u32 = 65676;
/** One byte a page: INSTALLED_* rights the device's table is believed to hold for its current frame. */
export const PLAN_INSTALLED_BASE: u32 = 65680;
/** First event the storm plays; those before it set the address space up, outside the window. */
export const PLAN_TRACE_FIRST: u32 = 65692;
/** Pause of the registration thread between a teardown and the next, microseconds. */
export const PLAN_TEARDOWN_US: u32 = 65696;
/** Room for one region's strategy bytes (naive teardown). */
export const PLAN_REGION_SCRATCH: u32 = 65700;
/** 1: invalidate is called while the CPU's table changes, not before (core/driver/secondary-tlb.ts). */
export const PLAN_NOTIFY_AFTER: u32 = 65760;
/** Replay: how often the trace is played. */
export const PLAN_LAPS: u32 = 65764;
/** ACCESS_HOT: share of the draws that take a recently faulted page, in 1/65536; the rest are uniform. */
export const PLAN_HOT_SHARE: u32 = 65768;
/** 1: the strategy holds no translations (noop): an access is over after one fault. */
export const PLAN_FLOOR: u32 = 65688;
/** Replay: maintain runs after every this many events; 0 = never. */
export const PLAN_MAINTAIN_EVENTS: u32 = 65684;

// Device profile, u32 nanoseconds unless named otherwise.
export const PLAN_COST_COMMAND: u32 = 65792;
/** Per 64-byte granule of entries carried by a command, picoseconds. */
export const PLAN_COST_GRANULE_PS: u32 = 65796;
export const PLAN_COST_INVALIDATE: u32 = 65800;
export const PLAN_COST_FENCE: u32 = 65804;
export const PLAN_COST_FAULT: u32 = 65808;
/** Modelled CPU cost of storing one entry, picoseconds (replay only). */
export const PLAN_COST_STORE_PS: u32 = 65812;

// Strategy: 32 parameters (i32), the kind of each of the 32 sites (u8, MEMORY_*).
export const PLAN_PARAMS: u32 = 65920;
export const PARAM_CAPACITY: u32 = 32;
export const PLAN_SITE_KINDS: u32 = 66048;
export const SITE_CAPACITY: u32 = 32;

// Allocator plan: budget, watermark, largest order, reclaim model.
export const PLAN_BUDGET_PAGES: u32 = 66176;
export const PLAN_RESERVE_PAGES: u32 = 66180;
export const PLAN_MAX_ORDER: u32 = 66184;
/** KERNEL allocations below the watermark stall by this mean, nanoseconds; 0 = no reclaim model. */
export const PLAN_RECLAIM_NS: u32 = 66188;
/** Only ATOMIC semantics for everybody (profile atomic-only). */
export const PLAN_FORCE_ATOMIC: u32 = 66192;
/** Profile collapse: the budget shrinks to this many pages over the window; 0 = it does not. */
export const PLAN_BUDGET_END_PAGES: u32 = 66196;
/** Device error injection: one command in this many fails; 0 = none. */
export const PLAN_DEVICE_ERROR_INTERVAL: u32 = 66200;
/** The nth command fails, once; 0 = none. */
export const PLAN_DEVICE_ERROR_NTH: u32 = 66204;
/** The nth command kills the device for good; 0 = none. */
export const PLAN_DEVICE_DEAD_NTH: u32 = 66208;
/** Reset and re-post after a failed command, nanoseconds. */
export const PLAN_COST_RESET: u32 = 66212;
/** 1: commands are numbered across threads, so that one of the three words above can hit one. */
export const PLAN_DEVICE_FAULTS: u32 = 66216;

// Fault injection rules, INJECT_RULE_BYTES each.
export const PLAN_INJECT_COUNT: u32 = 66300;
export const PLAN_INJECT_RULES: u32 = 66304;
export const INJECT_RULE_CAPACITY: u32 = 16;
export const INJECT_RULE_BYTES: u32 = 64;
export const INJECT_PROBABILITY: u32 = 0;
export const INJECT_INTERVAL: u32 = 4;
/** Left to fail, -1 = no limit (shared, atomic). */
export const INJECT_TIMES: u32 = 8;
/** Pages that must be allocated first, less what has been (shared, atomic). */
export const INJECT_SPACE: u32 = 12;
export const INJECT_MIN_ORDER: u32 = 16;
export const INJECT_IGNORE_WAIT: u32 = 20;
/** Bit mask of sites, 0 = all. */
export const INJECT_SITES: u32 = 24;
/** Eligible calls seen so far (shared, atomic). */
export const INJECT_SEEN: u32 = 28;
/** The nth eligible call fails, once; 0 = this rule is not a fail-nth rule. */
export const INJECT_NTH: u32 = 32;
/** Failures this rule has injected (shared, atomic). */
export const INJECT_FIRED: u32 = 36;
/** State of the rule's generator (shared, atomic). */
export const INJECT_RANDOM: u32 = 40;
/** Bit mask of contexts, 0 = all. */
export const INJECT_CONTEXTS: u32 = 44;

// Shared mutable state, one cache line each.
export const STATE_BARRIER: u32 = 73728;
export const STATE_STOP: u32 = 73792;
export const STATE_FRAME_COUNTER: u32 = 73856;
/** Time until which the device's queue is busy, nanoseconds (u64). */
export const STATE_DEVICE_BUSY: u32 = 73984;
/** Commands posted so far by all threads; feeds error injection. */
export const STATE_DEVICE_COMMANDS: u32 = 74048;
/** 1: the device is dead and answers nothing. */
export const STATE_DEVICE_DEAD: u32 = 74112;
export const STATE_NOTIFIER: u32 = 74240;
export const STATE_REGIONS: u32 = 74496;
export const STATE_ALLOCATOR: u32 = 75008;
export const STATE_SERIES: u32 = 75776;
export const STATE_STORM_DONE: u32 = 75840;
export const STATE_STALL: u32 = 75904;
export const STATE_WINDOW: u32 = 75968;
export const STATE_SPLITS: u32 = 76032;
/** The line that two threads pass to and fro (core/handover.ts). */
export const STATE_HANDOVER: u32 = 76096;
/** Private to the strategy, zeroed, shared by its threads: 4 KiB. */
export const STATE_STRATEGY: u32 = 81920;
export const STATE_STRATEGY_BYTES: u32 = 4096;
/** By thread, a line each: steps of the device's epoch that the thread has made (core/device.ts). */
export const STATE_DEVICE_EPOCHS: u32 = 86016;

// Threads.
export const THREAD_BASE: u32 = 131072;
export const THREAD_CAPACITY: u32 = 16;
export const THREAD_BYTES: u32 = 262144;
export const THREAD_INDEX: u32 = 0;
export const THREAD_ROLE: u32 = 4;
/** u64 state of the thread's generator. */
export const THREAD_RANDOM: u32 = 8;
/** The clock import writes seconds and nanoseconds here (two u32). */
export const THREAD_CLOCK: u32 = 16;
/** u64: cost of commands posted since the last fence, nanoseconds. */
export const THREAD_PENDING_NS: u32 = 24;
/** u64: time of the first command since the last fence. */
export const THREAD_POSTED_NS: u32 = 32;
/** u64: modelled time spent so far, nanoseconds. */
export const THREAD_MODELLED_NS: u32 = 40;
/** u32: head of the pages that wait for this thread's next fence (address, 0 = none). */
export const THREAD_DEFERRED: u32 = 48;
/** i32: error of the commands since the last fence, 0 or a negative code. */
export const THREAD_COMMAND_ERROR: u32 = 52;
/** u32: index of the trace event under way. */
export const THREAD_EVENT: u32 = 56;
/** i32: how the thread ended, 0 or a negative code. */
export const THREAD_STATUS: u32 = 60;
/** u64 start and end of the thread's measured window, and time stalled in faults, nanoseconds. */
export const THREAD_WINDOW_START_NS: u32 = 64;
export const THREAD_WINDOW_END_NS: u32 = 72;
export const THREAD_STALLED_NS: u32 = 80;
/** u32: next place in the draw table. */
export const THREAD_DRAW: u32 = 88;
/** u32: next page of a sequential access. */
export const THREAD_SEQUENTIAL: u32 = 92;
/** u32: recently faulted pages seen so far (hot set). */
export const THREAD_HOT: u32 = 96;
/** u32: a private word to sleep on. */
export const THREAD_SLEEP: u32 = 128;
/** u32: sequence number the fault under way began with. */
export const THREAD_SEQUENCE: u32 = 104;
export const THREAD_COUNTERS: u32 = 4096;
export const THREAD_COUNTER_CAPACITY: u32 = 128;
/** u32 triples (attempts, failures, injected) by [context][order][site]. */
export const THREAD_ALLOCATIONS: u32 = 5120;
export const ALLOCATION_ROW_BYTES: u32 = 12;
export const CONTEXT_COUNT: u32 = 3;
export const ORDER_COUNT: u32 = 11;
/** 512 words: the snapshot of one device fault. */
export const THREAD_WORDS: u32 = 18432;
/** Translation cache: up to 1024 entries of 16 bytes (tag, entry). */
export const THREAD_CACHE: u32 = 22528;
export const CACHE_CAPACITY: u32 = 1024;
export const CACHE_ENTRY_BYTES: u32 = 16;
export const THREAD_EXAMPLES: u32 = 38912;
export const EXAMPLE_CAPACITY: u32 = 16;
export const EXAMPLE_BYTES: u32 = 64;
/** Latency over time: WINDOW_COUNT rows of count u32, maxNs u32, sumNs u64 for notifier and fault. */
export const THREAD_WINDOWS_NOTIFIER: u32 = 40960;
export const THREAD_WINDOWS_FAULT: u32 = 49152;
export const WINDOW_COUNT: u32 = 512;
export const WINDOW_ROW_BYTES: u32 = 16;
export const THREAD_HOT_SET: u32 = 57344;
export const HOT_SET_PAGES: u32 = 1024;
/** u32 accesses of the batch under way (at most BATCH_CAPACITY). */
export const THREAD_BATCH: u32 = 61440;
export const BATCH_CAPACITY: u32 = 1024;
/** Histograms: HISTOGRAM_SLOTS u64 counts after a head of min, max, count, sum (u64 each). */
export const THREAD_HISTOGRAMS: u32 = 65536;
export const HISTOGRAM_SLOTS: u32 = 4352;
export const HISTOGRAM_HEAD_BYTES: u32 = 32;
export const HISTOGRAM_BYTES: u32 = 34848;
export const HISTOGRAM_CAPACITY: u32 = 5;
/** Latency of one invalidation, service time. */
export const HISTOGRAM_NOTIFIER: u32 = 0;
/** Latency of one device fault, first miss to usable translation. */
export const HISTOGRAM_FAULT: u32 = 1;
/** Time of one batch of translations (divide by the batch). */
export const HISTOGRAM_TRANSLATE: u32 = 2;
/** Latency of one invalidation from its planned arrival. */
export const HISTOGRAM_NOTIFIER_PLANNED: u32 = 3;
/** Latency of one unregistration. */
export const HISTOGRAM_TEARDOWN: u32 = 4;

// Region record.
export const REGION_BYTES: u32 = 384;
export const REGION_ID: u32 = 0;
export const REGION_FIRST_PAGE: u32 = 4;
export const REGION_PAGE_COUNT: u32 = 8;
/** One of REGION_FREE, REGION_LIVE, REGION_INSERTING, REGION_REMOVING. */
export const REGION_STATE: u32 = 12;
/** Interval tree links (record addresses), priority, largest end below. */
export const REGION_LEFT: u32 = 16;
export const REGION_RIGHT: u32 = 20;
export const REGION_PRIORITY: u32 = 24;
export const REGION_MAX_END: u32 = 28;
export const REGION_DEFERRED_NEXT: u32 = 32;
/** References held by faults and maintain in flight. */
export const REGION_REFERENCES: u32 = 36;
/** 0 alive, 1 being torn down, 2 dead and not yet freed, 3 being freed (registration.ts). */
export const REGION_DYING: u32 = 40;
/** The subscription's sequence number; a line of its own. */
export const REGION_SEQUENCE: u32 = 64;
/** The driver lock; a line of its own. */
export const REGION_LOCK: u32 = 128;
/** Private to the strategy: 192 bytes, zeroed at registration. */
export const REGION_STRATEGY: u32 = 192;
export const REGION_STRATEGY_BYTES: u32 = 192;

export const INSTALLED_READ: u32 = 1;
export const INSTALLED_WRITE: u32 = 2;

// Block record.
export const BLOCK_BYTES: u32 = 128;
/** Page-table lock of the address space. */
export const BLOCK_LOCK: u32 = 0;
/** 1: the block is mapped by one 2 MiB mapping. */
export const BLOCK_HUGE: u32 = 4;
/** Address of the region record that covers the block, 0 = none. */
export const BLOCK_REGION: u32 = 8;
/** Driver lock of a strategy with block granularity; a line of its own. */
export const BLOCK_DRIVER_LOCK: u32 = 64;

// Page record.
export const PAGE_RECORD_BYTES: u32 = 32;
export const PAGE_WORD: u32 = 0;
export const PAGE_READ_DEAD: u32 = 8;
export const PAGE_WRITE_DEAD: u32 = 16;
/** Low 4 bits VMA_*, above them the trace event that gave the page its frame. */
export const PAGE_VMA: u32 = 24;
/** Trace event that last invalidated the page. */
export const PAGE_KILLER: u32 = 28;
export const PAGE_VMA_BITS: u32 = 4;
export const VMA_MAPPED: u32 = 1;
export const VMA_WRITE: u32 = 2;
export const VMA_COW: u32 = 4;
/** The VMA wants 2 MiB pages. */
export const VMA_HUGE_PAGES: u32 = 8;

// Arena page descriptor.
export const DESCRIPTOR_BYTES: u32 = 16;
export const DESCRIPTOR_NEXT: u32 = 0;
export const DESCRIPTOR_PREVIOUS: u32 = 4;
export const DESCRIPTOR_ORDER: u32 = 8;
export const DESCRIPTOR_STATE: u32 = 9;
export const DESCRIPTOR_SITE: u32 = 10;
export const DESCRIPTOR_DEFERRED: u32 = 12;

// Memory series row: timeNs u64, then table, staging, reserve pages, splits, failures (u32), unused u32.
export const SERIES_BYTES: u32 = 32;

// Violation example.
export const EXAMPLE_KIND: u32 = 0;
export const EXAMPLE_PAGE: u32 = 4;
export const EXAMPLE_THREAD: u32 = 8;
export const EXAMPLE_BIRTH: u32 = 12;
export const EXAMPLE_DEATH: u32 = 16;
export const EXAMPLE_ENTRY: u32 = 24;
export const EXAMPLE_WORD: u32 = 32;
export const EXAMPLE_READ_DEAD: u32 = 40;
export const EXAMPLE_WRITE_DEAD: u32 = 48;

/** Arena alignment: the largest buddy block. */
export const ARENA_ALIGN_BYTES: u32 = 4194304;
/** Data and stack of a C or Rust strategy: one MiB, zeroed, never handed out by the allocator. */
export const MODULE_DATA_BYTES: u32 = 1048576;
