import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModules } from '../cell/thread-modules.ts';
import { runCases } from '../conformance/run-cases.ts';
import { packageRoot } from '../package-root.ts';
import { resolveStrategy } from '../run/resolve-strategy.ts';
import { newStrategy } from './new-strategy.ts';

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'xlt-new-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A tree with what new-strategy needs, and the house's formatter rules. */
function copyOfTree(): string {
  const root = mkdtempSync(join(scratch, 'tree-'));
  for (const path of [
    'strategies',
    'bench/strategy-template',
    'core/abi',
    'biome.json',
    '.gitignore',
  ]) {
    cpSync(join(packageRoot, path), join(root, path), { recursive: true });
  }
  return root;
}

describe('a strategy outside the tree', () => {
  it('compiles and passes the hmm cases of the suite', async () => {
    const folder = join(scratch, 'outside');
    const { next } = newStrategy({ id: 'my-idea', folder });
    const built = spawnSync(process.execPath, [join(folder, 'build.mjs')], { encoding: 'utf8' });
    expect(built.stderr).toBe('');
    expect(built.stdout).toBe('built my-idea.wasm\n');
    const { entry, file } = resolveStrategy(join(folder, 'my-idea.wasm'));
    expect(entry.guarantees.updateCanFail).toBe(false);
    const strategy = { entry, modules: loadModules({ file: file! }), params: {} };
    const { passed, failed } = runCases(strategy, { size: 'small', seed: 1, only: 'hmm/' });
    expect(failed).toEqual([]);
    expect(passed.length).toBeGreaterThan(20);
    expect(next.join('\n')).toContain('verify');
  });

  it('is not written over what is there', async () => {
    const folder = join(scratch, 'twice');
    newStrategy({ id: 'twice', folder });
    expect(() => newStrategy({ id: 'twice', folder })).toThrow('twice.ts: is there already');
  });

  it('does not lie inside it', async () => {
    const folder = join(packageRoot, 'strategies', 'inside');
    expect(() => newStrategy({ id: 'inside', folder })).toThrow('lies in the tree');
  });
});

describe('a strategy inside the tree', () => {
  it('is listed in the manifest, in the house style', async () => {
    const root = copyOfTree();
    const { files } = newStrategy({ id: 'my-own-idea', root });
    const manifest = readFileSync(join(root, 'strategies', 'manifest.ts'), 'utf8');
    expect(manifest).toContain("import { myOwnIdea } from './manifest-my-own-idea.ts';");
    expect(manifest).toContain('  myOwnIdea,\n  ...canaries,\n];');
    expect(readFileSync(files[0]!, 'utf8')).toContain("from '../core/abi/flat-table'");
    const biome = join(packageRoot, 'node_modules', '.bin', 'biome');
    const checked = spawnSync(biome, ['check', ...files], { cwd: root, encoding: 'utf8' });
    expect(checked.status, checked.stdout + checked.stderr).toBe(0);
  });

  it('is refused where there is no tree', async () => {
    const root = join(scratch, 'empty');
    mkdirSync(root);
    expect(() => newStrategy({ id: 'lost', root })).toThrow('give --folder');
  });
});

it.each([
  ['My Idea', 'expected lower-case words'],
  ['my_idea', 'expected lower-case words'],
  ['radix', 'there is one of that name'],
])('the id %s is refused', async (id, message) => {
  expect(() => newStrategy({ id, folder: scratch })).toThrow(message);
});
