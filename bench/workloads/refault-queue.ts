import type { AddressSpaceScript } from './address-space-script.ts';

/**
 * Ranges that the OS took away and the program will touch again, oldest first. Invalidated memory
 * comes back later than it goes: in the redis recordings 77-83 % of the pages named by ranges were
 * present at that moment (recording.md 2.3, over-invalidation).
 */
export class RefaultQueue {
  readonly #script: AddressSpaceScript;
  #ranges: { first: number; count: number }[] = [];
  #head = 0;
  #pageCount = 0;

  constructor(script: AddressSpaceScript) {
    this.#script = script;
  }

  /** Pages waiting to be touched. */
  get pageCount(): number {
    return this.#pageCount;
  }

  push(first: number, count: number): void {
    this.#ranges.push({ first, count });
    this.#pageCount += count;
  }

  /**
   * Touches up to `pageBudget` pages, the oldest first; whole ranges, so it may touch a few more.
   */
  touch(pageBudget: number): void {
    let left = pageBudget;
    while (left > 0 && this.#head < this.#ranges.length) {
      const { first, count } = this.#ranges[this.#head]!;
      this.#head++;
      this.#pageCount -= count;
      left -= count;
      for (let page = first; page < first + count; page++) {
        if (!this.#script.isMapped(page)) continue;
        let end = page + 1;
        while (end < first + count && this.#script.isMapped(end)) end++;
        this.#script.touchRange(page, end - page);
        page = end;
      }
    }
    if (this.#head > 4096) {
      this.#ranges = this.#ranges.slice(this.#head);
      this.#head = 0;
    }
  }
}
