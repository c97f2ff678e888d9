/* The calling thread's block, and the lock of core/lock.ts. */
#ifndef XLT_THREAD_H
#define XLT_THREAD_H

#include "core.h"

#define CACHE_CAPACITY 1024
#define SITES 32
#define ORDERS 11

struct cache_entry {
	_Atomic u64 tag;
	u64 entry;
};

struct thread {
	u64 pending_ns;
	u64 posted_ns;
	u64 modelled_ns;
	u32 deferred;
	int command_error;
	u32 sequence;
	u32 failed_allocations;
	_Alignas(64) u64 counters[COUNTERS];
	u32 allocations[3][ORDERS][SITES][3];
	struct cache_entry cache[CACHE_CAPACITY];
};

extern _Thread_local struct thread *self;

/* A held page as a number from 1 (0 = none), and back. */
void *page_address(u32 page);
u32 page_number(const void *address);
u32 *page_link(void *address);
void lock_acquire(_Atomic int *lock);
void lock_release(_Atomic int *lock);
void allocator_init(size_t bytes);

#endif
