// Entry of core.wasm: the services strategies import (abi/core.ts) and those the host calls at setup.

export { count } from './counters';
export {
  deviceCacheInvalidate,
  deviceClear,
  deviceCopy,
  deviceFence,
  deviceStored,
  deviceWrite,
  deviceWriteFenced,
  deviceZap,
  deviceZapFenced,
  pageFreeDeferred,
} from './device';
export { lockAcquire, lockRelease, lockTry } from './lock';
export { notifierReadRetry } from './notifier';
export {
  allocatorCheck,
  allocatorInit,
  pageAlloc,
  pageAllocExact,
  pageFree,
  pageFreeExact,
  pageReassign,
  pagesOfKind,
  pagesOfKindPeak,
} from './page-allocator';
export { param } from './parameters';
export { setThread } from './thread';
