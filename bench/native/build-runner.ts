import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';

/** The compiled runner of the C twins, or why there is none. */
export type NativeRunner =
  | { readonly file: string; readonly compiler: string; readonly folder: string }
  | { readonly refusal: string };

const COMPILERS = ['gcc', 'clang', 'cc'] as const;
const FLAGS = ['-std=c11', '-O2', '-Wall', '-Wextra'];
const COMPILE_TIMEOUT_MS = 120_000;

/**
 * Compiles bench/native/*.c into a temporary folder of its own: each file a translation unit, no
 * link-time optimisation, so that calls between them stay calls as they do between wasm instances.
 */
export function buildNativeRunner(compilers: readonly string[] = COMPILERS): NativeRunner {
  const source = join(packageRoot, 'bench', 'native');
  const files = existsSync(source) ? readdirSync(source).filter((name) => name.endsWith('.c')) : [];
  if (files.length === 0) {
    return { refusal: `no C sources in ${source}: the comparison with C needs the repository` };
  }
  for (const compiler of compilers) {
    const version = spawnSync(compiler, ['--version'], { encoding: 'utf8' });
    if (version.status !== 0) continue;
    const folder = mkdtempSync(join(tmpdir(), 'xlt-native-'));
    const file = join(folder, 'runner');
    const run = spawnSync(compiler, [...FLAGS, '-o', file, ...files.sort()], {
      cwd: source,
      encoding: 'utf8',
      timeout: COMPILE_TIMEOUT_MS,
    });
    if (run.status !== 0) {
      const why = run.error?.message ?? run.stderr.trim().split('\n')[0] ?? '';
      return { refusal: `${compiler} does not compile bench/native: ${why}` };
    }
    const name = version.stdout.split('\n')[0]!.trim();
    return { file, folder, compiler: `${name}, ${FLAGS.slice(0, 2).join(' ')}` };
  }
  return {
    refusal: `no C compiler (looked for ${compilers.join(', ')}): the comparison with C is left out`,
  };
}
