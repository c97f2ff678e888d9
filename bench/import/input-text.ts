import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { UsageError } from '../../results/usage-error.ts';

const CHUNK_BYTES = 1 << 20;
/** No recorder writes longer lines; without a limit, a file without line ends would fill the memory. */
const LINE_BYTES_MAX = 1 << 20;
const LF = 10;
const ZSTD_MAGIC = 0xfd2fb528;

/**
 * The text of a recording, decompressed (gzip, zstd or plain) and cut at line ends, in constant
 * memory. After `fill`, bytes[position, limit) holds whole lines, each with its line end.
 */
export class InputText {
  readonly name: string;
  bytes: Uint8Array = new Uint8Array(0);
  position = 0;
  limit = 0;
  /** Bytes of the file as it lies on disk. */
  fileBytes = 0;
  /** The file does not end in a line end: its last line may have been cut. */
  isLastLineOpen = false;
  readonly #hash = createHash('sha256');
  readonly #path: string;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  /** Bytes after `limit` that belong to a line not yet complete. */
  #used = 0;
  #isAtEnd = false;

  constructor(path: string) {
    this.#path = path;
    this.name = basename(path);
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
    const needed = rest + chunk.length + 1;
    // One buffer for the whole file: the rest of the last line moves to its front.
    if (needed > this.bytes.length) {
      const larger = Buffer.alloc(needed * 2);
      larger.set(this.bytes.subarray(this.limit, this.#used));
      this.bytes = larger;
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
    const file = this.#fileChunks();
    const first = await file.next();
    if (first.done) return;
    const all = prepend(first.value, file);
    const head = first.value;
    if (head[0] === 0x1f && head[1] === 0x8b) {
      const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
      yield* pipeline(Readable.from(all), gunzip, () => {});
    } else if (head.length >= 4 && head.readUInt32LE(0) === ZSTD_MAGIC) {
      yield* unzstd(all);
    } else {
      yield* all;
    }
  }

  /** The file's bytes, hashed on the way. */
  async *#fileChunks(): AsyncGenerator<Buffer, void> {
    const file = await open(this.#path, 'r');
    try {
      for (;;) {
        const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null);
        if (bytesRead === 0) return;
        const chunk = buffer.subarray(0, bytesRead);
        this.#hash.update(chunk);
        this.fileBytes += bytesRead;
        yield chunk;
      }
    } finally {
      await file.close();
    }
  }

  #readError(error: NodeJS.ErrnoException): UsageError {
    const where = this.name;
    if (error instanceof UsageError) return error;
    if (error.code === 'ENOENT') return new UsageError(`${this.#path}: no such file`);
    if (error.code === 'EISDIR') {
      return new UsageError(`${this.#path}: a folder, expected the file of a recording`);
    }
    if (error.code === 'Z_BUF_ERROR' || /unexpected (end of file|EOF)/i.test(error.message)) {
      return new UsageError(`${where}: the compressed file is cut off: expected its end mark`);
    }
    return new UsageError(`${where}: cannot be read or decompressed (${error.message})`);
  }
}

async function* prepend(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield first;
    yield* rest;
  } finally {
    // A reader that stops at the first piece has not entered `rest`: its file would stay open.
    await rest.return();
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
