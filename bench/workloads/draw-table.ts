import type { Access } from '../suites/cell.ts';
import { SeededRandom } from './seeded-random.ts';

const BLOCK_PAGES = 512;

/**
 * Pages in the order the device takes them. Ranks drawn by the pattern (0 is the hottest) become
 * pages by a seeded permutation of 2 MiB blocks and a seeded start inside each, so that
 * neighbouring ranks lie in different blocks. `sequential` walks the space in order; `hot-recent`
 * draws uniformly here, the core mixes in the pages that faulted last.
 *
 * The same arguments give the same table (zipf uses Math.pow and Math.log: on the same engine).
 *
 * @param pageCount pages of the dense space, multiple of 512
 * @param size draws; a power of two for the core
 */
export function drawTable(
  access: Access,
  pageCount: number,
  seed: number,
  size = 65_536,
): Uint32Array {
  const draws = new Uint32Array(size);
  if (access.kind === 'sequential') {
    for (let index = 0; index < size; index++) draws[index] = index % pageCount;
    return draws;
  }
  const random = new SeededRandom(seed);
  const blockCount = pageCount / BLOCK_PAGES;
  const blocks = random.shuffle(Uint32Array.from({ length: blockCount }, (_, block) => block));
  const starts = Uint32Array.from({ length: blockCount }, () => random.below(BLOCK_PAGES));
  const zipf =
    access.kind === 'zipf' ? new ZipfRanks(pageCount, access.exponent, random) : undefined;
  for (let index = 0; index < size; index++) {
    const rank = zipf?.draw() ?? random.below(pageCount);
    const place = rank % blockCount;
    const within = (Math.floor(rank / blockCount) + starts[place]!) % BLOCK_PAGES;
    draws[index] = blocks[place]! * BLOCK_PAGES + within;
  }
  return draws;
}

/**
 * Ranks 0..count-1 with probability proportional to (rank + 1)^-exponent, by rejection-inversion
 * (Hoermann and Derflinger, ACM TOMACS 1996): no table, any exponent above 0.
 */
class ZipfRanks {
  readonly #count: number;
  readonly #exponent: number;
  readonly #random: SeededRandom;
  readonly #atFirst: number;
  readonly #atLast: number;

  constructor(count: number, exponent: number, random: SeededRandom) {
    this.#count = count;
    this.#exponent = exponent;
    this.#random = random;
    this.#atFirst = this.#integral(1.5) - 1;
    this.#atLast = this.#integral(count + 0.5);
  }

  draw(): number {
    for (;;) {
      const area = this.#atLast + this.#random.unit() * (this.#atFirst - this.#atLast);
      const x = this.#inverse(area);
      const rank = Math.min(this.#count, Math.max(1, Math.round(x)));
      if (area >= this.#integral(rank + 0.5) - rank ** -this.#exponent) return rank - 1;
    }
  }

  /** Antiderivative of x^-exponent. */
  #integral(x: number): number {
    if (this.#exponent === 1) return Math.log(x);
    return x ** (1 - this.#exponent) / (1 - this.#exponent);
  }

  #inverse(area: number): number {
    if (this.#exponent === 1) return Math.exp(area);
    return (area * (1 - this.#exponent)) ** (1 / (1 - this.#exponent));
  }
}
