/*
 * The C twin of strategies/radix.ts with contiguous = 0: four levels of 512 slots, 4 KiB and 2 MiB
 * leaves, a cursor on the last directory. Walks look for contiguous leaves all the same.
 */
#include "core.h"

#define NODE_SLOTS 512
#define LARGEST_CONTIGUOUS 8
#define SITE_NODE 0
#define SITE_TABLE 1

static bool is_leaf(u64 slot)
{
	return slot & ENTRY_READ;
}

static bool is_table(u64 slot)
{
	return (slot & (SLOT_TABLE | ENTRY_READ)) == SLOT_TABLE;
}

static slot_t *table_of(u64 slot)
{
	return (slot_t *)(uintptr_t)(slot & ~0xfffull);
}

static u64 table_slot(slot_t *table)
{
	return (u64)(uintptr_t)table | SLOT_TABLE;
}

static slot_t *table_entry(slot_t *table, u32 page)
{
	return table + (page & (BLOCK_PAGES - 1));
}

static u32 block_stop(u32 page, u32 end)
{
	u32 stop = (page & ~(BLOCK_PAGES - 1)) + BLOCK_PAGES;

	return stop < end ? stop : end;
}

static bool words_are_huge(const u64 *words, u32 pages)
{
	return pages == BLOCK_PAGES && (*words & WORD_VALID) && word_order(*words) == BLOCK_ORDER;
}

static int radix_init(struct region *region)
{
	region->child[0] = page_alloc(CONTEXT_KERNEL, 0, SITE_NODE);
	return region->child[0] ? OK : NO_MEMORY;
}

static slot_t *child(slot_t *slot, bool create)
{
	u64 old = plain_load(slot);
	slot_t *node;

	if (old)
		return table_of(old);
	node = create ? page_alloc(CONTEXT_KERNEL, 0, SITE_NODE) : NULL;
	if (node)
		atomic_store(slot, table_slot(node));
	return node;
}

static slot_t *find_slot(struct region *region, u32 page, bool create)
{
	u32 gib = page >> 18;

	if (region->cursor_gib != gib + 1ull) {
		slot_t *upper = child(region->child[0] + (page >> 27), create);
		slot_t *node = upper ? child(upper + (gib & 511), create) : NULL;

		if (!node)
			return NULL;
		region->cursor_gib = gib + 1ull;
		region->cursor_node = node;
	}
	return region->cursor_node + ((page >> 9) & 511);
}

static void expand_leaf(slot_t *table, u64 leaf)
{
	u64 entry = leaf - ((u64)BLOCK_ORDER << ENTRY_ORDER_SHIFT);

	for (u32 i = 0; i < BLOCK_PAGES; i++)
		plain_store(table + i, entry_advance(entry, i));
}

static bool reserve_table(struct region *region, u32 page, u32 pages, const u64 *words)
{
	slot_t *slot = find_slot(region, page, true);
	slot_t *table;
	u64 old;

	if (!slot)
		return false;
	old = plain_load(slot);
	if (words_are_huge(words, pages) || is_table(old))
		return true;
	table = page_alloc(CONTEXT_KERNEL, 0, SITE_TABLE);
	if (!table)
		return false;
	if (is_leaf(old))
		expand_leaf(table, old);
	atomic_store(slot, table_slot(table));
	return true;
}

static u32 write_block(struct region *region, u32 page, u32 pages, const u64 *words)
{
	slot_t *slot = find_slot(region, page, false);
	u64 old = plain_load(slot);
	u32 written = 0;
	slot_t *entry;

	if (words_are_huge(words, pages)) {
		atomic_store(slot, entry_of_word(*words, BLOCK_ORDER));
		if (is_table(old))
			page_free_deferred(table_of(old));
		return 1;
	}
	entry = table_entry(table_of(old), page);
	for (u32 i = 0; i < pages; i++) {
		if (!(words[i] & WORD_VALID))
			continue;
		plain_store(entry + i, entry_of_word(words[i], 0));
		written++;
	}
	return written;
}

static int radix_update(struct region *region, u32 first, u32 pages, const u64 *words)
{
	u32 end = first + pages;
	u32 written = 0;

	for (u32 page = first; page < end; page = block_stop(page, end)) {
		if (!reserve_table(region, page, block_stop(page, end) - page, words + (page - first)))
			return NO_MEMORY;
	}
	for (u32 page = first; page < end; page = block_stop(page, end))
		written += write_block(region, page, block_stop(page, end) - page, words + (page - first));
	return device_write_fenced(written);
}

static u32 zap_block(slot_t *slot, u32 page, u32 pages)
{
	u64 old = plain_load(slot);
	slot_t *entry;
	u32 zapped = 0;

	if (is_leaf(old)) {
		atomic_store(slot, 0);
		count(COUNT_COLLATERAL, BLOCK_PAGES - pages);
		return 1;
	}
	if (!is_table(old))
		return 0;
	entry = table_entry(table_of(old), page);
	for (u32 i = 0; i < pages; i++) {
		zapped += plain_load(entry + i) & ENTRY_READ;
		plain_store(entry + i, 0);
	}
	if (pages != BLOCK_PAGES)
		return zapped;
	atomic_store(slot, 0);
	page_free_deferred(table_of(old));
	return zapped ? zapped : 1;
}

static int radix_invalidate(struct region *region, u32 first, u32 pages, u32 event, bool blockable)
{
	u32 end = first + pages;
	u32 zapped = 0;

	(void)event;
	(void)blockable;
	for (u32 page = first; page < end; page = block_stop(page, end)) {
		slot_t *slot = find_slot(region, page, false);

		if (slot)
			zapped += zap_block(slot, page, block_stop(page, end) - page);
	}
	if (!zapped)
		return OK;
	return device_zap_fenced(region, first, pages, zapped);
}

static u64 radix_translate(const struct region *region, u32 page)
{
	u64 slot = atomic_load(region->child[0] + (page >> 27));
	u64 entry;
	u32 order;

	if (!is_table(slot))
		return 0;
	slot = atomic_load(table_of(slot) + ((page >> 18) & 511));
	if (!is_table(slot))
		return 0;
	slot = atomic_load(table_of(slot) + ((page >> 9) & 511));
	if (is_leaf(slot))
		return entry_advance(slot, page & (BLOCK_PAGES - 1));
	if (!is_table(slot))
		return 0;
	entry = atomic_load(table_entry(table_of(slot), page));
	order = entry_order(entry);
	if (!order || !(entry & ENTRY_READ) || order > LARGEST_CONTIGUOUS)
		return entry;
	return entry_advance(entry, page & ((1u << order) - 1));
}

static void free_node(slot_t *node, u32 level)
{
	for (u32 i = 0; level > 1 && i < NODE_SLOTS; i++) {
		u64 slot = plain_load(node + i);

		if (is_table(slot))
			free_node(table_of(slot), level - 1);
	}
	page_free(node, 0);
}

static void radix_fini(struct region *region)
{
	if (region->child[0])
		free_node(region->child[0], 4);
	region->child[0] = NULL;
}

const struct strategy radix_strategy = {
	.name = "radix",
	.init = radix_init,
	.update = radix_update,
	.invalidate = radix_invalidate,
	.translate = radix_translate,
	.fini = radix_fini,
};
