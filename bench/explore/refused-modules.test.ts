import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../../results/usage-error.ts';
import { main } from '../command-line.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { loadExplored } from './explored-strategy.ts';
import { compileAssemblyScript } from './fixtures/racy-counter.ts';
import { writeTextModule } from './fixtures/text-module.ts';

const folder = mkdtempSync(join(tmpdir(), 'xlt-refused-'));
afterAll(() => rmSync(folder, { recursive: true }));

function load(file: string) {
  return loadExplored(resolveStrategy(file));
}

describe('exploration refuses', () => {
  it('modules without the ABI, and what is no module, naming them', async () => {
    const source = 'export function init(region: usize): i32 { return load<i32>(region); }';
    const file = await compileAssemblyScript(folder, 'no-abi', source);
    await expect(load(file)).rejects.toThrow(/no-abi\.wasm: export update is missing/);
    const text = join(folder, 'text.wasm');
    writeFileSync(text, 'not a module');
    await expect(load(text)).rejects.toThrow(UsageError);
  });

  // The engine compiles each of them: it is the instrumenter that refuses.
  it.each([
    [
      'a lane-wise vector load',
      'v128.load32_splat',
      '(drop (v128.load32_splat (local.get 0)))',
      '',
    ],
    [
      'a lane-wise vector store',
      'v128.store8_lane',
      '(v128.store8_lane 3 (local.get 0) (v128.const i64x2 1 2))',
      '',
    ],
    ['a fence', 'atomic.fence', '(atomic.fence)', ''],
    ['growing memory', 'memory.grow', '(drop (memory.grow (i32.const 1)))', ''],
    [
      'an exception',
      'try',
      '(try (do (call $thrower)) (catch_all (nop)))',
      '(tag $e) (func $thrower (throw $e))',
    ],
    [
      'a tail call',
      'return_call',
      '(return_call $other)',
      '(func $other (result i32) (i32.const 0))',
    ],
  ])('%s, naming module, instruction and function', async (_, instruction, body, more) => {
    const id = `with-${instruction.replaceAll(/\W/g, '-')}`;
    const file = writeTextModule(join(folder, `${id}.wasm`), body, more);
    new WebAssembly.Module(readFileSync(file));
    const error = await load(file).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(
      new RegExp(
        `^${id}: instruction ${instruction.replace('.', '\\.')} in function \\w+ cannot be`,
      ),
    );
  });

  it('a module that the engine reads and the compiler does not', async () => {
    const file = writeTextModule(join(folder, 'garbled.wasm'), '(nop)');
    const name = Buffer.from('target_features');
    const section = Buffer.concat([Buffer.of(name.length), name, Buffer.of(0x7f)]);
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.of(0, section.length), section]));
    new WebAssembly.Module(readFileSync(file));
    const error = await load(file).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(/^garbled: cannot be instrumented \(binaryen: /);
  });

  it('with exit 2 and one line', async () => {
    const file = writeTextModule(
      join(folder, 'simd.wasm'),
      '(drop (v128.load8x8_u (local.get 0)))',
    );
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      expect(await main(['explore', file])).toBe(2);
      const said = stderr.mock.calls.map(([text]) => String(text)).join('');
      expect(said.trimEnd().split('\n')).toHaveLength(1);
      expect(said).toContain('simd: instruction v128.load8x8_u in function update');
      expect(stdout).not.toHaveBeenCalled();
    } finally {
      stderr.mockRestore();
      stdout.mockRestore();
    }
  });
});

describe('exploration accepts', () => {
  it('vector arithmetic between whole-vector accesses', async () => {
    const body = '(v128.store (local.get 0) (i32x4.neg (v128.load (local.get 0))))';
    const { strategy } = await load(writeTextModule(join(folder, 'vector.wasm'), body));
    expect(strategy.sites.map(({ instruction }) => instruction)).toEqual([
      'v128.load',
      'v128.load (second half)',
      'v128.store',
      'v128.store (second half)',
    ]);
  });
});
