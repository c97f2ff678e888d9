import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import * as asc from 'assemblyscript/asc';
import binaryen from 'binaryen';
import { ABI_VERSION } from '../../core/abi/layout.ts';
import { withAbiSection } from './abi-section.ts';
import { WASM_FLAGS } from './wasm-flags.ts';

/**
 * Largest function, in Binaryen's nodes, that is inlined wherever it is called. asc stops at 65, and
 * each call that is left costs a frame and a stack check: with 200 a one-page update of radix took 28
 * instead of 36 ns, and one of 512 pages 0.7 instead of 0.84 us (medians of one machine).
 */
const INLINE_NODES = 200;

/** Version of the compiler; part of what a built module is known by. */
export const WASM_COMPILER: string = `${asc.version}, second pass, inline ${INLINE_NODES}, section xlt_abi`;

export interface CompileOptions {
  /** By path, what the compiler reads instead of these files. */
  readonly texts?: ReadonlyMap<string, string>;
  /** False: only what asc inlines. The driver would grow fivefold, and with it every cell's start. */
  readonly inlines?: boolean;
}

/**
 * Compiles one AssemblyScript entry, with the ABI's version in a section of its own; both paths are relative to the working directory.
 * @throws Error with the compiler's own message
 */
export async function compileWasm(
  entry: string,
  out: string,
  { texts, inlines = true }: CompileOptions = {},
): Promise<Uint8Array> {
  const { error, stderr } = await asc.main([entry, ...WASM_FLAGS, '--outFile', out], {
    readFile: (name, base) => {
      const file = join(base, name);
      const text = texts?.get(relative('.', file));
      if (text !== undefined) return text;
      return existsSync(file) ? readFileSync(file, 'utf8') : null;
    },
    writeFile: (name, contents, base) => writeFileSync(resolve(base, name), contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${entry} does not compile:\n${stderr.toString()}`);
  const compiled = readFileSync(out);
  const binary = withAbiSection(inlines ? inlineCalls(compiled) : compiled, ABI_VERSION);
  writeFileSync(out, binary);
  return binary;
}

/** A second pass of the optimiser that asc has run already, with a larger limit. */
function inlineCalls(binary: Uint8Array): Uint8Array {
  const { Features } = binaryen;
  const module = binaryen.readBinary(binary);
  module.setFeatures(
    Features.Atomics |
      Features.BulkMemory |
      Features.BulkMemoryOpt |
      Features.SIMD128 |
      Features.SignExt |
      Features.NontrappingFPToInt |
      Features.MutableGlobals,
  );
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(INLINE_NODES);
  binaryen.setFlexibleInlineMaxSize(INLINE_NODES);
  binaryen.setDebugInfo(true);
  module.optimize();
  const inlined = module.emitBinary();
  module.dispose();
  return inlined;
}
