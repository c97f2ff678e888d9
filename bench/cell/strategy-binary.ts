import { readFileSync } from 'node:fs';
import { ABI_VERSION, MODULE_DATA_BYTES } from '../../core/abi/layout.ts';
import { UsageError } from '../../results/usage-error.ts';
import { ABI_SECTION, abiVersionOf } from '../build/abi-section.ts';
import { forbiddenSection } from '../build/check-module.ts';
import { memoryImport } from '../build/wasm-sections.ts';

/** The strategy ABI: exports a module must have (core/abi/strategy.ts). */
const STRATEGY_EXPORTS = ['init', 'update', 'invalidate', 'translate', 'maintain', 'fini'] as const;

const WASM_PAGE_BYTES = 65536;
/** A cell's memory ends below 4 GiB; a module that states less could not be given a larger one. */
const WHOLE_MEMORY_PAGES = 65536;
const OWN_PAGES = MODULE_DATA_BYTES / WASM_PAGE_BYTES;

/** A module as it lies on disk, and compiled. */
export interface ModuleFile {
  readonly file: string;
  readonly binary: Uint8Array;
  readonly module: WebAssembly.Module;
}

/** @throws UsageError when it is no WebAssembly module */
export function readModule(file: string): ModuleFile {
  try {
    const binary = readFileSync(file);
    return { file, binary, module: new WebAssembly.Module(binary) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new UsageError(`${file}: not a readable WebAssembly module (${why})`);
  }
}

/**
 * Does the module keep to the ABI: version, exports, imports, memory, no static data?
 * @param services names that core.wasm exports
 * @throws UsageError naming the module, what is wrong with it, and what was expected
 */
export function checkStrategy(strategy: ModuleFile, services: readonly string[]): void {
  checkExports(strategy);
  checkVersion(strategy);
  checkImports(strategy, services);
  checkMemory(strategy);
  const forbidden = forbiddenSection(strategy.binary);
  if (forbidden !== null) {
    throw new UsageError(`${strategy.file}: has ${forbidden}; a strategy keeps all state in pages`);
  }
}

function checkExports({ file, module }: ModuleFile): void {
  const exports = WebAssembly.Module.exports(module);
  for (const name of STRATEGY_EXPORTS) {
    if (exports.some((item) => item.name === name && item.kind === 'function')) continue;
    throw new UsageError(
      `${file}: export ${name} is missing; a strategy (ABI ${ABI_VERSION}) exports ` +
        STRATEGY_EXPORTS.join(', '),
    );
  }
}

function checkVersion({ file, module }: ModuleFile): void {
  const version = abiVersionOf(module);
  if (version === ABI_VERSION) return;
  const found = version === null ? 'is missing or no u32' : `says ABI ${version}`;
  throw new UsageError(
    `${file}: section ${ABI_SECTION} ${found}; expected ABI ${ABI_VERSION} ` +
      '(bench/build/abi-section.ts and strategies/c/xlt.h write it): build it anew',
  );
}

function checkImports({ file, module }: ModuleFile, services: readonly string[]): void {
  for (const item of WebAssembly.Module.imports(module)) {
    if (item.module === 'env' && item.name === 'memory' && item.kind === 'memory') continue;
    if (item.module === 'core' && services.includes(item.name)) continue;
    throw new UsageError(
      `${file}: import ${item.module}.${item.name} is not in ABI ${ABI_VERSION}; ` +
        'a strategy imports env.memory and the services of core/abi/core.ts',
    );
  }
}

function checkMemory({ file, binary }: ModuleFile): void {
  const memory = memoryImport(binary);
  const expected =
    `expected env.memory to be shared, with at most ${OWN_PAGES} pages (1 MiB) of its own and a ` +
    `maximum of ${WHOLE_MEMORY_PAGES}: tables come from the arena, by pageAlloc`;
  // The compiler drops the import of a module that touches no memory.
  if (memory === null) return;
  const { minimumPages, maximumPages, shared } = memory;
  if (!shared) throw new UsageError(`${file}: its memory is not shared; ${expected}`);
  if (minimumPages > OWN_PAGES) {
    const mebibytes = (minimumPages * WASM_PAGE_BYTES) / 2 ** 20;
    throw new UsageError(
      `${file}: needs ${minimumPages} pages of memory (${mebibytes} MiB) before it runs; ${expected}`,
    );
  }
  if (maximumPages !== WHOLE_MEMORY_PAGES) {
    throw new UsageError(`${file}: its memory ends at ${maximumPages} pages; ${expected}`);
  }
}
