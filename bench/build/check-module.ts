/** Binary sections a module of this project may not have, and why. */
const FORBIDDEN_SECTIONS: Readonly<Record<number, string>> = {
  8: 'a start function (it would run again in every thread)',
  11: 'static data (each instantiation would write it again)',
  12: 'static data (each instantiation would write it again)',
};

/** Section ids of a WebAssembly binary, in order. */
export function sectionIds(binary: Uint8Array): number[] {
  const ids: number[] = [];
  let at = 8;
  while (at < binary.length) {
    ids.push(binary[at]!);
    at++;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[at]!;
      at++;
      length |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) break;
    }
    at += length;
  }
  return ids;
}

/**
 * Refuses an AssemblyScript module that would break shared memory: static data, a start function, an
 * abort import (a string or an assertion crept in), its own memory.
 */
export function checkModule(name: string, binary: Uint8Array): void {
  for (const id of sectionIds(binary)) {
    const why = FORBIDDEN_SECTIONS[id];
    if (why !== undefined) throw new Error(`${name}.wasm has ${why}`);
  }
  const module = new WebAssembly.Module(binary);
  for (const item of WebAssembly.Module.imports(module)) {
    const allowed =
      (item.module === 'env' && (item.name === 'memory' || item.name === 'tick')) ||
      (item.module === 'core' && name.startsWith('strategies/')) ||
      (item.module === 'strategy' && name === 'driver');
    if (!allowed) throw new Error(`${name}.wasm imports ${item.module}.${item.name}`);
  }
}
