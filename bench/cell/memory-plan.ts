import * as layout from '../../core/abi/layout.ts';
import { TRACE_EVENT_BYTES } from '../../core/abi/trace-event.ts';
import { UsageError } from '../../results/usage-error.ts';

/** What decides the size of each region of a cell's shared memory. */
export interface MemoryNeeds {
  readonly pageCount: number;
  readonly regionCount: number;
  readonly arenaBytes: number;
  readonly eventCount: number;
  /** Draws in the device's access table, a power of two or 0. */
  readonly drawCount: number;
  readonly seriesCapacity: number;
  /** Static data and stack a C or Rust module asks for (MODULE_DATA_BYTES at most per module). */
  readonly moduleData: boolean;
  /** A word a cache line, in which counting modules note who touched it last. */
  readonly counting?: boolean;
}

/** Addresses of the regions; everything below `end` is planned, nothing grows later. */
export interface MemoryPlan {
  /** Pages of the dense space. */
  readonly pageCount: number;
  readonly regionBase: number;
  readonly blockBase: number;
  readonly pageBase: number;
  readonly installedBase: number;
  readonly descriptorBase: number;
  readonly traceBase: number;
  readonly drawBase: number;
  readonly seriesBase: number;
  readonly moduleDataBase: number;
  readonly arenaBase: number;
  readonly arenaPages: number;
  readonly shadowBase: number;
  readonly end: number;
}

const WASM_PAGE_BYTES = 65536;
/** The last 64 KiB stay unused: address arithmetic of a loop bound must not wrap. */
const LARGEST_END = 2 ** 32 - WASM_PAGE_BYTES;

/** @throws UsageError when the cell needs more than a 4 GiB memory holds */
export function planMemory(needs: MemoryNeeds): MemoryPlan {
  let next = layout.THREAD_BASE + layout.THREAD_CAPACITY * layout.THREAD_BYTES;
  const take = (bytes: number, align = 4096): number => {
    const base = Math.ceil(next / align) * align;
    next = base + bytes;
    return base;
  };
  const arenaPages = Math.ceil(needs.arenaBytes / layout.PAGE_BYTES);
  const blockCount = needs.pageCount / layout.BLOCK_PAGES;
  const plan = {
    pageCount: needs.pageCount,
    // One record more: scratch of the naive teardown.
    regionBase: take((needs.regionCount + 1) * layout.REGION_BYTES),
    blockBase: take(blockCount * layout.BLOCK_BYTES),
    pageBase: take(needs.pageCount * layout.PAGE_RECORD_BYTES),
    installedBase: take(needs.pageCount),
    descriptorBase: take(arenaPages * layout.DESCRIPTOR_BYTES),
    traceBase: take(needs.eventCount * TRACE_EVENT_BYTES),
    drawBase: take(needs.drawCount * 4),
    seriesBase: take(needs.seriesCapacity * layout.SERIES_BYTES),
    moduleDataBase: take(needs.moduleData ? layout.MODULE_DATA_BYTES : 0, 65536),
    arenaBase: take(arenaPages * layout.PAGE_BYTES, layout.ARENA_ALIGN_BYTES),
    arenaPages,
    shadowBase: take(needs.counting ? Math.ceil(next / layout.CACHE_LINE_BYTES) * 4 : 0),
  };
  if (next > LARGEST_END) {
    throw new UsageError(
      `the cell needs ${(next / 2 ** 30).toFixed(2)} GiB of shared memory (${needs.pageCount} pages, ` +
        `${needs.eventCount} events, ${needs.arenaBytes} arena bytes); at most 4 GiB are possible`,
    );
  }
  return { ...plan, end: next };
}

/** Shared memory that holds the plan. */
export function createMemory(plan: MemoryPlan): WebAssembly.Memory {
  const pages = Math.ceil(plan.end / WASM_PAGE_BYTES) + 1;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}
