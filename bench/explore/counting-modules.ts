import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../results/atomic-file.ts';
import { SharedState } from '../cell/shared-state.ts';
import type { CellModules } from '../cell/thread-modules.ts';
import { packageRoot } from '../package-root.ts';
import { POINT_FUNCTIONS } from './point-text.ts';
import { TURNS, WORD_TURNS } from './scheduler-words.ts';

const folder = join(packageRoot, 'dist', 'wasm', 'counting');
const cacheFolder = join(packageRoot, 'node_modules', '.cache', 'xlt-bench', 'counting');

/** Where the build leaves the counting form of `core`, `driver` or `strategies/<id>`. */
export function countingFile(name: string): string {
  return join(folder, `${name}.wasm`);
}

/**
 * Core, driver and a strategy in the form that counts accesses (counting-binary.ts): of the tree as they
 * were built, of one's own made now.
 * @returns null for a module of one's own where the compiler is not installed
 */
export async function countingModules(
  strategy: { readonly id: string } | { readonly file: string },
): Promise<CellModules | null> {
  const own =
    'id' in strategy
      ? readFileSync(countingFile(`strategies/${strategy.id}`))
      : await countingBinaryOf(strategy.file);
  if (own === null || !existsSync(countingFile('core'))) return null;
  return {
    core: new WebAssembly.Module(readFileSync(countingFile('core'))),
    driver: new WebAssembly.Module(readFileSync(countingFile('driver'))),
    strategy: new WebAssembly.Module(own as Uint8Array<ArrayBuffer>),
    imports: noScheduler,
  };
}

/** Made once for each content: the compiler alone takes longer to load than many a cell to run. */
async function countingBinaryOf(file: string): Promise<Uint8Array | null> {
  const binary = readFileSync(file);
  const key = createHash('sha256').update(binary).update(POINT_FUNCTIONS).digest('hex');
  const kept = join(cacheFolder, `${key.slice(0, 32)}.wasm`);
  if (existsSync(kept)) return readFileSync(kept);
  try {
    const { countingBinary } = await import('./counting-binary.ts');
    const made = countingBinary(binary, { module: file, role: 'strategy', firstSite: 0 });
    mkdirSync(cacheFolder, { recursive: true });
    writeFileAtomic(kept, made);
    return made;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null;
    throw cause;
  }
}

/** One thread: nobody is switched to, and a long run makes as many turns as it needs. */
function noScheduler(memory: WebAssembly.Memory): Record<string, Record<string, unknown>> {
  const state = new SharedState(memory);
  return {
    explore: { pause: () => state.set(WORD_TURNS, TURNS), park: () => {}, wake: () => 0 },
  };
}
