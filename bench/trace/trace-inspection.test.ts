import { describe, expect, test } from 'vitest';
import { importTexts } from '../import/recording-fixture.ts';
import { loadBundledTrace } from './bundled-traces.ts';
import { inspectionHtml } from './inspection-html.ts';
import { bytesText, inspectionText } from './inspection-text.ts';
import { inspectTraceFile } from './trace-inspection.ts';

describe('redis-bgsave-lean against the published measurements', async () => {
  const file = await loadBundledTrace('redis-bgsave-lean');
  const inspection = inspectTraceFile(file);

  test('counts, sizes and largest range', () => {
    expect(inspection.ranges).toBe(11_502);
    expect(inspection.sizes.map(({ count }) => count)).toEqual([11_067, 252, 158, 3, 1, 21]);
    expect(bytesText(inspection.p99Bytes)).toBe('140 KiB');
    expect(Math.round(inspection.largestBytes / 2 ** 20)).toBe(104);
    expect(inspection.shareFrom2MiB).toBeCloseTo(22 / 11_502);
    expect(inspection.timeline.reduce((sum, count) => sum + count, 0)).toBe(11_502);
    expect(inspection.reasons.reduce((sum, { count }) => sum + count, 0)).toBe(11_502);
  });

  test('one process alone', () => {
    const server = inspectTraceFile(file, 'redis-server');
    expect(server.ranges).toBe(10_710);
    expect(server.space?.comm).toBe('redis-server');
    expect(server.derivedPerRecorded).toBeCloseTo(325 / 10_710);
  });

  test('the text names the figures and draws every class within 100 columns', () => {
    const text = inspectionText(inspection);
    expect(text).toContain('notifier ranges       11502 (recorded)');
    expect(text).toMatch(/4 KiB +11067 {2}█{40}\n/);
    expect(text).toMatch(/> 2 MiB +21 {2}▏/);
    expect(text).toMatch(/redis-server +24605 +10710/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('the page is whole in itself', () => {
    const html = inspectionHtml(inspection);
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html).not.toMatch(/<script|https?:|src=|href=/);
    expect(html.match(/<svg/g)).toHaveLength(4);
    // What the text has, the page has: kinds of records, and how long each process was seen.
    expect(html).toContain('<h2>Records</h2>');
    expect(html).toMatch(/<th class="n">seconds<\/th>/);
    for (const { op, count } of inspection.records) {
      expect(html).toContain(`>${op}</text>`);
      expect(html).toContain(`>${count}</text>`);
    }
    expect(html).toMatch(/ranges that system calls and page faults alone/);
    // One peak, that of the table; the timeline's highest tick counts another length of time.
    expect(html).not.toContain('highest column');
    expect(html).toContain(`>${Math.max(...inspection.timeline)}</text>`);
    expect(html).toContain('11502 (recorded)');
  });
});

test('the 10 ms with the most ranges', async () => {
  const lines = [0, 1, 50_000, 50_001, 50_002, 95_000].map((micros, i) => {
    const address = (0x7f0000000000 + i * 4096).toString(16);
    const end = (0x7f0000001000 + i * 4096).toString(16);
    return `               a-1       [000] .....     1.${String(micros).padStart(6, '0')}: kvm_unmap_hva_range: mmu notifier unmap range: 0x00${address} -- 0x00${end}\n`;
  });
  const inspection = inspectTraceFile(await importTexts(lines.join('')));
  expect(inspection).toMatchObject({ ranges: 6, peakPer10ms: 3, peakAtSeconds: 0.05 });
  expect(inspection.rangesPerSecond).toBeCloseTo(6 / 0.095);
  expect(inspection.repeatShare).toBe(0);
});

test('a derived recording says so in text and page, and names are escaped', async () => {
  const inspection = inspectTraceFile(
    await importTexts(
      '5 1.0 execve("/bin/<b>&x", ["x"], 0x1 /* 2 vars */) = 0\n5 1.1 munmap(0x7f0000001000, 4096) = 0\n',
    ),
  );
  expect(inspection.origin).toBe('derived');
  expect(inspectionText(inspection)).toContain('warning: derived: ');
  const html = inspectionHtml(inspection);
  expect(html).toContain('class="warning"');
  expect(html).not.toContain('<b>');
});
