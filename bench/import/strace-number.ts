/** Names that strace prints in the arguments of memory calls (include/uapi, x86-64). */
const NAMES: Readonly<Record<string, number>> = {
  NULL: 0,
  PROT_NONE: 0,
  PROT_READ: 1,
  PROT_WRITE: 2,
  PROT_EXEC: 4,
  MAP_SHARED: 0x1,
  MAP_PRIVATE: 0x2,
  MAP_SHARED_VALIDATE: 0x3,
  MAP_FIXED: 0x10,
  MAP_ANONYMOUS: 0x20,
  MAP_STACK: 0x20000,
  MREMAP_MAYMOVE: 1,
  MREMAP_FIXED: 2,
  MREMAP_DONTUNMAP: 4,
  MADV_NORMAL: 0,
  MADV_RANDOM: 1,
  MADV_SEQUENTIAL: 2,
  MADV_WILLNEED: 3,
  MADV_DONTNEED: 4,
  MADV_FREE: 8,
  MADV_REMOVE: 9,
  MADV_DONTFORK: 10,
  MADV_DOFORK: 11,
  MADV_MERGEABLE: 12,
  MADV_UNMERGEABLE: 13,
  MADV_HUGEPAGE: 14,
  MADV_NOHUGEPAGE: 15,
  MADV_DONTDUMP: 16,
  MADV_DODUMP: 17,
  MADV_WIPEONFORK: 18,
  MADV_KEEPONFORK: 19,
  MADV_COLD: 20,
  MADV_PAGEOUT: 21,
  MADV_POPULATE_READ: 22,
  MADV_POPULATE_WRITE: 23,
  MADV_DONTNEED_LOCKED: 24,
  MADV_COLLAPSE: 25,
};

/** Values of the flags seen so far: a recording repeats a handful of them in every line. */
const seen = new Map<string, number>();
const SEEN_MAX = 1024;

/**
 * One argument as strace prints it: hexadecimal with 0x, decimal, or names and numbers joined by "|".
 * Unknown names count as 0, comments are dropped; NaN for text that is no argument.
 */
export function straceNumber(text: string): number {
  if (text.startsWith('0x')) {
    const value = Number(text);
    if (value >= 0) return value;
  } else if (/^\d+$/.test(text)) return Number(text);
  const known = seen.get(text);
  if (known !== undefined) return known;
  const value = flagsValue(text);
  if (seen.size < SEEN_MAX) seen.set(text, value);
  return value;
}

function flagsValue(text: string): number {
  let value = 0;
  const bare = text.replace(/\/\*.*?\*\//g, '').trim();
  if (bare === '') return Number.NaN;
  for (const part of bare.split('|')) {
    if (/^0x[0-9a-f]+$/i.test(part) || /^-?\d+$/.test(part)) value += Number(part);
    else if (/^[A-Z_a-z]\w*$/.test(part)) value += NAMES[part] ?? 0;
    else if (!/^\d+<<\w+$/.test(part)) return Number.NaN;
  }
  return value;
}
