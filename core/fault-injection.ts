import {
  INJECT_CONTEXTS,
  INJECT_FIRED,
  INJECT_IGNORE_WAIT,
  INJECT_INTERVAL,
  INJECT_MIN_ORDER,
  INJECT_NTH,
  INJECT_PROBABILITY,
  INJECT_RANDOM,
  INJECT_RULE_BYTES,
  INJECT_SEEN,
  INJECT_SITES,
  INJECT_SPACE,
  INJECT_TIMES,
  PLAN_INJECT_COUNT,
  PLAN_INJECT_RULES,
} from './abi/layout';
import { CONTEXT_KERNEL } from './abi/terms';

/**
 * Should this allocation fail? The knobs and the order in which they are asked are those of
 * lib/fault-inject.c (Documentation/fault-injection/fault-injection.rst): filters (site, context,
 * min-order, ignore-gfp-wait), then fail-nth, space, interval, probability, times. Rules are shared by
 * all threads; their counts are atomic, so `times` is never exceeded.
 */
export function shouldFail(context: u32, order: u32, site: u32): bool {
  const rules = load<u32>(PLAN_INJECT_COUNT);
  for (let i: u32 = 0; i < rules; i++) {
    if (ruleFires(PLAN_INJECT_RULES + i * INJECT_RULE_BYTES, context, order, site)) return true;
  }
  return false;
}

function ruleFires(rule: usize, context: u32, order: u32, site: u32): bool {
  const sites = load<u32>(rule, INJECT_SITES);
  if (sites != 0 && ((sites >> site) & 1) == 0) return false;
  const contexts = load<u32>(rule, INJECT_CONTEXTS);
  if (contexts != 0 && ((contexts >> context) & 1) == 0) return false;
  if (order < load<u32>(rule, INJECT_MIN_ORDER)) return false;
  if (load<u32>(rule, INJECT_IGNORE_WAIT) != 0 && context == CONTEXT_KERNEL) return false;

  const nth = load<u32>(rule, INJECT_NTH);
  if (nth != 0) {
    if (atomic.add<u32>(rule, 1, INJECT_SEEN) + 1 != nth) return false;
    atomic.add<u32>(rule, 1, INJECT_FIRED);
    return true;
  }
  if (atomic.load<i32>(rule, INJECT_TIMES) == 0) return false;
  // The size that mm/fail_page_alloc.c hands to should_fail is in pages.
  const pages = i32(1) << order;
  if (atomic.load<i32>(rule, INJECT_SPACE) > pages) {
    atomic.sub<i32>(rule, pages, INJECT_SPACE);
    return false;
  }
  const interval = load<u32>(rule, INJECT_INTERVAL);
  const seen = atomic.add<u32>(rule, 1, INJECT_SEEN) + 1;
  if (interval > 1 && seen % interval != 0) return false;
  if (!draw(rule, load<u32>(rule, INJECT_PROBABILITY))) return false;
  return take(rule);
}

/** True with `percent` in a hundred, from the rule's own seeded generator (splitmix32). */
function draw(rule: usize, percent: u32): bool {
  if (percent >= 100) return true;
  let x = atomic.add<u32>(rule, 0x9e3779b9, INJECT_RANDOM) + 0x9e3779b9;
  x = (x ^ (x >> 16)) * 0x21f0aaad;
  x = (x ^ (x >> 15)) * 0x735a2d97;
  x ^= x >> 15;
  return x % 100 < percent;
}

/** Takes one of the `times` left; -1 means there is no limit. */
function take(rule: usize): bool {
  let left = atomic.load<i32>(rule, INJECT_TIMES);
  while (left > 0) {
    const seen = atomic.cmpxchg<i32>(rule, left, left - 1, INJECT_TIMES);
    if (seen == left) break;
    left = seen;
  }
  if (left == 0) return false;
  atomic.add<u32>(rule, 1, INJECT_FIRED);
  return true;
}
