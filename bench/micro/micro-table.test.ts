import { expect, test } from 'vitest';
import type { MicroRow } from '../../results/cell-record.ts';
import { microTable } from './micro-table.ts';

function row(operation: string, leaves: number, avgNs: number): MicroRow {
  const times = { avgNs, minNs: avgNs - 1, p5Ns: avgNs, p50Ns: avgNs, p99Ns: null };
  const counts = { loads: 4, stores: 1, lines: operation === 'map' ? 2.25 : null };
  return { operation, leafBytes: 4096, leaves, ...times, samples: 3, batchSize: 64, ...counts };
}

test('one column a strategy with medians over the forks, and the published column', () => {
  const text = microTable([
    { strategy: 'a', micro: [row('map', 1, 20), row('split', 1, 9)] },
    { strategy: 'a', micro: [row('map', 1, 30), row('split', 1, 9)] },
    { strategy: 'a', micro: [row('map', 1, 500), row('split', 1, 9)] },
    { strategy: 'a', alias: 'a in C', micro: [row('map', 1, 10)] },
  ]);
  const [header, map, split, note] = text.split('\n').map((line) => line.split(/ {2,}/));
  expect(header).toEqual(['operation (ns: avg,min; lines)', 'a', 'a in C', 'generic_pt (avg)']);
  expect(map).toEqual(['map 1x4K', '30.0,29.0; 2.3', '10.0,9.0; 2.3', '65']);
  expect(split).toEqual(['split 1x4K', '9.0,8.0', '-', '-']);
  expect(note?.[0]).toMatch(/another machine/);
});

test('records without micro figures give no table', () => {
  expect(microTable([{ strategy: 'a', micro: [] }])).toBe('no micro figures');
});
