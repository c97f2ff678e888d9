/** A device entry or a CPU word, decoded with arithmetic of its own (bits: core/abi/entry.ts). */
export interface DecodedWord {
  readonly write: boolean;
  readonly order: number;
  /** Birth number of the frame. */
  readonly number: number;
  readonly poison: boolean;
}

const NUMBER_MASK = 0x7fffffffffn;
const POISON = 0x6b6b6b6b6b6b6b6bn;
const ENTRY_FRAME = 0x000ffffffffff000n;

/** Null when the entry is not present. */
export function decodeEntry(entry: bigint): DecodedWord | null {
  if ((entry & 1n) === 0n) return null;
  return {
    write: (entry & 2n) !== 0n,
    order: Number((entry >> 52n) & 31n),
    number: Number((entry >> 12n) & NUMBER_MASK),
    poison: (entry & ENTRY_FRAME) === (POISON & ENTRY_FRAME),
  };
}

/** Null when the CPU does not map the page. */
export function decodeCpuWord(word: bigint): DecodedWord | null {
  if (word >> 63n === 0n) return null;
  return {
    write: ((word >> 62n) & 1n) === 1n,
    order: Number((word >> 53n) & 31n),
    number: Number(word & NUMBER_MASK),
    poison: false,
  };
}

export function describeWord(word: DecodedWord | null): string {
  if (word === null) return 'nothing';
  if (word.poison) return 'poison (freed table memory)';
  return `frame ${word.number} ${word.write ? 'RW' : 'RO'} order ${word.order}`;
}
