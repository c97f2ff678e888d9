import { randomBytes } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { writeError } from '../../results/atomic-file.ts';
import { UsageError } from '../../results/usage-error.ts';
import { BLOCK_RECORDS, RecordColumns } from './record-columns.ts';
import { TraceMetadata } from './trace-metadata.ts';

/** Version that is written; a reader takes this one only. */
export const TRACE_VERSION = 1;
const MAGIC = Buffer.from('XLTRACE\n', 'latin1');
const HEADER_BYTES = 16;
const BLOCK_HEADER_BYTES = 8;
const TRAILER_BYTES = 32;
const TRAILER_MAGIC = Buffer.from('XLTEND.\n', 'latin1');

/** An .xlt file in memory. */
export interface TraceFile {
  readonly metadata: TraceMetadata;
  readonly columns: RecordColumns;
}

/** Where the pieces of an .xlt file go. */
export interface ByteSink {
  write(bytes: Uint8Array): void;
  /** Resolves when enough has reached the disk for memory to stay bounded. */
  drain(): Promise<void>;
  finish(): Promise<void>;
  discard(): Promise<void>;
}

/** Writes one .xlt file: header, blocks, metadata, trailer (docs/trace-format.md). */
export class TraceFileWriter {
  readonly #sink: ByteSink;
  #crc = 0;
  #bytes = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
    const header = Buffer.alloc(HEADER_BYTES);
    MAGIC.copy(header);
    header.writeUInt32LE(TRACE_VERSION, 8);
    this.#put(header);
  }

  block(recordCount: number, payload: Uint8Array): void {
    const header = Buffer.alloc(BLOCK_HEADER_BYTES);
    header.writeUInt32LE(recordCount, 0);
    header.writeUInt32LE(payload.length, 4);
    this.#put(header);
    this.#put(payload);
  }

  drain(): Promise<void> {
    return this.#sink.drain();
  }

  /** Ends the file; only now does it get its name. */
  async finish(metadata: TraceMetadata): Promise<void> {
    const metadataAt = this.#bytes;
    const json = Buffer.from(JSON.stringify(metadata), 'utf8');
    this.#put(json);
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeBigUInt64LE(BigInt(metadataAt), 0);
    trailer.writeUInt32LE(json.length, 8);
    trailer.writeUInt32LE(TRACE_VERSION, 12);
    this.#put(trailer.subarray(0, 20));
    trailer.writeUInt32LE(this.#crc, 20);
    TRAILER_MAGIC.copy(trailer, 24);
    this.#sink.write(trailer.subarray(20));
    await this.#sink.finish();
  }

  /** Ends without a file. */
  discard(): Promise<void> {
    return this.#sink.discard();
  }

  #put(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
    this.#bytes += bytes.length;
    this.#sink.write(bytes);
  }
}

/** Keeps the file in memory; `bytes` is complete after `finish`. */
export class MemorySink implements ByteSink {
  #pieces: Uint8Array[] = [];
  bytes: Uint8Array = new Uint8Array(0);

  write(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
  }

  async drain(): Promise<void> {}

  async finish(): Promise<void> {
    this.bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
  }

  async discard(): Promise<void> {
    this.#pieces = [];
  }
}

/** Writes to a temporary name beside `path` and renames it when the file is complete. */
export class FileSink implements ByteSink {
  readonly #path: string;
  readonly #temporaryPath: string;
  readonly #stream: WriteStream;
  readonly #closed: Promise<void>;
  #error: Error | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#temporaryPath = `${path}.${randomBytes(4).toString('hex')}.tmp`;
    this.#stream = createWriteStream(this.#temporaryPath, { flags: 'wx', highWaterMark: 1 << 20 });
    this.#closed = finished(this.#stream).catch((error: Error) => {
      this.#error = error;
    });
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  async drain(): Promise<void> {
    if (!this.#error && this.#stream.writableNeedDrain) {
      await Promise.race([
        new Promise<void>((resolve) => this.#stream.once('drain', resolve)),
        this.#closed,
      ]);
    }
    this.#throwIfFailed();
  }

  async finish(): Promise<void> {
    this.#stream.end();
    await this.#closed;
    this.#throwIfFailed();
    try {
      await rename(this.#temporaryPath, this.#path);
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }

  async discard(): Promise<void> {
    this.#stream.destroy();
    await this.#closed;
    await rm(this.#temporaryPath, { force: true });
  }

  #throwIfFailed(): void {
    if (this.#error) throw writeError(this.#path, this.#error);
  }
}

/**
 * Reads an .xlt file.
 * @throws UsageError when it is no .xlt file, cut off, changed, or of another version
 */
export async function readTraceFile(path: string): Promise<TraceFile> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UsageError(`${path}: cannot be read (${(error as Error).message})`);
  }
  return parseTraceFile(bytes, path);
}

/** The same for bytes in memory; `name` stands in the messages. */
export function parseTraceFile(bytes: Uint8Array, name: string): TraceFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { metadataAt, metadataBytes } = checkFrame(file, name);
  try {
    const json = file.toString('utf8', metadataAt, metadataAt + metadataBytes);
    const metadata = TraceMetadata.parse(JSON.parse(json));
    const columns = new RecordColumns(countRecords(file, metadataAt, metadata.records));
    readBlocks(file, metadataAt, columns);
    return { metadata, columns };
  } catch (error) {
    const reason =
      error instanceof RangeError ? error.message : 'metadata not of the expected shape';
    throw new UsageError(
      `${name}: not a valid .xlt trace although its checksum is right: ${reason}`,
    );
  }
}

interface Frame {
  readonly metadataAt: number;
  readonly metadataBytes: number;
}

function checkFrame(file: Buffer, name: string): Frame {
  if (file.length < MAGIC.length || !file.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new UsageError(
      `${name}: not an .xlt trace: expected it to begin with "XLTRACE" (make one with xlt-bench import)`,
    );
  }
  const version = file.length >= HEADER_BYTES ? file.readUInt32LE(8) : TRACE_VERSION;
  if (version !== TRACE_VERSION) {
    throw new UsageError(
      `${name}: .xlt version ${version}, this program reads version ${TRACE_VERSION}: import the recording again`,
    );
  }
  const trailerAt = file.length - TRAILER_BYTES;
  if (trailerAt < HEADER_BYTES || !file.subarray(trailerAt + 24).equals(TRAILER_MAGIC)) {
    throw new UsageError(
      `${name}: .xlt trace cut off at byte ${file.length}: expected the end mark "XLTEND." in the last 8 bytes`,
    );
  }
  const crc = crc32(file.subarray(0, trailerAt + 20));
  if (crc !== file.readUInt32LE(trailerAt + 20)) {
    throw new UsageError(
      `${name}: .xlt trace damaged: checksum ${hex(crc)}, expected ${hex(file.readUInt32LE(trailerAt + 20))}`,
    );
  }
  const metadataAt = Number(file.readBigUInt64LE(trailerAt));
  const metadataBytes = file.readUInt32LE(trailerAt + 8);
  if (metadataAt < HEADER_BYTES || metadataAt + metadataBytes !== trailerAt) {
    throw new UsageError(`${name}: .xlt trace damaged: metadata not before the trailer`);
  }
  return { metadataAt, metadataBytes };
}

function countRecords(file: Buffer, end: number, expected: number): number {
  let count = 0;
  let at = HEADER_BYTES;
  while (at < end) {
    const records = at + BLOCK_HEADER_BYTES <= end ? file.readUInt32LE(at) : 0;
    if (records === 0 || records > BLOCK_RECORDS)
      throw new RangeError('a block of impossible size');
    const payloadBytes = file.readUInt32LE(at + 4);
    // Eight columns of at least one byte each: refuses a block that would decode to far more.
    if (payloadBytes < records * 8) throw new RangeError('a block too short for its records');
    count += records;
    at += BLOCK_HEADER_BYTES + payloadBytes;
  }
  if (at !== end) throw new RangeError('the last block runs into the metadata');
  if (count !== expected) throw new RangeError(`${count} records, metadata says ${expected}`);
  return count;
}

function readBlocks(file: Buffer, end: number, columns: RecordColumns): void {
  let first = 0;
  let at = HEADER_BYTES;
  while (at < end) {
    const records = file.readUInt32LE(at);
    const payloadBytes = file.readUInt32LE(at + 4);
    at += BLOCK_HEADER_BYTES;
    columns.decode(first, records, file, at, at + payloadBytes);
    first += records;
    at += payloadBytes;
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
