/** Custom section of a strategy module: the version of the ABI it was built for, u32 little-endian. */
export const ABI_SECTION = 'xlt_abi';

/** The module with its ABI section, which AssemblyScript cannot write itself. */
export function withAbiSection(binary: Uint8Array, version: number): Uint8Array {
  const name = Buffer.from(ABI_SECTION);
  const content = Buffer.alloc(1 + name.length + 4);
  content[0] = name.length;
  content.set(name, 1);
  content.writeUInt32LE(version, 1 + name.length);
  // Section id 0 is custom; the length fits one byte of LEB128.
  return Buffer.concat([binary, Uint8Array.of(0, content.length), content]);
}

/** The ABI version a module carries, or null. */
export function abiVersionOf(module: WebAssembly.Module): number | null {
  const [section] = WebAssembly.Module.customSections(module, ABI_SECTION);
  return section?.byteLength === 4 ? new DataView(section).getUint32(0, true) : null;
}
