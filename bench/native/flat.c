/*
 * The C twin of strategies/flat-preallocated.ts: one 4 KiB-grained array a GiB, entries rewritten in
 * place by plain 64-bit stores, one command and one fence an operation.
 */
#include "core.h"

#define CHILD_SHIFT 18
#define CHILD_PAGES (1u << CHILD_SHIFT)

static slot_t *entry_address(const struct region *region, u32 page)
{
	return region->child[page >> CHILD_SHIFT] + (page & (CHILD_PAGES - 1));
}

static u32 child_pages(const struct region *region, u32 child)
{
	u32 left = region->page_count - child * CHILD_PAGES;

	return left < CHILD_PAGES ? left : CHILD_PAGES;
}

static u32 child_count(const struct region *region)
{
	return (region->page_count + CHILD_PAGES - 1) / CHILD_PAGES;
}

static void flat_fini(struct region *region)
{
	for (u32 i = 0; i < child_count(region); i++) {
		if (region->child[i])
			page_free_exact(region->child[i], (size_t)child_pages(region, i) * 8);
		region->child[i] = NULL;
	}
}

static int flat_init(struct region *region)
{
	if (child_count(region) > REGION_CHILDREN)
		return INVALID;
	for (u32 i = 0; i < child_count(region); i++) {
		region->child[i] =
			page_alloc_exact(CONTEXT_KERNEL, (size_t)child_pages(region, i) * 8, 0);
		if (!region->child[i]) {
			flat_fini(region);
			return NO_MEMORY;
		}
	}
	return OK;
}

/* End of the part of page..end-1 that lies in the page's child. */
static u32 child_stop(u32 page, u32 end)
{
	u32 stop = (page & ~(CHILD_PAGES - 1)) + CHILD_PAGES;

	return stop < end ? stop : end;
}

static int flat_update(struct region *region, u32 first, u32 pages, const u64 *words)
{
	u32 end = first + pages;
	u32 written = 0;

	for (u32 page = first; page < end;) {
		u32 stop = child_stop(page, end);
		slot_t *slot = entry_address(region, page);

		for (; page < stop; page++, slot++, words++) {
			if (!(*words & WORD_VALID))
				continue;
			plain_store(slot, entry_of_word(*words, 0));
			written++;
		}
	}
	return device_write_fenced(written);
}

static int flat_invalidate(struct region *region, u32 first, u32 pages, u32 event, bool blockable)
{
	u32 end = first + pages;
	u32 zapped = 0;

	(void)event;
	(void)blockable;
	for (u32 page = first; page < end;) {
		u32 stop = child_stop(page, end);
		slot_t *slot = entry_address(region, page);

		for (; page < stop; page++, slot++) {
			zapped += plain_load(slot) & ENTRY_READ;
			plain_store(slot, 0);
		}
	}
	if (!zapped)
		return OK;
	return device_zap_fenced(region, first, pages, zapped);
}

static u64 flat_translate(const struct region *region, u32 page)
{
	return atomic_load(entry_address(region, page));
}

const struct strategy flat_strategy = {
	.name = "flat-preallocated",
	.init = flat_init,
	.update = flat_update,
	.invalidate = flat_invalidate,
	.translate = flat_translate,
	.fini = flat_fini,
};
