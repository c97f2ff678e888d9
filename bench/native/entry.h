/*
 * The 64-bit device entry and the HMM-style word of the CPU's table: the C twin of core/abi/entry.ts,
 * bit for bit.
 */
#ifndef XLT_ENTRY_H
#define XLT_ENTRY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t u32;
typedef uint64_t u64;
typedef _Atomic uint64_t slot_t;

#define ENTRY_READ 1ull
#define ENTRY_FRAME_MASK 0x000ffffffffff000ull
#define ENTRY_FRAME_SHIFT 12
#define ENTRY_ORDER_SHIFT 52
#define SLOT_TABLE 8ull

#define WORD_VALID 0x8000000000000000ull
#define WORD_WRITE 0x4000000000000000ull
#define WORD_DEVICE_PRIVATE 0x0400000000000000ull
#define WORD_ORDER_SHIFT 53
#define WORD_FRAME_MASK 0x000000ffffffffffull
#define FRAME_WRITABLE 0x8000000000ull

#define PAGE_BYTES 4096u
#define BLOCK_ORDER 9u
#define BLOCK_PAGES 512u

static inline u64 plain_load(const slot_t *slot)
{
	return atomic_load_explicit(slot, memory_order_relaxed);
}

static inline void plain_store(slot_t *slot, u64 value)
{
	atomic_store_explicit(slot, value, memory_order_relaxed);
}

static inline u64 entry_of_word(u64 word, u32 order)
{
	return ((word << 24) >> 12) | ((u64)order << ENTRY_ORDER_SHIFT) | ENTRY_READ |
	       ((word >> 61) & 2) | ((word >> 56) & 4);
}

static inline u64 entry_advance(u64 entry, u32 offset)
{
	return entry + ((u64)offset << ENTRY_FRAME_SHIFT);
}

static inline u32 entry_order(u64 entry)
{
	return (u32)(entry >> ENTRY_ORDER_SHIFT) & 31;
}

static inline u32 word_order(u64 word)
{
	return (u32)(word >> WORD_ORDER_SHIFT) & 31;
}

#endif
