import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../results/usage-error.ts';
import { withFolder } from '../import/recording-fixture.ts';
import { BLOCK_RECORDS, RecordBlocks } from './record-columns.ts';
import {
  FileSink,
  MemorySink,
  parseTraceFile,
  readTraceFile,
  TraceFileWriter,
} from './trace-file.ts';
import type { TraceMetadata } from './trace-metadata.ts';
import { VarintReader, VarintWriter } from './varint.ts';

function metadataOf(records: number): TraceMetadata {
  return {
    importer: 'test',
    sources: [{ name: 'ä.txt', format: 'tracefs', sha256: '0', bytes: 1, lines: 1 }],
    origin: 'recorded',
    records,
    durationNs: 5,
    spaces: [],
    lines: { sys_brk: 2 },
    notes: {},
    marks: ['STEP'],
    warnings: [],
  };
}

type Row = readonly [number, number, number, number, number, number, number, number];

function rowOf(i: number): Row {
  const va = ((i * 7919) % 2 ** 20) * 4096 + (i % 3) * 2 ** 44;
  return [
    i * 1001,
    1 + (i % 70_000),
    i % 5,
    1 + (i % 14),
    va,
    (1 + (i % 600)) * 4096,
    i % 64,
    i % 16,
  ];
}

async function fileOf(rows: readonly Row[]): Promise<Uint8Array> {
  const sink = new MemorySink();
  const writer = new TraceFileWriter(sink);
  const blocks = new RecordBlocks((count, payload) => writer.block(count, payload));
  for (const row of rows) blocks.push(...row);
  blocks.finish();
  await writer.finish(metadataOf(blocks.recordCount));
  return sink.bytes;
}

const small = await fileOf(Array.from({ length: 100 }, (_, i) => rowOf(i)));

describe('round trip', () => {
  test('records over several blocks, and the metadata', async () => {
    const rows = Array.from({ length: 2 * BLOCK_RECORDS + 77 }, (_, i) => rowOf(i));
    const { columns, metadata } = parseTraceFile(await fileOf(rows), 'x.xlt');
    expect(metadata).toEqual(metadataOf(rows.length));
    const read = rows.map((_, i) => [
      columns.timeNs[i],
      columns.task[i],
      columns.space[i],
      columns.op[i],
      columns.page[i]! * 4096,
      columns.pages[i]! * 4096,
      columns.arg[i],
      columns.reason[i],
    ]);
    expect(read).toEqual(rows);
  });

  test('an empty trace', async () => {
    expect(parseTraceFile(await fileOf([]), 'x.xlt').columns.capacity).toBe(0);
  });

  test('any integer below 2^53 of either sign', () => {
    const integers = fc.array(fc.maxSafeInteger().map((value) => Math.floor(value / 2)));
    fc.assert(
      fc.property(integers, (values) => {
        const writer = new VarintWriter();
        const column = Float64Array.from(values);
        writer.putDeltas(column.map(Math.abs), values.length);
        writer.putAll(column.map(Math.abs), values.length);
        const bytes = writer.take();
        const reader = new VarintReader(bytes, 0, bytes.length);
        let sum = 0;
        for (const value of values) {
          sum += reader.getSigned();
          expect(sum).toBe(Math.abs(value));
        }
        for (const value of values) expect(reader.get()).toBe(Math.abs(value));
        expect(reader.isAtEnd).toBe(true);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test('the latest records can be named later, older ones not', () => {
    const blocks = new RecordBlocks(() => {});
    const first = blocks.push(0, 1, 1, 1, 0, 4096, 1, 0);
    expect(blocks.relabel(first, 6, 4)).toBe(true);
    for (let i = 0; i < 2 * BLOCK_RECORDS; i++) blocks.push(...rowOf(i));
    expect(blocks.relabel(first, 6, 4)).toBe(false);
  });
});

describe('files', () => {
  test('a file gets its name when it is complete, and none when given up', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'a.xlt');
      const sink = new FileSink(path);
      const writer = new TraceFileWriter(sink);
      await writer.drain();
      expect(await readdir(folder)).not.toContain('a.xlt');
      await writer.finish(metadataOf(0));
      expect(await readdir(folder)).toEqual(['a.xlt']);
      expect((await readTraceFile(path)).metadata.marks).toEqual(['STEP']);
      const given = new TraceFileWriter(new FileSink(join(folder, 'b.xlt')));
      await given.discard();
      expect(await readdir(folder)).toEqual(['a.xlt']);
    });
  });

  test('a folder that is not there', async () => {
    const writer = new TraceFileWriter(new FileSink('/nonexistent-folder/a.xlt'));
    await expect(writer.finish(metadataOf(0))).rejects.toThrow(/cannot be written/);
    await expect(readTraceFile('/nonexistent-folder/a.xlt')).rejects.toThrow(/cannot be read/);
  });
});

/** Sets the checksum right again, so that only what was changed is wrong. */
function withChecksum(bytes: Uint8Array): Buffer {
  const file = Buffer.from(bytes);
  file.writeUInt32LE(crc32(file.subarray(0, file.length - 12)), file.length - 12);
  return file;
}

describe('bad files are refused in one line', () => {
  test('another kind, newer version, cut off, changed', () => {
    expect(() => parseTraceFile(Buffer.from('PK..'), 'a.xlt')).toThrow(/^a.xlt: not an .xlt trace/);
    const newer = Buffer.from(small);
    newer.writeUInt32LE(2, 8);
    expect(() => parseTraceFile(newer, 'a.xlt')).toThrow(/version 2, this program reads version 1/);
    expect(() => parseTraceFile(small.subarray(0, 200), 'a.xlt')).toThrow(/cut off at byte 200/);
    expect(() => parseTraceFile(small.subarray(0, 9), 'a.xlt')).toThrow(/cut off at byte 9/);
    const changed = Buffer.from(small);
    changed[40]! ^= 1;
    expect(() => parseTraceFile(changed, 'a.xlt')).toThrow(/damaged: checksum/);
  });

  test('every single changed byte, even with a right checksum, is an error or a trace', () => {
    for (let at = 16; at < small.length - 32; at++) {
      for (const byte of [0, 1, 127, 255]) {
        const file = Buffer.from(small);
        file[at] = byte;
        try {
          parseTraceFile(withChecksum(file), 'a.xlt');
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as UsageError).message).not.toContain('\n');
        }
      }
    }
  });

  test('every cut', async () => {
    for (let length = 0; length < small.length; length++) {
      expect(() => parseTraceFile(small.subarray(0, length), 'a.xlt')).toThrow(UsageError);
    }
  });

  test('a name that cannot be taken leaves nothing behind', async () => {
    await withFolder(async (folder) => {
      const taken = new FileSink(folder);
      await expect(taken.finish()).rejects.toThrow(`${folder}: cannot be written: it is a folder`);
      await taken.discard();
      const lost = new FileSink(join(folder, 'none', 'a.xlt'));
      await expect(lost.finish()).rejects.toThrow(/a\.xlt: cannot be written: there is no folder/);
      await lost.discard();
      const beside = await readdir(dirname(folder));
      expect(beside.filter((name) => name.startsWith(`${basename(folder)}.`))).toEqual([]);
    });
  });

  test('a damaged file on disk', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'a.xlt');
      const bytes = Buffer.from(small);
      bytes[bytes.length - 20]! ^= 1;
      await writeFile(path, bytes);
      expect((await readFile(path)).length).toBe(small.length);
      await expect(readTraceFile(path)).rejects.toThrow(/^\/.*\/a.xlt: .xlt trace damaged/);
    });
  });
});
