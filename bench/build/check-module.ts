import { wasmSections } from './wasm-sections.ts';

/** Binary sections a module of this project may not have, and why. */
const FORBIDDEN_SECTIONS: Readonly<Record<number, string>> = {
  8: 'a start function (it would run again in every thread)',
  11: 'static data (each instantiation would write it again)',
  12: 'static data (each instantiation would write it again)',
};

/** What a module has that it may not have, or null. */
export function forbiddenSection(binary: Uint8Array): string | null {
  const found = wasmSections(binary).find(({ id }) => FORBIDDEN_SECTIONS[id] !== undefined);
  return found === undefined ? null : FORBIDDEN_SECTIONS[found.id]!;
}

/**
 * Refuses an AssemblyScript module that would break shared memory: static data, a start function, an
 * abort import (a string or an assertion crept in), its own memory.
 */
export function checkModule(name: string, binary: Uint8Array): void {
  const forbidden = forbiddenSection(binary);
  if (forbidden !== null) throw new Error(`${name}.wasm has ${forbidden}`);
  const module = new WebAssembly.Module(binary);
  for (const item of WebAssembly.Module.imports(module)) {
    const allowed =
      (item.module === 'env' && (item.name === 'memory' || item.name === 'tick')) ||
      (item.module === 'core' && name.startsWith('strategies/')) ||
      (item.module === 'strategy' && name === 'driver');
    if (!allowed) throw new Error(`${name}.wasm imports ${item.module}.${item.name}`);
  }
}
