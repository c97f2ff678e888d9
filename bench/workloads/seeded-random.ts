/**
 * Seeded generator of every random choice in workloads, draws and plans: xoshiro128** (Blackman and
 * Vigna, 2018), its state filled by splitmix32. Integer arithmetic only, and the exponential
 * without a logarithm, so that a seed gives the same bytes on every machine and engine.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed integer 0..2^32-1; higher bits are dropped */
  constructor(seed: number) {
    let state = seed >>> 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next();
  }

  /** Uniform 0..2^32-1. */
  uint32(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform 0..limit-1, limit 1..2^32; the bias is below limit / 2^32. */
  below(limit: number): number {
    return Math.floor((this.uint32() * limit) / 2 ** 32);
  }

  /** Uniform integer low..high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** Uniform in [0, 1) with 32 bits. */
  unit(): number {
    return this.uint32() / 2 ** 32;
  }

  /** True with the given probability 0..1. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** Exponentially distributed with the given mean, by von Neumann's comparisons (1951). */
  exponential(mean: number): number {
    for (let whole = 0; ; whole++) {
      const first = this.unit();
      let last = first;
      let descents = 1;
      for (;;) {
        const drawn = this.unit();
        if (drawn > last) break;
        last = drawn;
        descents++;
      }
      if (descents % 2 === 1) return mean * (whole + first);
    }
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T extends number[] | Uint32Array | unknown[]>(items: T): T {
    const list = items as unknown[];
    for (let last = list.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const kept = list[last];
      list[last] = list[other];
      list[other] = kept;
    }
    return items;
  }

  /** An index drawn with the given non-negative weights; 0 when all are zero. */
  weighted(weights: readonly number[]): number {
    let total = 0;
    for (const weight of weights) total += weight;
    let left = this.unit() * total;
    for (let index = 0; index < weights.length; index++) {
      left -= weights[index]!;
      if (left < 0) return index;
    }
    return 0;
  }
}
