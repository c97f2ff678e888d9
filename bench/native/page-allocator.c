/* The budgeted buddy allocator of core/page-allocator.ts: same lists, lock, accounts and poison. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "thread.h"

#define POISON_FREE 0x6b
#define ARENA_ALIGN (4u << 20)
#define MAX_ORDER 10u

enum { TAIL, FREE, HELD };

struct descriptor {
	u32 next;
	u32 previous;
	uint8_t order;
	uint8_t state;
	uint8_t site;
	u32 deferred;
};

static char *arena;
static u32 arena_pages;
static struct descriptor *descriptors;

static _Alignas(64) _Atomic int lock;
static _Alignas(64) u32 used;
static u32 used_peak, budget_pages, reserve_pages, inject_rules, force_atomic;
static u32 kind_pages[3], kind_peaks[3];
static uint8_t site_kinds[SITES];
static u32 free_heads[ORDERS];
static _Atomic u32 failures;

void *page_address(u32 page)
{
	return arena + (size_t)(page - 1) * PAGE_BYTES;
}

u32 page_number(const void *address)
{
	return (u32)(((const char *)address - arena) / PAGE_BYTES) + 1;
}

static u32 page_of(const void *address)
{
	return page_number(address) - 1;
}

u32 *page_link(void *address)
{
	return &descriptors[page_of(address)].deferred;
}

u32 page_order(const void *address)
{
	return descriptors[page_of(address)].order;
}

u32 pages_used(void)
{
	return used;
}

static void push(u32 page, u32 order)
{
	struct descriptor *d = &descriptors[page];
	u32 first = free_heads[order];

	d->order = (uint8_t)order;
	d->state = FREE;
	d->next = first;
	d->previous = 0;
	if (first)
		descriptors[first - 1].previous = page + 1;
	free_heads[order] = page + 1;
}

static void unlink_block(u32 page, u32 order)
{
	struct descriptor *d = &descriptors[page];

	if (d->previous)
		descriptors[d->previous - 1].next = d->next;
	else
		free_heads[order] = d->next;
	if (d->next)
		descriptors[d->next - 1].previous = d->previous;
	d->state = TAIL;
}

static long take_block(u32 order)
{
	for (u32 o = order; o <= MAX_ORDER; o++) {
		u32 page = free_heads[o];

		if (!page)
			continue;
		page--;
		unlink_block(page, o);
		while (o > order) {
			o--;
			push(page + (1u << o), o);
		}
		return page;
	}
	return -1;
}

static void give_block(u32 page, u32 order)
{
	descriptors[page].state = TAIL;
	while (order < MAX_ORDER) {
		u32 buddy = page ^ (1u << order);

		if (buddy + (1u << order) > arena_pages)
			break;
		if (descriptors[buddy].state != FREE || descriptors[buddy].order != order)
			break;
		unlink_block(buddy, order);
		if (buddy < page)
			page = buddy;
		order++;
	}
	push(page, order);
}

static void charge(u32 site, int pages)
{
	u32 kind = site_kinds[site] % 3;

	used += pages;
	if (used > used_peak)
		used_peak = used;
	kind_pages[kind] += pages;
	if (kind_pages[kind] > kind_peaks[kind])
		kind_peaks[kind] = kind_pages[kind];
}

static long try_block(u32 context, u32 order, u32 site)
{
	u32 limit = budget_pages;
	long page = -1;

	if (context != CONTEXT_ATOMIC)
		limit = limit > reserve_pages ? limit - reserve_pages : 0;
	lock_acquire(&lock);
	if (order <= MAX_ORDER && used + (1u << order) <= limit)
		page = take_block(order);
	if (page >= 0) {
		struct descriptor *d = &descriptors[page];

		d->state = HELD;
		d->order = (uint8_t)order;
		d->site = (uint8_t)site;
		charge(site, 1 << order);
	}
	lock_release(&lock);
	return page;
}

static void *alloc_block(u32 context, u32 order, u32 site)
{
	u32 *row;
	long page;

	if (force_atomic)
		context = CONTEXT_ATOMIC;
	row = self->allocations[context][order][site];
	row[0]++;
	page = inject_rules ? -1 : try_block(context, order, site);
	if (page >= 0)
		return arena + (size_t)page * PAGE_BYTES;
	row[1]++;
	self->failed_allocations++;
	atomic_fetch_add(&failures, 1);
	return NULL;
}

void *page_alloc(u32 context, u32 order, u32 site)
{
	void *address = alloc_block(context, order, site);

	if (address)
		memset(address, 0, (size_t)PAGE_BYTES << order);
	return address;
}

static u32 order_of(size_t bytes)
{
	size_t pages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	u32 order = 0;

	while (((size_t)1 << order) < pages)
		order++;
	return order;
}

/* The tail of the block is not given back: regions of this runner are powers of two. */
void *page_alloc_exact(u32 context, size_t bytes, u32 site)
{
	return order_of(bytes) > MAX_ORDER ? NULL : page_alloc(context, order_of(bytes), site);
}

void page_free(void *address, u32 order)
{
	u32 page = page_of(address);
	struct descriptor *d = &descriptors[page];

	if (page >= arena_pages || d->state != HELD || d->order != order) {
		count(COUNT_BAD_FREES, 1);
		return;
	}
	memset(address, POISON_FREE, (size_t)PAGE_BYTES << order);
	lock_acquire(&lock);
	charge(d->site, -(1 << order));
	give_block(page, order);
	lock_release(&lock);
}

void page_free_exact(void *address, size_t bytes)
{
	page_free(address, order_of(bytes));
}

void allocator_init(size_t bytes)
{
	size_t size = (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;

	arena = aligned_alloc(ARENA_ALIGN, size);
	arena_pages = (u32)(size / PAGE_BYTES);
	descriptors = calloc(arena_pages, sizeof(*descriptors));
	if (!arena || !descriptors) {
		fprintf(stderr, "no memory for a table arena of %zu bytes\n", size);
		exit(1);
	}
	memset(arena, 0, size);
	budget_pages = arena_pages;
	for (u32 page = 0; page < arena_pages; page += 1u << MAX_ORDER)
		push(page, MAX_ORDER);
}
