import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { UsageError } from '../../results/usage-error.ts';
import { WORD_SLACK_BYTES } from './text-words.ts';

const CHUNK_BYTES = 1 << 20;
/** Plain text is hashed, cut and scanned while it is still in the processor's cache. */
const PLAIN_CHUNK_BYTES = 1 << 18;
/** No recorder writes longer lines; without a limit, a file without line ends would fill the memory. */
const LINE_BYTES_MAX = 1 << 20;
const LF = 10;
const ZSTD_MAGIC = 0xfd2fb528;

/**
 * The text of a recording, decompressed (gzip, zstd or plain) and cut at line ends, in constant
 * memory. After `fill`, bytes[position, limit) holds whole lines, each with its line end.
 */
export class InputText {
  /** The path as it was given. */
  readonly name: string;
  bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes; WORD_SLACK_BYTES behind `limit` can be read. */
  view = new DataView(new ArrayBuffer(0));
  position = 0;
  limit = 0;
  /** Bytes of the file as it lies on disk. */
  fileBytes = 0;
  /** The file does not end in a line end: its last line may have been cut. */
  isLastLineOpen = false;
  readonly #hash = createHash('sha256');
  #chunks: AsyncIterator<Uint8Array> | undefined;
  /** Bytes after `limit` that belong to a line not yet complete. */
  #used = 0;
  #isAtEnd = false;

  constructor(path: string) {
    this.name = path;
  }

  /** sha256 of the file; valid after the last `fill`. */
  sha256(): string {
    return this.#hash.digest('hex');
  }

  /**
   * Brings more lines; false at the end.
   * @throws UsageError when the file cannot be read, is cut off or has endless lines
   */
  async fill(): Promise<boolean> {
    this.#chunks ??= this.#open();
    while (!this.#isAtEnd) {
      let chunk: Uint8Array | undefined;
      try {
        const next = await this.#chunks.next();
        chunk = next.done ? undefined : next.value;
      } catch (error) {
        throw this.#readError(error as NodeJS.ErrnoException);
      }
      if (!chunk) {
        this.#isAtEnd = true;
        return this.#closeLastLine();
      }
      if (this.#append(chunk)) return true;
    }
    return false;
  }

  /** Stops reading. */
  async close(): Promise<void> {
    await this.#chunks?.return?.();
  }

  #append(chunk: Uint8Array): boolean {
    if (chunk.length === 0) return false;
    const rest = this.#used - this.limit;
    const needed = rest + chunk.length + 1 + WORD_SLACK_BYTES;
    // One buffer for the whole file: the rest of the last line moves to its front.
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(needed * 2);
      larger.set(this.bytes.subarray(this.limit, this.#used));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    } else {
      this.bytes.copyWithin(0, this.limit, this.#used);
    }
    const bytes = this.bytes;
    bytes.set(chunk, rest);
    this.position = 0;
    this.#used = rest + chunk.length;
    this.limit = bytes.lastIndexOf(LF, this.#used - 1) + 1;
    if (this.#used - this.limit > LINE_BYTES_MAX) {
      throw new UsageError(
        `${this.name}: a line longer than ${LINE_BYTES_MAX} bytes: expected the text of a recorder`,
      );
    }
    return this.limit > 0;
  }

  #closeLastLine(): boolean {
    if (this.#used === this.limit) return false;
    this.bytes[this.#used] = LF;
    this.position = this.limit;
    this.limit = this.#used + 1;
    this.#used = this.limit;
    this.isLastLineOpen = true;
    return true;
  }

  async *#open(): AsyncGenerator<Uint8Array, void> {
    const file = await open(this.name, 'r');
    try {
      yield* this.#text(file);
    } finally {
      await file.close();
    }
  }

  async *#text(file: FileHandle): AsyncGenerator<Uint8Array, void> {
    const head = await this.#read(file, Buffer.allocUnsafe(CHUNK_BYTES));
    if (!head) return;
    if (head[0] === 0x1f && head[1] === 0x8b) {
      const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
      yield* pipeline(Readable.from(this.#chunksFrom(head, file)), gunzip, () => {});
    } else if (head.length >= 4 && head.readUInt32LE(0) === ZSTD_MAGIC) {
      yield* unzstd(this.#chunksFrom(head, file));
    } else {
      yield head;
      yield* this.#plainChunks(file);
    }
  }

  /** Compressed bytes: the decompressor may keep a chunk, so each has memory of its own. */
  async *#chunksFrom(head: Buffer, file: FileHandle): AsyncGenerator<Buffer, void> {
    for (let chunk: Buffer | undefined = head; chunk; ) {
      yield chunk;
      chunk = await this.#read(file, Buffer.allocUnsafe(CHUNK_BYTES));
    }
  }

  /** One buffer for all: `#append` copies a chunk before it asks for the next. */
  *#plainChunks(file: FileHandle): Generator<Buffer, void> {
    const buffer = Buffer.allocUnsafe(PLAIN_CHUNK_BYTES);
    for (;;) {
      const bytesRead = readSync(file.fd, buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      yield this.#seen(buffer.subarray(0, bytesRead));
    }
  }

  async #read(file: FileHandle, buffer: Buffer): Promise<Buffer | undefined> {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    return bytesRead === 0 ? undefined : this.#seen(buffer.subarray(0, bytesRead));
  }

  #seen(chunk: Buffer): Buffer {
    this.#hash.update(chunk);
    this.fileBytes += chunk.length;
    return chunk;
  }

  #readError(error: NodeJS.ErrnoException): UsageError {
    if (error instanceof UsageError) return error;
    if (error.code === 'ENOENT') return new UsageError(`${this.name}: no such file`);
    if (error.code === 'EISDIR') {
      return new UsageError(`${this.name}: a folder, expected the file of a recording`);
    }
    if (error.code === 'Z_BUF_ERROR' || /unexpected (end of file|EOF)/i.test(error.message)) {
      return new UsageError(`${this.name}: the compressed file is cut off: expected its end mark`);
    }
    return new UsageError(`${this.name}: cannot be read or decompressed (${error.message})`);
  }
}

async function* unzstd(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let out: Uint8Array[] = [];
  const decompress = new Decompress((data) => {
    out.push(data);
  });
  for await (const chunk of file) {
    decompress.push(chunk);
    yield* out;
    out = [];
  }
  decompress.push(new Uint8Array(0), true);
  yield* out;
}
