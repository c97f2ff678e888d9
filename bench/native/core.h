/*
 * What a strategy's C twin is given: the services of core/abi/core.ts with the same counters, atomics
 * and locks, in a translation unit of their own, as the wasm modules are instances of their own.
 */
#ifndef XLT_CORE_H
#define XLT_CORE_H

#include "entry.h"

enum { OK = 0, EIO_DEAD = -5, NO_MEMORY = -12, INVALID = -22 };
enum { EVENT_UNMAP = 0, EVENT_CLEAR = 1, EVENT_RELEASE = 5 };
enum { CONTEXT_KERNEL, CONTEXT_NOWAIT, CONTEXT_ATOMIC };

enum counter {
	COUNT_COMMANDS,
	COUNT_ENTRIES_WRITTEN,
	COUNT_ENTRIES_ZAPPED,
	COUNT_CACHE_INVALIDATIONS,
	COUNT_FENCES,
	COUNT_COLLATERAL,
	COUNT_DEVICE_ERRORS,
	COUNT_BAD_FREES,
	COUNTERS
};

#define REGION_CHILDREN 32

/* A registered range; `child` and the cursor are the strategy's own. */
struct region {
	u32 first_page;
	u32 page_count;
	_Atomic u32 sequence;
	slot_t *child[REGION_CHILDREN];
	u64 cursor_gib;
	slot_t *cursor_node;
};

struct strategy {
	const char *name;
	int (*init)(struct region *region);
	int (*update)(struct region *region, u32 first, u32 count, const u64 *words);
	int (*invalidate)(struct region *region, u32 first, u32 count, u32 event, bool blockable);
	u64 (*translate)(const struct region *region, u32 page);
	void (*fini)(struct region *region);
};

extern const struct strategy flat_strategy;
extern const struct strategy radix_strategy;

void core_init(size_t arena_bytes, u32 cache_entries);
void notifier_read_begin(struct region *region);

void count(enum counter counter, u64 amount);
void device_write(u32 entries);
void device_zap(u32 entries);
void device_cache_invalidate(const struct region *region, u32 first, u32 pages);
int device_fence(void);
int device_write_fenced(u32 entries);
int device_zap_fenced(const struct region *region, u32 first, u32 pages, u32 entries);

void *page_alloc(u32 context, u32 order, u32 site);
void *page_alloc_exact(u32 context, size_t bytes, u32 site);
void page_free(void *address, u32 order);
void page_free_exact(void *address, size_t bytes);
void page_free_deferred(void *address);
u32 page_order(const void *address);
u32 pages_used(void);

#endif
