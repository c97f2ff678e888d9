/** One section of a WebAssembly binary; its content is bytes start..end-1. */
export interface WasmSection {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** What a module asks of the memory it imports, in pages of 64 KiB. */
export interface MemoryImport {
  readonly minimumPages: number;
  /** null: none is stated. */
  readonly maximumPages: number | null;
  readonly shared: boolean;
}

const HEADER_BYTES = 8;
const IMPORT_SECTION = 2;
const FUNCTION_IMPORT = 0;
const TABLE_IMPORT = 1;
const MEMORY_IMPORT = 2;
const HAS_MAXIMUM = 1;
const IS_SHARED = 2;

/** Reads numbers (LEB128) and names of a binary one after the other. */
class ByteReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if ((byte & 0x80) === 0) return value;
    }
  }

  skipName(): void {
    const length = this.number();
    this.at += length;
  }

  limits(): MemoryImport {
    const flags = this.number();
    const minimumPages = this.number();
    const maximumPages = (flags & HAS_MAXIMUM) === 0 ? null : this.number();
    return { minimumPages, maximumPages, shared: (flags & IS_SHARED) !== 0 };
  }
}

/** Sections of a WebAssembly binary (one the engine has accepted), in order. */
export function wasmSections(binary: Uint8Array): WasmSection[] {
  const sections: WasmSection[] = [];
  const reader = new ByteReader(binary, HEADER_BYTES);
  while (reader.at < binary.length) {
    const id = reader.number();
    const length = reader.number();
    const start = reader.at;
    reader.at += length;
    sections.push({ id, start, end: reader.at });
  }
  return sections;
}

/** The first memory a module imports, or null. */
export function memoryImport(binary: Uint8Array): MemoryImport | null {
  const section = wasmSections(binary).find(({ id }) => id === IMPORT_SECTION);
  if (section === undefined) return null;
  const reader = new ByteReader(binary, section.start);
  for (let left = reader.number(); left > 0; left--) {
    reader.skipName();
    reader.skipName();
    const kind = reader.number();
    if (kind === MEMORY_IMPORT) return reader.limits();
    if (kind === FUNCTION_IMPORT) reader.number();
    else if (kind === TABLE_IMPORT) {
      reader.number();
      reader.limits();
    } else {
      // A global: its type and whether it changes.
      reader.number();
      reader.number();
    }
  }
  return null;
}
