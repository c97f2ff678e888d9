import { WORD_VALID, WORD_WRITE } from '../abi/entry';
import {
  BLOCK_PAGES,
  PLAN_PAGE_COUNT,
  PLAN_TRACE_BASE,
  STATE_SPLITS,
  THREAD_EVENT,
  VMA_COW,
} from '../abi/layout';
import {
  COUNT_COLLAPSES,
  COUNT_CPU_FAULTS,
  COUNT_EVENTS,
  COUNT_SPLITS,
  EAGAIN,
  OK,
} from '../abi/terms';
import {
  EVENT_CLEAR,
  EVENT_PROTECTION_PAGE,
  EVENT_PROTECTION_VMA,
  EVENT_RELEASE,
  EVENT_UNMAP,
  FAULT_WRITE,
  NON_BLOCKABLE,
  OP_COLLAPSE,
  OP_EXIT,
  OP_FAULT,
  OP_FAULT_HUGE,
  OP_FORK,
  OP_INVALIDATE,
  OP_MAP,
  OP_PROTECT_VMA,
  OP_SPLIT,
  OP_UNMAP_VMA,
  PROT_WRITE,
  REASON_COW,
  TRACE_ARG,
  TRACE_EVENT_BYTES,
  TRACE_FIRST_PAGE,
  TRACE_OP,
  TRACE_PAGE_COUNT,
  TRACE_REASON,
  VMA_HUGE,
} from '../abi/trace-event';
import {
  anyWord,
  applyCollapse,
  applyFork,
  fault,
  faultHuge,
  pageVma,
  vmaMap,
  vmaProtect,
  vmaUnmap,
} from '../address-space';
import { count } from '../counters';
import { thread } from '../thread';
import { closeRange, invalidateRange, notify, splitBlock, splitEdges } from './invalidation';

/** The OOM reaper tries a range this often before it leaves it (MAX_OOM_REAP_RETRIES). */
const REAP_RETRIES: i32 = 10;

/** Does what one trace event says, as the OS. Events are defined in abi/trace-event.ts. */
export function applyTraceEvent(index: u32): void {
  const record: usize = load<u32>(PLAN_TRACE_BASE) + index * TRACE_EVENT_BYTES;
  store<u32>(thread(), index, THREAD_EVENT);
  count(COUNT_EVENTS, 1);
  const op = load<u32>(record, TRACE_OP);
  const arg = load<u32>(record, TRACE_ARG);
  const first = load<u32>(record, TRACE_FIRST_PAGE);
  const end = min(first + load<u32>(record, TRACE_PAGE_COUNT), load<u32>(PLAN_PAGE_COUNT));
  if (op == OP_INVALIDATE) sendRange(first, end, arg, load<u32>(record, TRACE_REASON));
  else if (op == OP_FAULT) cpuFault(first, end, (arg & FAULT_WRITE) != 0);
  else if (op == OP_MAP) vmaMap(first, end, (arg & PROT_WRITE) != 0, (arg & VMA_HUGE) != 0);
  else if (op == OP_UNMAP_VMA) unmapVma(first, end);
  else if (op == OP_PROTECT_VMA) protectVma(first, end, (arg & PROT_WRITE) != 0);
  else if (op == OP_SPLIT) splitBlocks(first, end);
  else if (op == OP_COLLAPSE) collapseBlocks(first, end);
  else if (op == OP_FAULT_HUGE) hugeFaults(first, end);
  else if (op == OP_FORK) fork(first, end);
  else if (op == OP_EXIT) invalidateRange(0, load<u32>(PLAN_PAGE_COUNT), EVENT_RELEASE, true);
}

function sendRange(first: u32, end: u32, arg: u32, reason: u32): void {
  const event = arg & 255;
  const blockable = (arg & NON_BLOCKABLE) == 0;
  let result = invalidateRange(first, end, event, blockable);
  for (let i = 1; result == EAGAIN && i < REAP_RETRIES; i++) {
    result = invalidateRange(first, end, event, blockable);
  }
  // A copy-on-write break ends with the copy mapped writable; the range was only its first half.
  if (result == OK && reason == REASON_COW) cpuFault(first, end, true);
}

/** Touches each page; a write to a copy-on-write page leaves it alone (its range is its own event). */
function cpuFault(first: u32, end: u32, write: bool): void {
  for (let page = first; page < end; page++) {
    fault(page, write && (pageVma(page) & VMA_COW) == 0);
  }
  if (first < end) count(COUNT_CPU_FAULTS, end - first);
}

function unmapVma(first: u32, end: u32): void {
  // Pages that a fault brought in since the unmap's own range: the VMA does not go before they do.
  if (anyWord(first, end, WORD_VALID)) invalidateRange(first, end, EVENT_UNMAP, true);
  else vmaUnmap(first, end);
}

function protectVma(first: u32, end: u32, writable: bool): void {
  // split_vma breaks a huge mapping that the change cuts, also when rights are added.
  splitEdges(first, end);
  vmaProtect(first, end, writable);
  if (!writable && anyWord(first, end, WORD_VALID | WORD_WRITE)) {
    invalidateRange(first, end, EVENT_PROTECTION_VMA, true);
  }
}

function splitBlocks(first: u32, end: u32): void {
  for (let page = first & ~(BLOCK_PAGES - 1); page < end; page += BLOCK_PAGES) {
    splitBlock(page);
    count(COUNT_SPLITS, 1);
    atomic.add<u32>(STATE_SPLITS, 1);
  }
}

function collapseBlocks(first: u32, end: u32): void {
  for (let page = first & ~(BLOCK_PAGES - 1); page < end; page += BLOCK_PAGES) {
    if (notify(page, page + BLOCK_PAGES, EVENT_CLEAR, true) != OK) continue;
    if (applyCollapse(page)) count(COUNT_COLLAPSES, 1);
    closeRange();
  }
}

function hugeFaults(first: u32, end: u32): void {
  for (let page = first & ~(BLOCK_PAGES - 1); page < end; page += BLOCK_PAGES) {
    faultHuge(page);
    count(COUNT_CPU_FAULTS, 1);
  }
}

function fork(first: u32, end: u32): void {
  splitEdges(first, end);
  if (notify(first, end, EVENT_PROTECTION_PAGE, true) != OK) return;
  applyFork(first, end);
  closeRange();
}
