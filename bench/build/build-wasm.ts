// Builds core.wasm, driver.wasm and one module a strategy into dist/wasm, all in one process; a module
// whose sources, flags and compiler have not changed is kept. Run by `npm run build` after tsc.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manifest } from '../../strategies/manifest.ts';
import { countingBinary } from '../explore/counting-binary.ts';
import { countingFile } from '../explore/counting-modules.ts';
import type { ModuleRole } from '../explore/scheduler-words.ts';
import { packageRoot } from '../package-root.ts';
import { buildC } from './build-c.ts';
import { checkModule } from './check-module.ts';
import { compileWasm, WASM_COMPILER } from './compile-wasm.ts';
import { WASM_FLAGS } from './wasm-flags.ts';

interface BuiltModule {
  readonly inputHash: string;
  readonly sha256: string;
  /** What its counting form was made of. */
  readonly countingHash?: string;
}

const outFolder = join(packageRoot, 'dist', 'wasm');
const listFile = join(outFolder, 'modules.json');
const COUNTING_SOURCES = ['counting-binary', 'instrument-text', 'point-text'].map((name) =>
  fileURLToPath(new URL(`../explore/${name}.js`, import.meta.url)),
);

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith('.ts') && !file.name.endsWith('.test.ts'))
    .map((file) => join(file.parentPath, file.name))
    .sort();
}

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256').update(WASM_COMPILER).update(WASM_FLAGS.join(' '));
  for (const file of files) hash.update(relative(packageRoot, file)).update(readFileSync(file));
  return hash.digest('hex');
}

async function build(): Promise<void> {
  mkdirSync(join(outFolder, 'strategies'), { recursive: true });
  const before: Record<string, BuiltModule> = existsSync(listFile)
    ? JSON.parse(readFileSync(listFile, 'utf8'))
    : {};
  const testing = join(packageRoot, 'core', 'testing');
  const coreSources = sourcesBelow(join(packageRoot, 'core')).filter(
    (file) => !file.startsWith(testing),
  );
  const strategySources = sourcesBelow(join(packageRoot, 'strategies'));
  const shared = coreSources.filter((file) => file.includes(join('core', 'abi')));
  const plan = [
    { name: 'core', entry: 'core/core.ts', sources: coreSources },
    { name: 'driver', entry: 'core/driver.ts', sources: coreSources },
    ...manifest
      .filter((entry) => entry.language === 'assemblyscript')
      .map(({ id }) => ({
        name: `strategies/${id}`,
        entry: `strategies/${id}.ts`,
        sources: strategyInputs(id, strategySources, shared),
      })),
  ];
  const after: Record<string, BuiltModule> = {};
  for (const { name, entry, sources } of plan) {
    const inputHash = hashOf(sources);
    const out = join(outFolder, `${name}.wasm`);
    const known = before[name];
    if (known?.inputHash === inputHash && existsSync(out)) {
      after[name] = known;
      continue;
    }
    const startMs = performance.now();
    const binary = await compileWasm(entry, relative(process.cwd(), out), {
      inlines: name !== 'driver',
    });
    checkModule(name, binary);
    const sha256 = createHash('sha256').update(binary).digest('hex');
    after[name] = { inputHash, sha256 };
    const tookMs = Math.round(performance.now() - startMs);
    process.stdout.write(`built ${name}.wasm: ${binary.length} bytes in ${tookMs} ms\n`);
  }
  Object.assign(after, buildC(before));
  for (const [name, built] of Object.entries(after)) {
    after[name] = { ...built, countingHash: buildCounting(name, built) };
  }
  writeFileSync(`${listFile}.tmp`, `${JSON.stringify(after, null, 2)}\n`);
  renameSync(`${listFile}.tmp`, listFile);
}

/** The module in the form that counts its accesses (bench/explore), made anew when either has changed. */
function buildCounting(name: string, { sha256, countingHash }: BuiltModule): string {
  const hash = createHash('sha256').update(sha256);
  for (const file of COUNTING_SOURCES) hash.update(readFileSync(file));
  const wanted = hash.digest('hex');
  const out = countingFile(name);
  if (wanted === countingHash && existsSync(out)) return wanted;
  const role: ModuleRole = name === 'core' || name === 'driver' ? name : 'strategy';
  mkdirSync(dirname(out), { recursive: true });
  const binary = readFileSync(join(outFolder, `${name}.wasm`));
  writeFileSync(out, countingBinary(binary, { module: name, role, firstSite: 0 }));
  return wanted;
}

/** A strategy's own file, those it imports from strategies/, and core/abi. */
function strategyInputs(
  id: string,
  strategySources: readonly string[],
  shared: readonly string[],
): string[] {
  const inputs = new Set<string>();
  const visit = (file: string): void => {
    if (inputs.has(file) || !strategySources.includes(file)) return;
    inputs.add(file);
    for (const match of readFileSync(file, 'utf8').matchAll(/from '\.\/([\w-]+)'/g)) {
      visit(join(packageRoot, 'strategies', `${match[1]}.ts`));
    }
  };
  visit(join(packageRoot, 'strategies', `${id}.ts`));
  return [...inputs].sort().concat(shared);
}

process.chdir(packageRoot);
await build();
