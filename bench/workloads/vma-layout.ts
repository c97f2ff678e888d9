import { type AddressSpaceScript, BLOCK_PAGES } from './address-space-script.ts';
import type { SeededRandom } from './seeded-random.ts';

/** VMAs of equal size that fill a script's space, touched once; a share of them by 2 MiB pages. */
export class VmaLayout {
  readonly vmaCount: number;
  readonly vmaPages: number;
  readonly #random: SeededRandom;

  /** @param hugeShare share of VMAs with 2 MiB mappings; they alternate with the others */
  constructor(script: AddressSpaceScript, random: SeededRandom, vmaMiB: number, hugeShare: number) {
    this.#random = random;
    this.vmaPages = Math.min(vmaMiB * 256, script.pageCount);
    this.vmaCount = Math.floor(script.pageCount / this.vmaPages);
    for (let vma = 0; vma < this.vmaCount; vma++) {
      const huge = Math.floor((vma + 1) * hugeShare) > Math.floor(vma * hugeShare);
      script.populate(vma * this.vmaPages, this.vmaPages, huge);
    }
  }

  /** Pages under VMAs; the space's last pages may lie beyond. */
  get pageCount(): number {
    return this.vmaCount * this.vmaPages;
  }

  /** First page of a random VMA. */
  anyVma(): number {
    return this.#random.below(this.vmaCount) * this.vmaPages;
  }

  /** First of `count` random pages that lie in one VMA. */
  anyPage(count = 1): number {
    return this.anyVma() + this.#random.below(Math.max(1, this.vmaPages - count + 1));
  }

  /** A random 2 MiB block. */
  anyBlock(): number {
    return this.#random.below(this.pageCount / BLOCK_PAGES);
  }
}
