import { PAGE_SHIFT, PLAN_ARENA_BASE, PLAN_ARENA_PAGES } from './layout';

/**
 * Does the address lie in the table arena? For walkers that follow pointers: a walk that is overtaken (and
 * then not used) may read one from a page that has been freed and holds anything.
 */
export function inArena(address: usize): bool {
  return address - load<u32>(PLAN_ARENA_BASE) < load<u32>(PLAN_ARENA_PAGES) << PAGE_SHIFT;
}
