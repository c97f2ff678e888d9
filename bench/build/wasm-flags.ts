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
