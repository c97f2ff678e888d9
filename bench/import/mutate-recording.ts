/** Seeded 32-bit generator (mulberry32); the same seed mutates the same way everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Damages the text of a recording as disks, editors and people do: bytes changed, lines dropped,
 * doubled, swapped or joined, digits changed, the tail cut off, binary put in.
 */
export function mutateRecording(text: Buffer, random: () => number): Buffer {
  let mutated = Buffer.from(text);
  const rounds = 1 + Math.floor(random() * 4);
  for (let round = 0; round < rounds; round++) {
    const mutate = MUTATIONS[Math.floor(random() * MUTATIONS.length)]!;
    mutated = mutate(mutated, random);
  }
  return mutated;
}

type Mutation = (text: Buffer, random: () => number) => Buffer<ArrayBuffer>;

const place = (text: Buffer, random: () => number): number =>
  Math.floor(random() * Math.max(1, text.length));

function lineAt(text: Buffer, at: number): [number, number] {
  const start = at > 0 ? text.lastIndexOf(10, at - 1) + 1 : 0;
  const lineEnd = text.indexOf(10, at);
  return [start, lineEnd < 0 ? text.length : lineEnd + 1];
}

const MUTATIONS: readonly Mutation[] = [
  function changeBytes(text, random) {
    for (let i = Math.ceil(random() * 8); i > 0; i--) {
      text[place(text, random)] = Math.floor(random() * 256);
    }
    return Buffer.from(text);
  },
  function changeDigits(text, random) {
    for (let i = Math.ceil(random() * 8); i > 0; i--) {
      let at = place(text, random);
      while (at < text.length && !(text[at]! >= 48 && text[at]! <= 57)) at++;
      if (at < text.length) text[at] = 48 + Math.floor(random() * 10);
    }
    return Buffer.from(text);
  },
  function truncate(text, random) {
    return Buffer.from(text.subarray(0, place(text, random)));
  },
  function dropLine(text, random) {
    const [start, end] = lineAt(text, place(text, random));
    return Buffer.concat([text.subarray(0, start), text.subarray(end)]);
  },
  function doubleLine(text, random) {
    const [start, end] = lineAt(text, place(text, random));
    return Buffer.concat([text.subarray(0, end), text.subarray(start, end), text.subarray(end)]);
  },
  function moveLine(text, random) {
    const [start, end] = lineAt(text, place(text, random));
    const [to] = lineAt(text, place(text, random));
    const line = Buffer.from(text.subarray(start, end));
    if (to <= start) {
      return Buffer.concat([
        text.subarray(0, to),
        line,
        text.subarray(to, start),
        text.subarray(end),
      ]);
    }
    if (to < end) return Buffer.from(text);
    return Buffer.concat([
      text.subarray(0, start),
      text.subarray(end, to),
      line,
      text.subarray(to),
    ]);
  },
  function joinLines(text, random) {
    const [, end] = lineAt(text, place(text, random));
    return Buffer.concat([text.subarray(0, Math.max(0, end - 1)), text.subarray(end)]);
  },
  function insertBytes(text, random) {
    const at = place(text, random);
    const bytes = Buffer.alloc(Math.ceil(random() * 64), Math.floor(random() * 256));
    return Buffer.concat([text.subarray(0, at), bytes, text.subarray(at)]);
  },
  function cutWithinLine(text, random) {
    const at = place(text, random);
    const [, end] = lineAt(text, at);
    return Buffer.concat([text.subarray(0, at), text.subarray(Math.max(at, end - 1))]);
  },
];
