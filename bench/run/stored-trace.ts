import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { PageTrace } from '../workloads/page-trace.ts';

/** One call of the system takes less than 2 GiB; traces may be larger. */
const PIECE_BYTES = 1 << 30;

/** u32 length of the header | header (JSON: the trace without its events) | events */
export function writeStoredTrace(file: string, { events, ...rest }: PageTrace): void {
  const header = Buffer.from(JSON.stringify(rest));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const out = openSync(file, 'w');
  try {
    for (const bytes of [length, header, events]) inPieces(bytes, (piece) => writeSync(out, piece));
  } finally {
    closeSync(out);
  }
}

/** Reads what writeStoredTrace wrote. */
export function readStoredTrace(file: string): PageTrace {
  const input = openSync(file, 'r');
  const read = (count: number): Uint8Array => {
    const bytes = new Uint8Array(count);
    inPieces(bytes, (piece) => readSync(input, piece));
    return bytes;
  };
  try {
    const headerBytes = new DataView(read(4).buffer).getUint32(0, true);
    const header = Buffer.from(read(headerBytes)).toString('utf8');
    const rest = JSON.parse(header) as Omit<PageTrace, 'events'>;
    return { ...rest, events: read(fstatSync(input).size - 4 - headerBytes) };
  } finally {
    closeSync(input);
  }
}

/** Hands the bytes out piece by piece; `move` says how many of a piece it took. */
function inPieces(bytes: Uint8Array, move: (piece: Uint8Array) => number): void {
  let at = 0;
  while (at < bytes.length) {
    const moved = move(bytes.subarray(at, at + PIECE_BYTES));
    if (moved === 0) throw new Error('a stored trace ends early');
    at += moved;
  }
}
