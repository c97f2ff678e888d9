import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as asc from 'assemblyscript/asc';

/** Version of the compiler; part of what a built module is known by. */
export const WASM_COMPILER: string = asc.version;

/** Reasons for each flag: DESIGN.md, "Tool chain". */
export const WASM_FLAGS: readonly string[] = [
  '--runtime',
  'stub',
  '--enable',
  'threads',
  '--enable',
  'simd',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory',
  '4',
  '--maximumMemory',
  '65536',
  '-O3',
  // Function names only: the code is the same byte for byte, traps and interleavings can be read.
  '--debug',
  '--noAssert',
  '--noExportMemory',
];

/**
 * Compiles one AssemblyScript entry; both paths are relative to the working directory.
 * @throws Error with the compiler's own message
 */
export async function compileWasm(entry: string, out: string): Promise<Uint8Array> {
  const { error, stderr } = await asc.main([entry, ...WASM_FLAGS, '--outFile', out], {
    readFile: (name, base) => {
      const file = join(base, name);
      return existsSync(file) ? readFileSync(file, 'utf8') : null;
    },
    writeFile: (name, contents, base) => writeFileSync(join(base, name), contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${entry} does not compile:\n${stderr.toString()}`);
  return readFileSync(out);
}
