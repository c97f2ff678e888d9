import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RecordingFacts } from './recording-facts.ts';
import { partPath, RecordingText } from './recording-text.ts';

const facts = { version: 1, recorder: 'tracefs', pid: 7 } as unknown as RecordingFacts;
const signal = new AbortController().signal;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xlt-bench-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['r.txt.gz', 'r.side.txt.gz', 'r.start.poll.txt.gz'],
  ['r.txt', 'r.side.txt', 'r.start.poll.txt'],
  ['r.v1.gz', 'r.v1.side.gz', 'r.v1.start.poll.gz'],
  ['d.x/r', 'd.x/r.side', 'd.x/r.start.poll'],
])('the parts of %s are named after it', (out, side, start) => {
  expect(partPath(out, 'target')).toBe(out);
  expect(partPath(out, 'kernel-threads')).toBe(side);
  expect(partPath(out, 'start-pages')).toBe(start);
});

describe('RecordingText', () => {
  test.each(['r.txt', 'r.txt.gz'])('%s: facts, then the text, nothing else left', async (name) => {
    const source = join(folder, 'source');
    // Longer than several chunks, so that marks lie across their borders.
    const text = ' mark: x\n'.repeat(100_003);
    writeFileSync(source, text);
    const recording = new RecordingText(join(folder, name), 'target');
    expect(await recording.copyFrom(source, [' mark: ', 'absent'], signal)).toEqual([100_003, 0]);
    expect(readdirSync(folder)).not.toContain(name);
    await recording.finish(facts);

    expect(readdirSync(folder).sort()).toEqual([name, 'source']);
    const bytes = readFileSync(join(folder, name));
    const written = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    const head = written.slice(0, written.indexOf('\n'));
    expect(head.startsWith('# xlt-bench record: ')).toBe(true);
    expect(JSON.parse(head.slice('# xlt-bench record: '.length))).toEqual({
      part: 'target',
      ...facts,
    });
    expect(written.slice(head.length + 1)).toBe(text);
  });

  test('what is discarded leaves nothing', async () => {
    const recording = new RecordingText(join(folder, 'r.txt'), 'target');
    await recording.write(['one']);
    recording.discard();
    expect(readdirSync(folder)).toEqual([]);
  });
});
