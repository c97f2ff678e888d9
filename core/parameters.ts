import { PLAN_PARAMS } from './abi/layout';

/** The strategy parameter at the manifest's index. */
export function param(index: u32): i32 {
  return load<i32>(PLAN_PARAMS + (index << 2));
}
