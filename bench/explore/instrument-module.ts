import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { type Site, TextInstrumenter, type TextOptions } from './instrument-text.ts';
import { POINT_FUNCTIONS, POINT_IMPORTS } from './point-text.ts';

export interface InstrumentedModule {
  readonly module: WebAssembly.Module;
  readonly sites: readonly Site[];
  /** SHA-256 of the module as it was benchmarked. */
  readonly sha256: string;
}

export interface ModuleSource extends TextOptions {
  readonly binary: Uint8Array;
}

/** Imports of the model during which a thread may be unwound. */
const PAUSING_IMPORTS = 'explore.pause,explore.park,core.*,strategy.*';
/** Changes when instrumented modules of one input are no longer the same. */
const INSTRUMENTER_VERSION = 4;

const cacheFolder = join(packageRoot, 'node_modules', '.cache', 'xlt-bench', 'explore');

/** What this process has compiled: core and driver are the same for all strategies. */
const compiled = new Map<string, InstrumentedModule>();

/**
 * Instruments one module: scheduling points at flat-text level (instrument-text.ts), then binaryen's
 * asyncify, so that a thread can be unwound at any point and resumed there. All in this process; kept
 * under node_modules/.cache by the hash of module, instrumenter and compiler.
 *
 * The asyncify state is imported: the instances of all threads share one, so a stack that runs through
 * driver, strategy and core unwinds and rewinds as a whole without merging the modules.
 *
 * @throws UsageError when the module has instructions the points do not cover
 */
export async function instrumentModule(source: ModuleSource): Promise<InstrumentedModule> {
  const sha256 = createHash('sha256').update(source.binary).digest('hex');
  const key = createHash('sha256')
    .update(JSON.stringify([sha256, source.module, source.role, source.firstSite]))
    .update(POINT_IMPORTS + POINT_FUNCTIONS + INSTRUMENTER_VERSION)
    .digest('hex')
    .slice(0, 32);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const result = { ...(await loadOrTransform(source, key)), sha256 };
  compiled.set(key, result);
  return result;
}

async function loadOrTransform(
  source: ModuleSource,
  key: string,
): Promise<Pick<InstrumentedModule, 'module' | 'sites'>> {
  const wasmFile = join(cacheFolder, `${key}.wasm`);
  const siteFile = join(cacheFolder, `${key}.json`);
  if (existsSync(wasmFile) && existsSync(siteFile)) {
    return {
      module: new WebAssembly.Module(readFileSync(wasmFile)),
      sites: JSON.parse(readFileSync(siteFile, 'utf8')),
    };
  }
  const { binary, sites } = await transform(source);
  mkdirSync(cacheFolder, { recursive: true });
  writeRenamed(siteFile, JSON.stringify(sites));
  writeRenamed(wasmFile, binary);
  return { module: new WebAssembly.Module(binary), sites };
}

/** Loaded when first needed: binaryen is large. */
async function transform(source: ModuleSource): Promise<{ binary: Uint8Array; sites: Site[] }> {
  const { default: binaryen } = await import('binaryen');
  const { flatText } = await import('./flat-text.ts');
  const instrumenter = new TextInstrumenter(source);
  const text = instrumenter.run(flatText(source.binary, source.module));
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  binaryen.setOptimizeLevel(1);
  binaryen.setDebugInfo(true);
  binaryen.setPassArgument('asyncify-imports', PAUSING_IMPORTS);
  binaryen.setPassArgument('asyncify-import-globals', '1');
  module.runPasses(['asyncify']);
  module.optimize();
  const binary = module.emitBinary();
  module.dispose();
  return { binary, sites: instrumenter.sites };
}

function writeRenamed(file: string, contents: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, file);
}
