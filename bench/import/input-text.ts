import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { UsageError } from '../../results/usage-error.ts';

const CHUNK_BYTES = 1 << 18;
/** No recorder writes longer lines; without a limit, a file without line ends would fill the memory. */
const LINE_BYTES_MAX = 1 << 20;
const LF = 10;

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
    const rest = this.#used - this.limit;
    const bytes = Buffer.allocUnsafe(rest + chunk.length + 1);
    bytes.set(this.bytes.subarray(this.limit, this.#used));
    bytes.set(chunk, rest);
    this.bytes = bytes;
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
    const file = createReadStream(this.#path, { highWaterMark: CHUNK_BYTES });
    file.on('data', (chunk) => {
      this.#hash.update(chunk);
      this.fileBytes += chunk.length;
    });
    file.pause();
    const magic = await this.#magic();
    if (magic.length >= 2 && magic[0] === 0x1f && magic[1] === 0x8b) {
      const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
      yield* pipeline(file, gunzip, () => {});
    } else if (magic.length >= 4 && magic.readUInt32LE(0) === 0xfd2fb528) {
      yield* unzstd(file);
    } else {
      yield* file;
    }
  }

  async #magic(): Promise<Buffer> {
    const head = Readable.from(createReadStream(this.#path, { start: 0, end: 3 }));
    const pieces: Buffer[] = [];
    for await (const piece of head) pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
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
    if (error.code?.startsWith('Z_') || (error as { code?: unknown }).code !== undefined) {
      return new UsageError(`${where}: cannot be read or decompressed (${error.message})`);
    }
    return new UsageError(`${where}: cannot be decompressed (${error.message})`);
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
