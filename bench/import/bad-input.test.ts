import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../results/usage-error.ts';
import { BUNDLED_TRACES, bundledPaths } from '../trace/bundled-traces.ts';
import { importTrace } from './import-trace.ts';
import { importPaths, withFolder } from './recording-fixture.ts';

const [thpPath] = bundledPaths(BUNDLED_TRACES.find(({ id }) => id === 'thp-forced')!);
const thp = gunzipSync(await readFile(thpPath!));

const line = (time: string, event: string): string =>
  `             thp-26667   [001] ..... ${time.padStart(12)}: ${event}\n`;
const range = (start: string, end: string): string =>
  `kvm_unmap_hva_range: mmu notifier unmap range: 0x${start.padStart(14, '0')} -- 0x${end.padStart(14, '0')}`;
const mmapAt = (time: string, at: string, len = '0x4000'): string =>
  line(`${time}0`, `sys_mmap(addr: 0, len: ${len}, prot: 3, flags: 0x22, fd: 0, off: 0)`) +
  line(`${time}1`, `sys_mmap -> ${at}`);

/** 40 ranges of 4 KiB as text, and what `zstd -19` makes of it. */
const ZSTD_TEXT = Array.from({ length: 40 }, (_, i) => {
  const start = (0x7f0000010000 + i * 4096).toString(16);
  const end = (0x7f0000011000 + i * 4096).toString(16);
  return line(`1.0000${10 + i}`, range(start, end));
}).join('');
const ZSTD = Buffer.from(
  'KLUv/WQYFH0JAAZQLRiATwcQHDNSDkEQMxD8vffeUkoJOJNL2gMqACMAJADV8jCPNUl5RVEOSyMdlXFg' +
    'jkEdkXQZEQblcP1/QVPIQn8iM59zbgPKsTLI8T1i1Aihwvf0OaeuNW3d2szKu7qqCmgQ5P/r/595f/bM' +
    'DEdsHGEzfMzPLbum3PrcHJcX7upb/d7t90xbZuldFF4l2U0Q3cB/+GI/B9u1161dN7fm7V7l1vO3z2e0' +
    'meW9KJGVBHKCPEYOxwF8qBGA6vWPNgPgpcYiGAgEwQlC4BBgCv4/Af0BSUg6lhhFxiGBkug0/gE7JFSA' +
    'ZDA0GAlKiCdj6OBkNB1PjCLjkEBJdBqPHL8Ah4kKIBmGBiOCEvFkGDqcjCbHk1FkOCQoiU7GI3SKQr0B' +
    'ELflejMvhvw0PP0JYZNf+Pk=',
  'base64',
);

/** Imports a file with these bytes: the message from the file's name on, after the checks that hold for all. */
async function refusal(bytes: string | Uint8Array, name = 'r.txt'): Promise<string> {
  return withFolder(async (folder) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    const out = join(folder, 'out.xlt');
    const error = await importTrace({ inputs: [path], out }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect(await readdir(folder)).toEqual([name]);
    const { message } = error as UsageError;
    expect(message).not.toContain('\n');
    expect(message.slice(0, path.length)).toBe(path);
    return message.slice(folder.length + 1);
  });
}

describe('files that are no recording', () => {
  test('empty, blank, missing, a folder', async () => {
    expect(await refusal('')).toBe('r.txt: empty, expected the text of a recorder');
    expect(await refusal('\n\n')).toMatch(/^r.txt:1: not a recording/);
    await withFolder(async (folder) => {
      const out = join(folder, 'out.xlt');
      const missing = importTrace({ inputs: [join(folder, 'none')], out });
      await expect(missing).rejects.toThrow(/none: no such file/);
      await mkdir(join(folder, 'd'));
      await expect(importTrace({ inputs: [join(folder, 'd')], out })).rejects.toThrow(/a folder/);
    });
  });

  test('binary, perf.data, trace.dat, another text', async () => {
    expect(await refusal(Uint8Array.from({ length: 500 }, (_, i) => i % 256))).toMatch(
      /^r.txt: a binary file, expected tracefs text/,
    );
    expect(await refusal('PERFILE2\0\0\0\n')).toMatch(/perf script/);
    expect(await refusal('\x17\x08\x44tracing6\n')).toMatch(/trace-cmd report/);
    expect(await refusal('{"hello": 1}\nworld\n')).toMatch(
      /^r.txt:1: not a recording that can be imported \("\{"hello": 1\}"\), expected tracefs text/,
    );
  });

  test('only headers', async () => {
    expect(await refusal('# tracer: nop\n#\n')).toBe('r.txt: no memory event in 2 lines');
  });

  test('a line without end', async () => {
    const bytes = Buffer.concat([Buffer.from(line('1.0', range('7f0000000000', '7f0000001000')))]);
    const endless = Buffer.concat([bytes, Buffer.alloc(3 << 20, 'x')]);
    expect(await refusal(endless)).toMatch(/a line longer than 1048576 bytes/);
  });
});

describe('recordings that are cut or damaged', () => {
  test('truncated text names the line', async () => {
    const cut = thp.subarray(0, 40_000);
    const lines = cut.toString('latin1').split('\n').length;
    expect(await refusal(cut)).toMatch(
      new RegExp(`^r\\.txt:${lines}: the file is cut off in this line .* expected a tracefs line`),
    );
  });

  test('cut at any byte of its last lines: a trace or one line, never a hang', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'r.txt');
      const text = [
        line('1.0', 'sys_mprotect(start: 0x7f10240a6000, len: 0x1000, prot: 3)'),
        line('1.1', 'page_fault_user: address=0x7f8ee6f0c000 ip=0x564c8f762380 error_code=0x6'),
        line('1.2', 'tracing_mark_write: STEP one'),
        line('1.3', 'sched_process_fork: comm=a pid=1 child_comm=a child_pid=2'),
        line('1.4', 'sched_process_exec: filename=/bin/a pid=1 old_pid=1'),
        line('1.5', 'mm_collapse_huge_page: mm=00000000842b8e7c, isolated=1, status=succeeded'),
        line('1.6', 'sys_brk -> 0x55d731795000'),
        line('1.7', range('7f0000000000', '7f0000001000')),
      ].join('');
      for (let length = 1; length < text.length; length++) {
        await writeFile(path, text.slice(0, length));
        await importPaths([path]).catch((error: unknown) => {
          expect(error).toBeInstanceOf(UsageError);
        });
      }
    });
  });

  test('truncated and damaged gzip, truncated zstd', async () => {
    const gz = gzipSync(thp);
    expect(await refusal(gz.subarray(0, gz.length >> 1))).toBe(
      'r.txt: the compressed file is cut off: expected its end mark',
    );
    const damaged = Buffer.from(gz);
    damaged[gz.length - 6]! ^= 1;
    expect(await refusal(damaged)).toMatch(/cannot be read or decompressed/);
    expect(await refusal(ZSTD.subarray(0, 60))).toMatch(/^r.txt: the compressed file is cut off/);
  });

  test('mostly malformed', async () => {
    const good = line('1.0', range('7f0000000000', '7f0000001000'));
    const text = good + 'some other text that is no event\n'.repeat(20) + good;
    expect(await refusal(text)).toMatch(
      /^r.txt:2: not a line \("some other text.*20 malformed lines/,
    );
  });

  test('time running backwards', async () => {
    const event = range('7f0000000000', '7f0000001000');
    const text = line('5.000000', event) + line('4.900000', event);
    expect(await refusal(text)).toBe(
      'r.txt:2: time runs backwards by 0.100000 s, expected lines in order of time',
    );
  });
});

describe('numbers that no kernel prints', () => {
  test('time jumping ahead by more than a trace can hold', async () => {
    const event = range('7f0000000000', '7f0000001000');
    expect(await refusal(line('5.0', event) + line('95000000.0', event))).toBe(
      'r.txt:2: time jumps ahead by 1100 days, expected one recording of less than 104',
    );
  });

  test('error codes and advice wider than 32 bits are malformed lines', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'r.txt');
      const text = [
        line('1.0', 'page_fault_user: address=0x7f8ee6f0c000 ip=0x564c8f762380 error_code=0x6'),
        line(
          '1.1',
          `page_fault_user: address=0x7f8ee6f0c000 ip=0x1 error_code=0x${'2'.repeat(48)}`,
        ),
        line(
          '1.2',
          `sys_madvise(start: 0x7f0000000000, len_in: 0x1000, behavior: ${'2'.repeat(16)})`,
        ),
        line('1.3', range('7f0000000000', '7f0000001000')),
      ];
      await writeFile(path, text.join(''));
      const { metadata } = await importPaths([path]);
      expect(metadata.notes).toMatchObject({ 'malformed lines': 2 });
      expect(metadata.records).toBe(2);
    });
  });
});

describe('recordings of another machine', () => {
  test('5-level addresses', async () => {
    const text = line('1.0', range('ff7f0000000000', 'ff7f0000001000'));
    expect(await refusal(text)).toMatch(/^r.txt:1: address .* above the 47-bit user half/);
    expect(await refusal(mmapAt('1.', '0xff7f0000000000'))).toMatch(/47-bit/);
  });

  test('16 KiB and 64 KiB pages', async () => {
    const text = (step: number): string =>
      Array.from({ length: 64 }, (_, i) => {
        const at = 0x7f0000000000 + i * step;
        return line(`1.${i + 100}`, range(at.toString(16), (at + step).toString(16)));
      }).join('');
    expect(await refusal(text(16384))).toMatch(/all 128 addresses are multiples of 16 KiB/);
    expect(await refusal(text(65536))).toMatch(/all 128 addresses are multiples of 64 KiB/);
  });

  test('overlapping maps', async () => {
    const text = mmapAt('1.', '0x7f0000000000') + mmapAt('2.', '0x7f0000002000');
    expect(await refusal(text)).toBe(
      'r.txt:4: mmap returned 0x7f0000002000-0x7f0000006000, which is mapped already (1 of 2 maps overlap): ' +
        'expected every munmap, exec and exit to be recorded',
    );
  });
});

describe('the command', () => {
  test('refuses an existing file unless forced, and an unknown process', async () => {
    await withFolder(async (folder) => {
      const out = join(folder, 't.xlt');
      const inputs = [thpPath!];
      await expect(importTrace({ inputs, out, process: 'nobody' })).rejects.toThrow(
        /no process "nobody", expected a pid or one of: thp/,
      );
      expect(existsSync(out)).toBe(false);
      const summary = await importTrace({ inputs, out, process: '26667' });
      expect(summary.space).toMatchObject({ comm: 'thp', ranges: 47 });
      expect(summary.derivedPerRecorded).toBeCloseTo(61 / 47);
      await expect(importTrace({ inputs, out })).rejects.toThrow(/exists already/);
      await importTrace({ inputs, out, force: true });
      expect(await readdir(folder)).toEqual(['t.xlt']);
    });
  });

  test('files of different clocks are not merged', async () => {
    await withFolder(async (folder) => {
      const paths = [join(folder, 'a.txt'), join(folder, 'b.txt')];
      await writeFile(paths[0]!, line('5.0', range('7f0000000000', '7f0000001000')));
      await writeFile(paths[1]!, '5 1795396433.897049 munmap(0x7f0000000000, 4096) = 0\n');
      await expect(importPaths(paths)).rejects.toThrow(/^\/.*\/b.txt: begins \d+ s after/);
    });
  });

  test('zstd and gzip give the records of the plain text', async () => {
    await withFolder(async (folder) => {
      const names = ['plain', 'gz', 'zst'];
      const bytes = [ZSTD_TEXT, gzipSync(ZSTD_TEXT), ZSTD];
      const columns = [];
      for (const [i, name] of names.entries()) {
        const path = join(folder, name);
        await writeFile(path, bytes[i]!);
        columns.push((await importPaths([path])).columns);
      }
      expect(columns[1]).toEqual(columns[0]);
      expect(columns[2]).toEqual(columns[0]);
    });
  });
});
