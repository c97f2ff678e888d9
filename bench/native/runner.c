/*
 * Runs batches of calls on a C table on command: the twin of core/driver/micro-loops.ts and
 * micro-calls.ts. One command a line on stdin, one answer a line on stdout:
 *
 *   setup STRATEGY ARENA_BYTES CACHE_ENTRIES FIRST PAGES [FIRST PAGES ...]   ok
 *   draw N PAGE ...          pages of the accesses, N a power of two          ok
 *   calls FILE               recorded calls (micro-calls.ts)                  ok COUNT
 *   prepare STEPS            steps, not timed                                 ok
 *   measure N / STEPS / STEPS   N times: timed steps, then untimed ones       ns NS hits HITS
 *
 *   STEPS: t REPEATS | u ORDER FRAME_STEP FIRST PAGES STRIDE REPEATS | i EVENT FIRST PAGES STRIDE
 *          REPEATS | m | x | c      (m: nothing to maintain, x: unmap every region)
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core.h"

#define REGIONS_MAX 65536
#define STEPS_MAX 64

struct step {
	char call;
	u32 args[6];
};

struct call {
	u32 kind;
	u32 region;
	u32 first;
	u32 pages;
	u32 event;
	u32 blockable;
};

static const struct strategy *strategy;
static struct region *regions;
static u32 region_count;
static u32 *draws;
static u32 draw_mask;
static u64 words[BLOCK_PAGES];
static char *calls;
static size_t calls_bytes;

static _Noreturn void die(const char *what, const char *detail)
{
	fprintf(stderr, "%s: %s\n", what, detail);
	exit(1);
}

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000u + (u64)now.tv_nsec;
}

static u64 run_translate(u32 repeats)
{
	const struct region *region = &regions[0];
	u64 present = 0;

	for (u32 i = 0; i < repeats; i++) {
		u32 page = draws[i & draw_mask] - region->first_page;

		present += strategy->translate(region, page) & ENTRY_READ;
	}
	return present;
}

static void prepare_words(u32 order, u32 step)
{
	u64 rights = WORD_VALID | WORD_WRITE | FRAME_WRITABLE | ((u64)order << WORD_ORDER_SHIFT);

	for (u32 i = 0; i < BLOCK_PAGES; i++)
		words[i] = rights | (2 * BLOCK_PAGES + i * step);
}

static u64 run_update(const u32 *args)
{
	u32 first = args[2], pages = args[3], stride = args[4], repeats = args[5];
	struct region *region = &regions[0];
	u64 failures = 0;

	notifier_read_begin(region);
	for (u32 i = 0; i < repeats; i++, first += stride) {
		u32 end = first + pages;

		for (u32 page = first; page < end; page += BLOCK_PAGES) {
			u32 left = end - page < BLOCK_PAGES ? end - page : BLOCK_PAGES;

			failures += strategy->update(region, page, left, words) != OK;
		}
	}
	return failures;
}

static u64 run_invalidate(const u32 *args)
{
	u32 first = args[1], pages = args[2], stride = args[3], repeats = args[4];
	u64 failures = 0;

	for (u32 i = 0; i < repeats; i++, first += stride)
		failures += strategy->invalidate(&regions[0], first, pages, args[0], true) != OK;
	return failures;
}

static u64 run_calls(void)
{
	const char *at = calls, *end = calls + calls_bytes;
	u64 sum = 0;

	while (at < end) {
		const struct call *call = (const struct call *)at;
		struct region *region = &regions[call->region];

		at += sizeof(*call);
		if (call->kind == 0) {
			sum += strategy->translate(region, call->first) & ENTRY_READ;
		} else if (call->kind == 1) {
			notifier_read_begin(region);
			sum += strategy->update(region, call->first, call->pages, (const u64 *)at) != OK;
			at += (size_t)call->pages * 8;
		} else {
			sum += strategy->invalidate(region, call->first, call->pages, call->event,
						    call->blockable != 0) != OK;
		}
	}
	return sum;
}

static u64 run_step(const struct step *step)
{
	switch (step->call) {
	case 't':
		return run_translate(step->args[0]);
	case 'u':
		prepare_words(step->args[0], step->args[1]);
		if (run_update(step->args))
			die("update", "a call failed");
		return 0;
	case 'i':
		if (run_invalidate(step->args))
			die("invalidate", "a call failed");
		return 0;
	case 'x':
		for (u32 i = 0; i < region_count; i++)
			strategy->invalidate(&regions[i], 0, regions[i].page_count, EVENT_UNMAP, true);
		return 0;
	case 'c':
		return run_calls();
	default:
		return 0;
	}
}

static u32 parse_steps(struct step *steps)
{
	static const char *const names = "tuimxc";
	static const u32 arguments[] = { 1, 6, 5, 0, 0, 0 };
	u32 found = 0;

	for (char *word = strtok(NULL, " \n"); word && *word != '/'; word = strtok(NULL, " \n")) {
		const char *name = strchr(names, *word);

		if (!name || found == STEPS_MAX)
			die("step", word);
		steps[found].call = *word;
		for (u32 i = 0; i < arguments[name - names]; i++) {
			char *value = strtok(NULL, " \n");

			if (!value)
				die("step without its arguments", word);
			steps[found].args[i] = (u32)strtoul(value, NULL, 10);
		}
		found++;
	}
	return found;
}

static void measure(void)
{
	static struct step timed[STEPS_MAX], undone[STEPS_MAX];
	u32 rounds = (u32)strtoul(strtok(NULL, " \n/"), NULL, 10);
	u32 timed_count, undone_count;
	u64 ns = 0, hits = 0;

	strtok(NULL, " \n");
	timed_count = parse_steps(timed);
	undone_count = parse_steps(undone);
	for (u32 round = 0; round < rounds; round++) {
		u64 start = now_ns();

		for (u32 i = 0; i < timed_count; i++)
			hits += run_step(&timed[i]);
		ns += now_ns() - start;
		for (u32 i = 0; i < undone_count; i++)
			run_step(&undone[i]);
	}
	printf("ns %llu hits %llu\n", (unsigned long long)ns, (unsigned long long)hits);
}

static void setup(void)
{
	char *name = strtok(NULL, " \n");
	size_t arena_bytes = strtoull(strtok(NULL, " \n"), NULL, 10);
	u32 cache_entries = (u32)strtoul(strtok(NULL, " \n"), NULL, 10);

	if (strcmp(name, flat_strategy.name) == 0)
		strategy = &flat_strategy;
	else if (strcmp(name, radix_strategy.name) == 0)
		strategy = &radix_strategy;
	else
		die("no twin of this strategy", name);
	core_init(arena_bytes, cache_entries);
	regions = calloc(REGIONS_MAX, sizeof(*regions));
	for (char *first = strtok(NULL, " \n"); first; first = strtok(NULL, " \n")) {
		struct region *region = &regions[region_count++];

		region->first_page = (u32)strtoul(first, NULL, 10);
		region->page_count = (u32)strtoul(strtok(NULL, " \n"), NULL, 10);
		if (strategy->init(region) != OK)
			die("registration", "refused");
	}
	puts("ok");
}

static void read_draws(void)
{
	u32 wanted = (u32)strtoul(strtok(NULL, " \n"), NULL, 10);

	free(draws);
	draws = calloc(wanted, sizeof(*draws));
	draw_mask = wanted - 1;
	for (u32 i = 0; i < wanted; i++) {
		char *page = strtok(NULL, " \n");

		if (!page)
			die("draw", "too few pages");
		draws[i] = (u32)strtoul(page, NULL, 10);
	}
	puts("ok");
}

static void read_calls(void)
{
	const char *name = strtok(NULL, " \n");
	FILE *file = fopen(name, "rb");
	long size = 0;

	if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
		die("calls", name);
	rewind(file);
	calls = malloc((size_t)size);
	calls_bytes = fread(calls, 1, (size_t)size, file);
	fclose(file);
	printf("ok %zu\n", calls_bytes);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		static struct step steps[STEPS_MAX];
		char *command = strtok(line, " \n");

		if (!command)
			continue;
		if (strcmp(command, "setup") == 0) {
			setup();
		} else if (strcmp(command, "draw") == 0) {
			read_draws();
		} else if (strcmp(command, "calls") == 0) {
			read_calls();
		} else if (strcmp(command, "measure") == 0) {
			measure();
		} else if (strcmp(command, "prepare") == 0) {
			u32 found = parse_steps(steps);

			for (u32 i = 0; i < found; i++)
				run_step(&steps[i]);
			puts("ok");
		} else {
			die("unknown command", command);
		}
		fflush(stdout);
	}
	return 0;
}
