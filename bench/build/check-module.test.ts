import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manifest } from '../../strategies/manifest.ts';
import { packageRoot } from '../package-root.ts';
import { checkModule } from './check-module.ts';
import { memoryImport, wasmSections } from './wasm-sections.ts';

const IMPORT = 2;
const FUNCTION = 3;
const EXPORT = 7;
const START = 8;
const CODE = 10;
const DATA = 11;
const ABI = ['fini', 'init', 'invalidate', 'maintain', 'translate', 'update'];

/** A module of the given sections, after one type: no parameters, no results. */
function moduleOf(...sections: [number, number[]][]): Uint8Array {
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0];
  for (const [id, content] of sections) bytes.push(id, content.length, ...content);
  return new Uint8Array(bytes);
}

const sectionIds = (binary: Uint8Array): number[] => wasmSections(binary).map(({ id }) => id);
const text = (word: string): number[] => [word.length, ...Buffer.from(word)];
const functionImport = (module: string, name: string): [number, number[]] => [
  IMPORT,
  [1, ...text(module), ...text(name), 0, 0],
];
const sharedMemory: [number, number[]] = [
  IMPORT,
  [1, ...text('env'), ...text('memory'), 2, 3, 1, 1],
];
const oneFunction: [number, number[]] = [FUNCTION, [1, 0]];
const itsCode: [number, number[]] = [CODE, [1, 2, 0, 0x0b]];

describe('the check of built modules', () => {
  it('reads the sections of a module', () => {
    const binary = moduleOf(sharedMemory, oneFunction, [EXPORT, [0]], itsCode);
    expect(sectionIds(binary)).toEqual([1, IMPORT, FUNCTION, EXPORT, CODE]);
    // A section of more than 127 bytes has a length of two.
    const custom: [number, number[]] = [0, [...text('note'), ...new Array(120).fill(1)]];
    expect(sectionIds(moduleOf(custom, sharedMemory))).toEqual([1, 0, IMPORT]);
    const long = moduleOf();
    const two = new Uint8Array([
      ...long,
      0,
      0x80 | (200 & 0x7f),
      1,
      ...text('n'),
      ...new Array(198),
    ]);
    expect(sectionIds(two)).toEqual([1, 0]);
  });

  it('reads what a module asks of its memory, behind other imports', () => {
    const behind: [number, number[]] = [
      IMPORT,
      [
        ...[4, ...text('core'), ...text('count'), 0, 0],
        ...[...text('env'), ...text('table'), 1, 0x70, 0, 1],
        ...[...text('env'), ...text('base'), 3, 0x7f, 0],
        ...[...text('env'), ...text('memory'), 2, 3, 0x80, 2, 0x80, 0x80, 4],
      ],
    ];
    const memory = { minimumPages: 256, maximumPages: 65536, shared: true };
    expect(memoryImport(moduleOf(behind))).toEqual(memory);
    expect(memoryImport(moduleOf(oneFunction))).toBeNull();
  });

  it('lets a module be that imports its memory and its services', () => {
    expect(() => checkModule('strategies/x', moduleOf(sharedMemory))).not.toThrow();
    expect(() =>
      checkModule('strategies/x', moduleOf(functionImport('core', 'count'))),
    ).not.toThrow();
    expect(() => checkModule('core', moduleOf(functionImport('env', 'tick')))).not.toThrow();
    expect(() =>
      checkModule('driver', moduleOf(functionImport('strategy', 'update'))),
    ).not.toThrow();
  });

  it('refuses static data', () => {
    const data: [number, number[]] = [DATA, [1, 0, 0x41, 0, 0x0b, 1, 7]];
    expect(() => checkModule('x', moduleOf(sharedMemory, data))).toThrow('x.wasm has static data');
  });

  it('refuses a start function', () => {
    const binary = moduleOf(oneFunction, [START, [0]], itsCode);
    expect(() => checkModule('x', binary)).toThrow('x.wasm has a start function');
  });

  it.each([
    ['core', 'env', 'abort'],
    ['strategies/x', 'strategy', 'update'],
    ['core', 'core', 'count'],
    ['driver', 'wasi_snapshot_preview1', 'fd_write'],
  ])('refuses that %s imports %s.%s', (name, module, field) => {
    expect(() => checkModule(name, moduleOf(functionImport(module, field)))).toThrow(
      `${name}.wasm imports ${module}.${field}`,
    );
  });
});

describe('built modules', () => {
  const strategies = manifest
    .filter(({ language }) => language === 'assemblyscript')
    .map(({ id }) => `strategies/${id}`);
  const names = ['core', 'driver', ...strategies];
  const read = (name: string): Uint8Array =>
    readFileSync(join(packageRoot, 'dist', 'wasm', `${name}.wasm`));
  const anything = new Proxy({}, { get: () => () => 0 });

  it.each(names)('%s keeps the rules and lives in a shared memory', (name) => {
    checkModule(name, read(name));
    const module = new WebAssembly.Module(read(name));
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536, shared: false });
    const imports = { env: { memory, tick: () => 0 }, core: anything, strategy: anything };
    const takesMemory = WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
    if (takesMemory) {
      expect(() => new WebAssembly.Instance(module, imports)).toThrow(/shared/);
    } else {
      expect(name).toBe('strategies/noop');
    }
  });

  it.each(strategies)('%s exports the ABI and nothing else', (name) => {
    const exports = WebAssembly.Module.exports(new WebAssembly.Module(read(name)));
    expect(exports.map((item) => item.name).sort()).toEqual(ABI);
    expect(exports.every(({ kind }) => kind === 'function')).toBe(true);
  });
});
