import type { RegionSpan } from '../workloads/page-trace.ts';

export const BLOCK_PAGES = 512;
/** More untouched address space than this between two blocks starts a new device region. */
export const REGION_GAP_BLOCKS = 8;

/**
 * The touched 2 MiB blocks of a recorded address space, packed into a dense page space in order of
 * address: block alignment and order are kept, so that a range stays one range.
 */
export class DenseSpace {
  readonly #blocks: Float64Array;

  /** @param blocks numbers of the touched blocks (address / 2 MiB) */
  constructor(blocks: Iterable<number>) {
    this.#blocks = Float64Array.from(blocks).sort();
  }

  get pageCount(): number {
    return this.#blocks.length * BLOCK_PAGES;
  }

  /** Dense number of a virtual page, or of the first touched page after it. */
  dense(page: number): number {
    const block = Math.floor(page / BLOCK_PAGES);
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]! < block) low = middle + 1;
      else high = middle;
    }
    const isTouched = low < this.#blocks.length && this.#blocks[low] === block;
    return low * BLOCK_PAGES + (isTouched ? page % BLOCK_PAGES : 0);
  }

  /** One region per cluster of nearby blocks; the gap is more than REGION_GAP_BLOCKS blocks (16 MiB). */
  regions(): RegionSpan[] {
    const regions: RegionSpan[] = [];
    let first = 0;
    for (let i = 1; i <= this.#blocks.length; i++) {
      const isLast = i === this.#blocks.length;
      const gap = isLast ? 0 : this.#blocks[i]! - this.#blocks[i - 1]! - 1;
      if (!isLast && gap <= REGION_GAP_BLOCKS) continue;
      regions.push({ firstPage: first * BLOCK_PAGES, pageCount: (i - first) * BLOCK_PAGES });
      first = i;
    }
    return regions;
  }
}
