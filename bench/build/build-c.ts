import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ABI_VERSION } from '../../core/abi/layout.ts';
import { manifest, type StrategyEntry } from '../../strategies/manifest.ts';
import { packageRoot } from '../package-root.ts';
import { checkModule } from './check-module.ts';

const sourceFolder = join(packageRoot, 'strategies', 'c');
const wasmFolder = join(packageRoot, 'dist', 'wasm');
const headerFolder = join(wasmFolder, 'c');
const COMPILE_TIMEOUT_MS = 120_000;

/** Files whose integer constants a C strategy sees, below core/abi. */
const CONSTANT_FILES = ['layout.ts', 'terms.ts', 'trace-event.ts', 'entry.ts'];

const FLAGS = [
  '--target=wasm32-unknown-unknown',
  '-std=c11',
  '-O2',
  '-Wall',
  '-Wextra',
  '-ffreestanding',
  '-nostdlib',
  '-matomics',
  '-mbulk-memory',
  '-mmutable-globals',
  '-msign-ext',
  '-fvisibility=hidden',
  '-Wl,--no-entry,--import-memory,--shared-memory,--max-memory=4294967296',
];

export interface BuiltC {
  readonly inputHash: string;
  readonly sha256: string;
}

/** Where the build of a strategy of the tree lies. */
export function strategyModule(id: string): string {
  return join(wasmFolder, 'strategies', `${id}.wasm`);
}

/** The manifest without what could not be built here (C, where there is no compiler). */
export function builtStrategies(): StrategyEntry[] {
  return manifest.filter(({ id, language }) => language !== 'c' || existsSync(strategyModule(id)));
}

/** Why C strategies cannot be built here, or null. */
export function missingCompiler(): string | null {
  for (const tool of ['clang', 'wasm-ld']) {
    if (spawnSync(tool, ['--version']).status === 0) continue;
    return `no ${tool}: strategies in C need clang and lld (Debian: apt-get install clang lld)`;
  }
  return null;
}

/** core/abi's integer constants as a C header: the one source stays the TypeScript side. */
export function constantsHeader(): string {
  const lines = CONSTANT_FILES.flatMap((file) => {
    const text = readFileSync(join(packageRoot, 'core', 'abi', file), 'utf8');
    return [...text.matchAll(/^export const (\w+): (u32|i32|u64) = (-?\w+);/gm)].map(
      ([, name, type, value]) => {
        const literal =
          type === 'u64' ? `UINT64_C(${value})` : type === 'u32' ? `${value}u` : value;
        return `#define ${name} (${literal})`;
      },
    );
  });
  // Assembly takes no C literal.
  lines.push(`#define ABI_VERSION_TEXT "${ABI_VERSION}"`);
  return `/* Generated from core/abi by bench/build/build-c.ts. */\n${lines.join('\n')}\n`;
}

/**
 * Builds the manifest's C strategies into dist/wasm/strategies; unchanged ones are kept. Without clang or
 * wasm-ld it says so and builds nothing.
 * @throws Error with the compiler's message when a source does not compile or breaks a module rule
 */
export function buildC(known: Readonly<Record<string, BuiltC>>): Record<string, BuiltC> {
  const ids = manifest.filter(({ language }) => language === 'c').map(({ id }) => id);
  const missing = ids.length === 0 ? null : missingCompiler();
  if (missing !== null) {
    process.stdout.write(`skipped ${ids.join(', ')}: ${missing}\n`);
    return {};
  }
  mkdirSync(headerFolder, { recursive: true });
  const header = constantsHeader();
  writeFileSync(join(headerFolder, 'xlt-constants.h'), header);
  const version = spawnSync('clang', ['--version'], { encoding: 'utf8' }).stdout;
  const built: Record<string, BuiltC> = {};
  for (const id of ids) {
    const source = join(sourceFolder, `${id}.c`);
    const hash = createHash('sha256').update(version).update(FLAGS.join(' '));
    hash.update(header).update(readFileSync(join(sourceFolder, 'xlt.h')));
    const inputHash = hash.update(readFileSync(source)).digest('hex');
    const name = `strategies/${id}`;
    const before = known[name];
    built[name] =
      before?.inputHash === inputHash && existsSync(strategyModule(id))
        ? before
        : { inputHash, sha256: compile(name, source, strategyModule(id)) };
  }
  return built;
}

/** Compiles one file; returns the module's SHA-256. */
function compile(name: string, source: string, out: string): string {
  const temporary = `${out}.tmp`;
  const run = spawnSync('clang', [...FLAGS, `-I${headerFolder}`, source, '-o', temporary], {
    encoding: 'utf8',
    timeout: COMPILE_TIMEOUT_MS,
  });
  if (run.status !== 0) {
    throw new Error(`${source} does not compile:\n${run.error?.message ?? run.stderr}`);
  }
  const binary = readFileSync(temporary);
  checkModule(name, binary);
  renameSync(temporary, out);
  process.stdout.write(`built ${name}.wasm: ${binary.length} bytes\n`);
  return createHash('sha256').update(binary).digest('hex');
}
