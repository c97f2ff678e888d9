import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listBaselines, resolveBaseline, saveBaseline } from './baseline-store.ts';
import { replicateKey } from './cell-identity.ts';
import { cellRecordFixture } from './fixtures/cell-record-fixture.ts';
import { hostFixture, planFixture } from './fixtures/run-fixture.ts';
import { RunStore, readRun } from './run-store.ts';
import { UsageError } from './usage-error.ts';

const records = [0, 1, 2].map((fork) => cellRecordFixture({ fork }));
const plan = planFixture(records);
let root = '';
let directory = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'run-store-'));
  directory = join(root, 'run-1');
});
afterEach(() => rmSync(root, { recursive: true }));

const cellsPath = () => join(directory, 'cells.ndjson');
const cellLines = () => readFileSync(cellsPath(), 'utf8').split('\n').slice(0, -1);

function writeRun(count = records.length): RunStore {
  const store = RunStore.create(directory, plan, hostFixture());
  for (const record of records.slice(0, count)) store.append(record);
  return store;
}

describe('writing', () => {
  test('what was appended is read back whole, and no temporary file stays', () => {
    writeRun();
    expect(readRun(directory).records).toEqual(records);
    expect(readRun(directory).plan).toEqual(plan);
    expect(readRun(directory).host).toEqual(hostFixture());
    expect(readdirSync(directory).sort()).toEqual(['cells.ndjson', 'host.json', 'plan.json']);
  });

  test('a folder that holds a run is refused, and replaced only by force', () => {
    writeRun();
    expect(() => RunStore.create(directory, plan, hostFixture())).toThrow(
      /holds a run already .*--resume.*--force/,
    );
    expect(readRun(directory).records).toHaveLength(3);
    RunStore.create(directory, plan, hostFixture(), true);
    expect(readRun(directory).records).toEqual([]);
  });

  test('a cell has one record, and only a planned one', () => {
    const store = writeRun();
    expect(() => store.append(records[0]!)).toThrow(/has a record already/);
    const unplanned = cellRecordFixture({ fork: 9 });
    expect(() => store.append(unplanned)).toThrow(/not planned/);
    store.addCells(planFixture([unplanned]).cells);
    store.append(unplanned);
    expect(readRun(directory).records).toHaveLength(4);
  });

  test('a figure out of its range never reaches the file', () => {
    const store = RunStore.create(directory, plan, hostFixture());
    const bad = { ...records[0]!, measuredNs: Number.NaN };
    expect(() => store.append(bad)).toThrow();
    expect(readRun(directory).records).toEqual([]);
  });
});

describe('damage', () => {
  const damages: readonly (readonly [string, (lines: string[]) => string, RegExp])[] = [
    ['cut-off line', (l) => `${l[0]}\n${l[1]}\n${l[2]!.slice(0, 300)}`, /ndjson:3: .*cut off/],
    ['line end missing', (l) => l.join('\n'), /ndjson:3: .*cut off/],
    ['broken JSON', (l) => `${l[0]}\n{"a":\n${l[1]}\n${l[2]}\n`, /ndjson:2: not a complete JSON/],
    ['no object', (l) => `[1]\n${l.join('\n')}\n`, /ndjson:1: expected a JSON object/],
    [
      'edited figure',
      (l) => `${l[0]}\n${l[1]!.replace('"violations":0', '"violations":1')}\n${l[2]}\n`,
      /ndjson:2: .*does not match its digest/,
    ],
    ['doubled line', (l) => `${l.join('\n')}\n${l[0]}\n`, /ndjson:4: .*stands in line 1 already/],
    [
      'cell of another run',
      (l) => `${l.join('\n')}\n${JSON.stringify(cellRecordFixture({ fork: 7 }))}\n`,
      /ndjson:4: .*not in plan.json/,
    ],
  ];

  test.each(damages)('%s: refused on reading, with file and line', (_, damage, message) => {
    writeRun();
    writeFileSync(cellsPath(), damage(cellLines()));
    expect(() => readRun(directory)).toThrow(message);
    expect(() => readRun(directory)).toThrow(UsageError);
  });

  test.each(damages)('%s: moved aside on resume, nothing else lost', (_, damage, message) => {
    writeRun();
    const intact = cellLines();
    const damagedText = damage(intact);
    writeFileSync(cellsPath(), damagedText);
    const store = RunStore.resume(directory);
    expect(store.damaged).toHaveLength(1);
    expect(store.damaged[0]!.reason).toMatch(message);
    const moved = readFileSync(join(directory, 'cells.damaged.ndjson'), 'utf8');
    expect(JSON.parse(moved)).toEqual(store.damaged[0]);
    const ended = damagedText.split('\n').slice(0, -1);
    const whole = ended.filter((line) => intact.includes(line));
    expect(cellLines()).toEqual([...new Set(whole)]);
    const pending = store.plan.cells.filter((cell) => !store.finishedKeys.has(replicateKey(cell)));
    for (const cell of pending) store.append(records[cell.fork]!);
    expect(new Set(readRun(directory).records)).toEqual(new Set(records));
  });

  test('a kill at any byte loses at most the last record', () => {
    writeRun();
    const whole = readFileSync(cellsPath());
    for (let length = 0; length <= whole.length; length += 997) {
      writeFileSync(cellsPath(), whole.subarray(0, length));
      const ended = whole.subarray(0, length).toString().split('\n').length - 1;
      expect(RunStore.resume(directory).finishedKeys.size).toBe(ended);
    }
  });

  test('a record of a newer major is refused, not moved aside', () => {
    writeRun(2);
    const newer = { ...records[2], schemaVersion: '2.0' };
    appendFileSync(cellsPath(), `${JSON.stringify(newer)}\n`);
    expect(() => RunStore.resume(directory)).toThrow(/ndjson:3: schemaVersion 2.0 is newer/);
    expect(cellLines()).toHaveLength(3);
  });

  test.each([
    ['plan.json', undefined, /plan.json: not found; expected a run folder/],
    ['plan.json', '{', /plan.json: not JSON/],
    ['host.json', '{"schemaVersion":"1.0"}', /host.json: machineId/],
  ])('%s as %s is named', (name, content, message) => {
    writeRun();
    rmSync(join(directory, name));
    if (content !== undefined) writeFileSync(join(directory, name), content);
    expect(() => readRun(directory)).toThrow(message);
  });
});

describe('baselines', () => {
  test('a saved name leads to its run', () => {
    writeRun();
    saveBaseline(root, 'before', directory);
    expect(listBaselines(root)).toEqual(['before']);
    expect(resolveBaseline(root, 'before')).toBe(directory);
  });

  test('an unknown name lists the known ones; a name is no path', () => {
    writeRun();
    saveBaseline(root, 'before', directory);
    expect(() => resolveBaseline(root, 'after')).toThrow(/no baseline after .*known: before/);
    expect(() => saveBaseline(root, '../x', directory)).toThrow(UsageError);
  });

  test('a folder that now holds another run is not taken for the saved one', () => {
    writeRun();
    saveBaseline(root, 'before', directory);
    RunStore.create(directory, planFixture(records, 'run-2'), hostFixture(), true);
    expect(() => resolveBaseline(root, 'before')).toThrow(/run-1 was saved, but .* holds run-2/);
  });
});
