import { PLAN_BUDGET_END_PAGES, PLAN_BUDGET_PAGES } from '../abi/layout';

/**
 * Memory-pressure profile `collapse`: the budget falls linearly from what it was at the start to its end
 * value while `done` goes from 0 to `whole` (time of a storm's window, events of a replay).
 */
export function shrinkBudget(budget: u32, done: u64, whole: u64): void {
  const last = load<u32>(PLAN_BUDGET_END_PAGES);
  if (last == 0 || whole == 0 || last >= budget) return;
  store<u32>(PLAN_BUDGET_PAGES, budget - u32((u64(budget - last) * min(done, whole)) / whole));
}
