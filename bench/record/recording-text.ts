import {
  closeSync,
  createReadStream,
  createWriteStream,
  openSync,
  readSync,
  rmSync,
} from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { formatFacts, type RecordingFacts, type RecordingPart } from './recording-facts.ts';

const CHUNK_BYTES = 1 << 18;

/**
 * A file in large pieces. tracefs hands out a page per read, which is too little for a turn through
 * the thread pool and the streams behind it.
 */
function* readPieces(path: string): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(CHUNK_BYTES);
      let used = 0;
      let got = -1;
      while (used < CHUNK_BYTES && got !== 0) {
        got = readSync(file, piece, used, CHUNK_BYTES - used, null);
        used += got;
      }
      if (used > 0) yield piece.subarray(0, used);
      if (got === 0) return;
    }
  } finally {
    closeSync(file);
  }
}

/** Counts how often marks occur in a text that passes by in chunks. */
class MarkCounter extends Transform {
  readonly counts: number[];
  readonly #marks: readonly Buffer[];
  readonly #tails: Buffer[];

  constructor(marks: readonly string[]) {
    super();
    this.#marks = marks.map((mark) => Buffer.from(mark));
    this.#tails = marks.map(() => Buffer.alloc(0));
    this.counts = marks.map(() => 0);
  }

  override _transform(chunk: Buffer, _encoding: string, done: (e: null, c: Buffer) => void): void {
    for (const [index, mark] of this.#marks.entries()) {
      const text = Buffer.concat([this.#tails[index]!, chunk]);
      let at = text.indexOf(mark);
      for (; at >= 0; at = text.indexOf(mark, at + mark.length)) this.counts[index]!++;
      // One byte less than the mark: what was counted already cannot be counted again.
      this.#tails[index] = text.subarray(Math.max(0, text.length - mark.length + 1));
    }
    done(null, chunk);
  }
}

/** The name of one part's file: `r.txt.gz` has `r.side.txt.gz`, `r.start.poll.txt.gz` and so on. */
export function partPath(out: string, part: RecordingPart): string {
  const suffix = /(\.(txt|text|trace|log|strace))?(\.gz)?$/.exec(out)![0];
  const stem = out.slice(0, out.length - suffix.length);
  if (part === 'target') return out;
  if (part === 'kernel-threads') return `${stem}.side${suffix}`;
  return `${stem}.${part === 'start-pages' ? 'start' : 'end'}.poll${suffix}`;
}

/**
 * One text file of a recording in the making. The text comes first and the facts, which are known
 * last, are put before it; a gzip file may consist of two members, so neither is compressed twice.
 */
export class RecordingText {
  readonly path: string;
  readonly part: RecordingPart;

  constructor(out: string, part: RecordingPart) {
    this.part = part;
    this.path = partPath(out, part);
  }

  get #isCompressed(): boolean {
    return this.path.endsWith('.gz');
  }

  get #body(): string {
    return `${this.path}.${process.pid}.body`;
  }

  get #unfinished(): string {
    return `${this.path}.${process.pid}.part`;
  }

  /**
   * Copies the text from a file, which may be one of tracefs.
   * @returns how often each of `marks` occurs in it
   */
  async copyFrom(
    file: string,
    marks: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    const from = Readable.from(readPieces(file), { objectMode: false });
    const counter = new MarkCounter(marks);
    const to = createWriteStream(this.#body);
    if (this.#isCompressed) await pipeline(from, counter, createGzip(), to, { signal });
    else await pipeline(from, counter, to, { signal });
    return counter.counts;
  }

  async write(lines: readonly string[]): Promise<void> {
    const text = `${lines.join('\n')}\n`;
    await writeFile(this.#body, this.#isCompressed ? gzipSync(text) : text);
  }

  /** Puts facts and text together under the final name. */
  async finish(facts: RecordingFacts): Promise<void> {
    const head = formatFacts(this.part, facts);
    await writeFile(this.#unfinished, this.#isCompressed ? gzipSync(head) : head);
    await pipeline(
      createReadStream(this.#body),
      createWriteStream(this.#unfinished, { flags: 'a' }),
    );
    await rename(this.#unfinished, this.path);
    rmSync(this.#body, { force: true });
  }

  /** Removes what is not finished. */
  discard(): void {
    rmSync(this.#body, { force: true });
    rmSync(this.#unfinished, { force: true });
  }
}
