/*
 * flat-c: flat-preallocated in C, function by function. It shows that the strategy ABI does not depend on
 * the language, and what the language costs: the algorithm, the memory and the protocol are the same.
 *
 * Users: whoever has a table in C already. Source: strategies/flat-preallocated.ts.
 *
 * Protocol: one aligned 64-bit store publishes or zaps one page; entries do not depend on each other, so
 * plain stores do. The command and the fence that follow are full barriers, and the core holds the
 * region's driver lock around update and invalidate.
 *
 *   table bytes == 8 * pages of the region, rounded up to pages in each GiB
 *
 *   REGION_STRATEGY   child 0 | child 1 | ... | child 31        u32 addresses, one a GiB
 *   child             262,144 entries (the last child of a region only as many as it needs)
 */
#include "xlt.h"

enum { SITE_TABLE = 0, CHILD_PAGES = 262144, CHILD_CAPACITY = 32 };

static address child_slot(address region, uint32_t child) {
  return region + REGION_STRATEGY + child * 4;
}

static address entry_address(address region, uint32_t page) {
  return load32(child_slot(region, page / CHILD_PAGES)) + (page % CHILD_PAGES) * 8;
}

static uint32_t child_count(address region) {
  return (load32(region + REGION_PAGE_COUNT) + CHILD_PAGES - 1) / CHILD_PAGES;
}

static uint32_t child_bytes(address region, uint32_t child) {
  uint32_t pages = load32(region + REGION_PAGE_COUNT) - child * CHILD_PAGES;
  return (pages < CHILD_PAGES ? pages : CHILD_PAGES) * 8;
}

EXPORT(fini) void fini(address region) {
  if (region == 0) return;
  for (uint32_t i = 0; i < child_count(region); i++) {
    address table = load32(child_slot(region, i));
    if (table != 0) page_free_exact(table, child_bytes(region, i));
    store32(child_slot(region, i), 0);
  }
}

EXPORT(init) int32_t init(address region) {
  if (region == 0) return OK;
  if (child_count(region) > CHILD_CAPACITY) return EINVAL;
  for (uint32_t i = 0; i < child_count(region); i++) {
    address table = page_alloc_exact(CONTEXT_KERNEL, child_bytes(region, i), SITE_TABLE);
    if (table == 0) {
      fini(region);
      return ENOMEM;
    }
    store32(child_slot(region, i), table);
  }
  return OK;
}

EXPORT(update)
int32_t update(address region, uint32_t first, uint32_t count, address words) {
  uint32_t written = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word = load64(words + i * 8);
    if (!word_is_valid(word)) continue;
    store64(entry_address(region, first + i), entry_of_word(word, 0));
    written++;
  }
  return device_write_fenced(written);
}

EXPORT(invalidate)
int32_t invalidate(address region, uint32_t first, uint32_t count, uint32_t event, bool blockable) {
  (void)event;
  (void)blockable;
  uint32_t zapped = 0;
  for (uint32_t page = first; page < first + count; page++) {
    address slot = entry_address(region, page);
    zapped += (uint32_t)(load64(slot) & ENTRY_READ);
    store64(slot, 0);
  }
  /* Under the driver lock: what is not in the table is in no cache either. */
  if (zapped == 0) return OK;
  return device_zap_fenced(region, first, count, zapped);
}

EXPORT(translate) uint64_t translate(address region, uint32_t page) {
  return atomic_load64(entry_address(region, page));
}

EXPORT(maintain) void maintain(address region) { (void)region; }
