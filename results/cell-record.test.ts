import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cellIdOf, scenarioKey, seriesKey, strategyLabel } from './cell-identity.ts';
import { createCellRecord } from './cell-record.ts';
import { cellRecordFixture } from './fixtures/cell-record-fixture.ts';
import { METRICS, metricsOf, microLabel } from './metrics.ts';
import { recordJsonSchema } from './record-json-schema.ts';
import { formatRecordLine, parseRecordLine } from './record-line.ts';
import { migrateDocument, SCHEMA_VERSION } from './schema-version.ts';

const minimal = {
  cellId: 'deposit|storm|ideal|storm#0',
  strategy: 'deposit',
  workload: 'storm',
  device: { profile: 'ideal' },
  mode: 'storm',
  fork: 0,
  seed: 1,
  verdict: 'crashed',
  reason: 'worker trapped: unreachable',
} as const;

describe('record', () => {
  test('what was not measured is null, never 0', () => {
    const record = createCellRecord(minimal);
    for (const metric of METRICS) expect([metric.id, metric.of(record)]).toEqual([metric.id, null]);
    expect(record.host.gcEvents).toBeNull();
    expect(record.oracle.violations).toBeNull();
  });

  test('survives a line of cells.ndjson', () => {
    const record = cellRecordFixture();
    expect(parseRecordLine(formatRecordLine(record), 'cells.ndjson:1')).toEqual(record);
  });

  test.each([
    ['verdict', { verdict: 'fast' }],
    ['fork', { fork: -1 }],
    ['measuredNs', { measuredNs: -1 }],
    ['device.stallShare', { device: { profile: 'ideal', stallShare: 1.5 } }],
    ['allocations.0.context', { allocations: [{ context: 'USER', order: 0, site: 'x' }] }],
  ])('a bad %s is named', (path, change) => {
    const line = JSON.stringify({ ...minimal, schemaVersion: SCHEMA_VERSION, ...change });
    expect(() => parseRecordLine(line, 'cells.ndjson:4')).toThrow(`cells.ndjson:4: ${path}`);
  });

  // To bring it up to date: npm run build && node dist/results/write-record-schema.js && npm run format
  test('record.schema.json is up to date', () => {
    const stored = readFileSync(new URL('./record.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(stored)).toEqual(recordJsonSchema());
  });
});

describe('versions', () => {
  test('0.9 is migrated: the profile moves into device', () => {
    const old = readFileSync(new URL('./fixtures/record-0.9.json', import.meta.url), 'utf8');
    const record = parseRecordLine(old, 'cells.ndjson:1');
    expect(record.schemaVersion).toBe('1.0');
    expect(record.device).toMatchObject({ profile: 'mlx5-odp', commands: 12, entriesWritten: 640 });
    expect(record.memory.tableBytesPeak).toBe(8192);
  });

  test('a newer minor is read, its new fields ignored', () => {
    const line = JSON.stringify({ ...minimal, schemaVersion: '1.7', novelty: 1 });
    expect(parseRecordLine(line, 'x')).not.toHaveProperty('novelty');
  });

  test.each([
    ['2.0', /x: schemaVersion 2.0 is newer than this program reads/],
    ['0.1', /x: schemaVersion 0.1 is older than any/],
    ['one', /x: schemaVersion is "one", expected/],
    [undefined, /x: schemaVersion is missing/],
  ])('%s is refused', (schemaVersion, message) => {
    expect(() => migrateDocument({ schemaVersion }, 'record', 'x')).toThrow(message);
  });
});

describe('names', () => {
  test('parameters, pressure and fork all tell cells apart', () => {
    const cell = cellRecordFixture({ overrides: { params: { b: 2, a: 1 }, pressure: 'tight' } });
    expect(strategyLabel(cell)).toBe('deposit{a=1,b=2}');
    expect(scenarioKey(cell)).toBe('redis-bgsave|mlx5-odp|storm|tight');
    expect(cellIdOf(cell)).toBe(`${seriesKey(cell)}#0`);
    expect(strategyLabel({ ...cell, alias: 'B' })).toBe('B');
  });
});

describe('metrics', () => {
  test('ids are unique', () => {
    expect(new Set(METRICS.map(({ id }) => id)).size).toBe(METRICS.length);
  });

  test('failed allocations are summed; without a table of them a crashed cell has none to sum', () => {
    const row = { context: 'ATOMIC', order: 0, site: 's', attempts: 9, failures: 2, injected: 1 };
    const failures = METRICS.find(({ id }) => id === 'allocation-failures')!;
    const record = cellRecordFixture();
    const allocations = [row, row] as typeof record.allocations;
    expect(failures.of({ ...record, allocations })).toBe(4);
    expect(failures.of({ ...record, allocations: [] })).toBe(0);
    expect(failures.of(createCellRecord(minimal))).toBeNull();
  });

  test('micro rows become metrics under the name of the patch tables', () => {
    const row = {
      operation: 'map',
      leafBytes: 4096,
      leaves: 256,
      avgNs: 2100,
      minNs: 1500,
      p5Ns: 1600,
    };
    expect(microLabel(row)).toBe('map 256x4K');
    expect(microLabel({ ...row, leafBytes: 2 ** 21, leaves: 1 })).toBe('map 1x2M');
    const record = createCellRecord({ ...minimal, mode: 'micro', micro: [row] });
    const metric = metricsOf([record]).find(({ id }) => id === 'micro:map:256x4K');
    expect(metric?.of(record)).toBe(1600);
  });
});
