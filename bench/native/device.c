/* The device: commands, cache invalidations and fences of core/device.ts, without a cost profile. */
#include "thread.h"

_Thread_local struct thread *self;
static struct thread setup_thread;

/* Written once before anything runs, as the plan words are. */
static struct {
	u32 cost_command;
	u32 cost_granule_ps;
	u32 cost_invalidate;
	u32 cost_fence;
	u32 cost_store_ps;
	u32 modelled;
	u32 faults;
	u32 dead_nth;
	u32 error_nth;
	u32 error_interval;
	u32 cache_entries;
	u32 thread_count;
} plan;

static _Alignas(64) _Atomic u32 device_epoch;
static _Alignas(64) _Atomic u32 device_commands;
static _Alignas(64) _Atomic u32 device_dead;
static _Alignas(64) _Atomic int notifier_lock;
static _Alignas(64) u32 notifier_sequence = 2;

void count(enum counter counter, u64 amount)
{
	self->counters[counter] += amount;
}

static bool survives(struct thread *t)
{
	u32 nth = atomic_fetch_add(&device_commands, 1) + 1;

	if (nth == plan.dead_nth)
		atomic_store(&device_dead, 1);
	if (atomic_load(&device_dead)) {
		t->command_error = EIO_DEAD;
		return false;
	}
	if (nth == plan.error_nth || (plan.error_interval && nth % plan.error_interval == 0))
		count(COUNT_DEVICE_ERRORS, 1);
	return true;
}

static bool post(u64 cost_ns)
{
	count(COUNT_COMMANDS, 1);
	if (cost_ns)
		self->pending_ns += cost_ns;
	return !plan.faults || survives(self);
}

static u64 command_cost(u32 entries)
{
	u64 granules = (entries + 7) >> 3;

	if (!plan.cost_granule_ps)
		return plan.cost_command;
	return plan.cost_command + granules * plan.cost_granule_ps / 1000;
}

static void model_stores(u32 entries)
{
	if (!plan.modelled)
		return;
	self->modelled_ns += (u64)entries * plan.cost_store_ps / 1000;
}

void device_write(u32 entries)
{
	count(COUNT_ENTRIES_WRITTEN, entries);
	model_stores(entries);
	post(command_cost(entries));
}

void device_zap(u32 entries)
{
	count(COUNT_ENTRIES_ZAPPED, entries);
	model_stores(entries);
	post(command_cost(entries));
}

static u64 cache_tag(u32 first_page, u32 order)
{
	return ((u64)first_page << 8) | (order << 1) | 1;
}

static struct cache_entry *cache_slot(u32 page)
{
	return &self->cache[(page ^ (page >> 10)) & (plan.cache_entries - 1)];
}

static void purge(u32 start, u32 pages)
{
	u32 end = start + pages;

	if (pages >= plan.cache_entries) {
		for (u32 i = 0; i < plan.cache_entries; i++) {
			struct cache_entry *cached = &self->cache[i];
			u64 tag = atomic_load(&cached->tag);
			u32 leaf = (u32)(tag >> 8);

			if (tag && leaf < end && leaf + (1u << ((tag >> 1) & 31)) > start)
				atomic_store(&cached->tag, 0);
		}
		return;
	}
	for (u32 page = start; page < end; page++) {
		struct cache_entry *cached = cache_slot(page);

		if (atomic_load(&cached->tag) == cache_tag(page, 0))
			atomic_store(&cached->tag, 0);
	}
	for (u32 block = start & ~511u; block < end; block += 512) {
		struct cache_entry *cached = cache_slot((block >> 9) * 0x9e3779b1u);

		if (atomic_load(&cached->tag) == cache_tag(block, 9))
			atomic_store(&cached->tag, 0);
	}
}

void device_cache_invalidate(const struct region *region, u32 first, u32 pages)
{
	count(COUNT_CACHE_INVALIDATIONS, 1);
	post(plan.cost_invalidate);
	atomic_fetch_add(&device_epoch, 1);
	if (plan.cache_entries == 0)
		return;
	for (u32 i = 0; i < plan.thread_count; i++)
		purge(region->first_page + first, pages);
}

void page_free_deferred(void *address)
{
	*page_link(address) = self->deferred;
	self->deferred = page_number(address);
}

static void release_deferred(struct thread *t)
{
	u32 page = t->deferred;

	t->deferred = 0;
	while (page) {
		void *address = page_address(page);
		u32 next = *page_link(address);

		page_free(address, page_order(address));
		page = next;
	}
}

static void await_commands(void)
{
	struct thread *t = self;
	u64 pending = t->pending_ns + plan.cost_fence;

	if (!pending)
		return;
	t->modelled_ns += pending;
	t->pending_ns = 0;
}

static int settle(void)
{
	struct thread *t = self;
	int error = t->command_error;

	if (t->deferred)
		release_deferred(t);
	if (error)
		t->command_error = 0;
	return error;
}

int device_fence(void)
{
	count(COUNT_FENCES, 1);
	await_commands();
	atomic_fetch_add(&device_epoch, 1);
	return settle();
}

void notifier_read_begin(struct region *region)
{
	lock_acquire(&notifier_lock);
	self->sequence = atomic_load(&region->sequence);
	(void)*(volatile u32 *)&notifier_sequence;
	lock_release(&notifier_lock);
}

/* A free lock is one exchange; this runner has no second thread to wait for. */
void lock_acquire(_Atomic int *lock)
{
	int expected = 0;

	while (!atomic_compare_exchange_strong(lock, &expected, 1))
		expected = 0;
}

void lock_release(_Atomic int *lock)
{
	atomic_exchange(lock, 0);
}

int device_write_fenced(u32 entries)
{
	device_write(entries);
	count(COUNT_FENCES, 1);
	await_commands();
	if (self->deferred)
		atomic_fetch_add(&device_epoch, 1);
	return settle();
}

int device_zap_fenced(const struct region *region, u32 first, u32 pages, u32 entries)
{
	device_zap(entries);
	device_cache_invalidate(region, first, pages);
	count(COUNT_FENCES, 1);
	await_commands();
	return settle();
}

void core_init(size_t arena_bytes, u32 cache_entries)
{
	self = &setup_thread;
	plan.thread_count = 1;
	plan.cache_entries = cache_entries;
	allocator_init(arena_bytes);
}
