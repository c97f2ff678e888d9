import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { ABI_VERSION } from '../../core/abi/layout.ts';
import { makeFolder, writeFileAtomic } from '../../results/atomic-file.ts';
import { refuseEmptyPath } from '../../results/output-file.ts';
import { UsageError } from '../../results/usage-error.ts';
import { manifest, type StrategyEntry } from '../../strategies/manifest.ts';
import { ABI_SECTION } from '../build/abi-section.ts';
import { WASM_FLAGS } from '../build/wasm-flags.ts';
import { packageRoot } from '../package-root.ts';

export interface NewStrategyOptions {
  /** Kebab-case id; the file is named after it. */
  readonly id: string;
  /** A folder outside the tree, made if need be; absent: inside the tree. */
  readonly folder?: string;
  /** The tree; default: the one this runs from. */
  readonly root?: string;
}

export interface NewStrategy {
  /** Files that were written or changed. */
  readonly files: readonly string[];
  /** Commands that build and check it, in order. */
  readonly next: readonly string[];
}

const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const IMPORTS = /(?:import \{ \w+ \} from '\.\/manifest-[\w-]+\.ts';\n)+/;
const LIST_ANCHOR = '  ...canaries,\n];';

/** What the skeleton claims about itself: it is a flat table. */
function skeletonEntry(id: string): StrategyEntry {
  return {
    id,
    title: id.replaceAll('-', ' '),
    kind: 'strategy',
    family: 'preallocated',
    language: 'assemblyscript',
    summary: 'The idea in one sentence.',
    users: 'who works this way',
    source: 'where it can be read',
    memory: { at4k: '8 B x 262,144 = 2 MiB', at2m: '2 MiB (the same)' },
    bytesPerGiB: { at4k: 2_097_152, at2m: 2_097_152 },
    lock: 'region',
    guarantees: {
      allocatesInInvalidate: false,
      allocatesInUpdate: false,
      updateCanFail: false,
      collateralPages: 1,
      reservePages: 0,
      downgradesInPlace: false,
      translates: true,
    },
    params: [],
    sites: [{ name: 'register', kind: 'table' }],
  };
}

/**
 * Writes the skeleton of a strategy: a flat table that compiles and passes the conformance suite. Inside
 * the tree: strategies/<id>.ts, its manifest entry and the line that lists it. Outside: a folder with the
 * source, a copy of the ABI, a build script and the manifest entry that `--strategy <id>.wasm` reads.
 * @throws UsageError for an id that is taken or no id, or files that are there already
 */
export function newStrategy({ id, folder, root = packageRoot }: NewStrategyOptions): NewStrategy {
  refuseEmptyPath('--folder', folder, 'folder');
  if (!ID.test(id)) {
    throw new UsageError(`strategy id "${id}": expected lower-case words joined by "-"`);
  }
  if (manifest.some((entry) => entry.id === id)) {
    throw new UsageError(`strategy id "${id}": there is one of that name in the tree`);
  }
  return folder === undefined ? insideTree(id, root) : outsideTree(id, resolve(folder), root);
}

function template(root: string, name: string, values: Readonly<Record<string, string>>): string {
  const file = join(root, 'bench', 'strategy-template', `${name}.template`);
  if (!existsSync(file)) throw new UsageError(`${file}: not there; new-strategy needs the sources`);
  return readFileSync(file, 'utf8').replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => values[key]!);
}

function refuseExisting(files: readonly string[]): void {
  const there = files.find((file) => existsSync(file));
  if (there !== undefined) throw new UsageError(`${there}: is there already; nothing was written`);
}

function insideTree(id: string, root: string): NewStrategy {
  const source = join(root, 'strategies', `${id}.ts`);
  const entryFile = join(root, 'strategies', `manifest-${id}.ts`);
  const listFile = join(root, 'strategies', 'manifest.ts');
  refuseExisting([source, entryFile]);
  if (!existsSync(listFile)) {
    throw new UsageError(`${listFile}: not there; give --folder to start outside the tree`);
  }
  const list = listedIn(readFileSync(listFile, 'utf8'), id, listFile);
  writeFileAtomic(source, template(root, 'strategy.ts', { id, abi: '../core/abi' }));
  writeFileAtomic(entryFile, entrySource(id));
  writeFileAtomic(listFile, list);
  return {
    files: [source, entryFile, listFile],
    next: [
      'npm run build',
      'node dist/bench/build/write-strategy-docs.js',
      `npx xlt-bench verify ${id}`,
      `npx xlt-bench run quick --strategy ${id}`,
    ],
  };
}

function constantName(id: string): string {
  return id.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The manifest's text with one import and one line more. */
function listedIn(text: string, id: string, file: string): string {
  if (!IMPORTS.test(text) || !text.includes(LIST_ANCHOR)) {
    throw new UsageError(
      `${file}: the imports or the list of the canaries are not where they were`,
    );
  }
  const name = constantName(id);
  return text
    .replace(IMPORTS, (imports) =>
      withImport(imports, `import { ${name} } from './manifest-${id}.ts';`),
    )
    .replace(LIST_ANCHOR, `  ${name},\n${LIST_ANCHOR}`);
}

/** The formatter wants imports in the order of their paths. */
function withImport(imports: string, line: string): string {
  const path = (text: string): string => text.slice(text.indexOf(' from '));
  const lines = [...imports.trimEnd().split('\n'), line];
  return `${lines.sort((a, b) => (path(a) < path(b) ? -1 : 1)).join('\n')}\n`;
}

function entrySource(id: string): string {
  const entry = literal(skeletonEntry(id), '');
  return (
    "import type { StrategyEntry } from './manifest.ts';\n\n" +
    `export const ${constantName(id)}: StrategyEntry = ${entry};\n`
  );
}

/** A value as TypeScript in the house's style. */
function literal(value: unknown, indent: string): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number') return value.toLocaleString('en').replaceAll(',', '_');
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const items = value.map((item) => `${inner}${literal(item, inner)},\n`);
    return `[\n${items.join('')}${indent}]`;
  }
  const fields = Object.entries(value).map(
    ([key, item]) => `${inner}${key}: ${literal(item, inner)},\n`,
  );
  return `{\n${fields.join('')}${indent}}`;
}

/** The AssemblyScript the tree itself is built with. */
function compilerVersion(root: string): string {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: { readonly assemblyscript: string };
  };
  return devDependencies.assemblyscript;
}

function outsideTree(id: string, folder: string, root: string): NewStrategy {
  const inTree = relative(root, folder);
  if (!inTree.startsWith('..') && !isAbsolute(inTree)) {
    throw new UsageError(`${folder}: lies in the tree; leave the folder out to start there`);
  }
  const abi = join(root, 'core', 'abi');
  const source = join(folder, `${id}.ts`);
  const script = join(folder, 'build.mjs');
  const declared = join(folder, `${id}.json`);
  refuseExisting([source, script, declared]);
  if (!existsSync(abi)) throw new UsageError(`${abi}: not there; new-strategy needs the sources`);
  const values = {
    id,
    abi: './abi',
    root: JSON.stringify(root),
    compiler: compilerVersion(root),
    flags: JSON.stringify(WASM_FLAGS),
    section: JSON.stringify(ABI_SECTION),
    abiVersion: String(ABI_VERSION),
  };
  makeFolder(join(folder, 'abi'));
  const copied = readdirSync(abi).filter((name) => /^[\w-]+\.ts$/.test(name));
  for (const name of copied) copyFileSync(join(abi, name), join(folder, 'abi', name));
  writeFileAtomic(source, template(root, 'strategy.ts', values));
  writeFileAtomic(script, template(root, 'build.mjs', values));
  writeFileAtomic(declared, `${JSON.stringify(skeletonEntry(id), null, 2)}\n`);
  const wasm = join(folder, `${id}.wasm`);
  return {
    files: [source, script, declared, ...copied.map((name) => join(folder, 'abi', name))],
    next: [
      `node ${script}`,
      `npx xlt-bench verify ${wasm}`,
      `npx xlt-bench run quick --strategy ${wasm}`,
    ],
  };
}
