import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { compileWasm } from '../build/compile-wasm.ts';
import { packageRoot } from '../package-root.ts';

/**
 * Compiles core, one strategy and the driver into one module, from the same sources, and writes it to
 * `out`. Nothing is ever measured with it but this: what the calls between the three modules cost.
 * It exports what driver.wasm does.
 */
export async function compileLinked(strategy: string, out: string): Promise<void> {
  const before = process.cwd();
  // The compiler resolves paths from the working directory.
  process.chdir(packageRoot);
  try {
    const core = readFileSync(join('core', 'core.ts'), 'utf8').replaceAll("from './", "from '../");
    const functions = 'init, update, invalidate, translate, maintain, fini';
    const texts = new Map([
      ['core/linked.ts', "export * from './driver';"],
      ['core/abi/strategy.ts', `export { ${functions} } from '../../strategies/${strategy}';`],
      ['core/abi/core.ts', core],
    ]);
    await compileWasm('core/linked.ts', relative(packageRoot, out), { texts });
  } finally {
    process.chdir(before);
  }
}
