import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manifest } from '../strategies/manifest.ts';
import { sourceFiles } from './fixtures/source-files.ts';
import { packageRoot } from './package-root.ts';

const LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
const COLUMNS_MAX = 100;

interface Source {
  readonly file: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const sources: readonly Source[] = sourceFiles('.ts', '.c', '.h').map((file) => {
  const text = readFileSync(join(packageRoot, file), 'utf8');
  return { file, text, lines: text.replace(/\n$/, '').split('\n') };
});
const isTest = ({ file }: Source): boolean => file.endsWith('.test.ts');
/** AssemblyScript: all of core and strategies but their tests and the manifest. */
const isShared = (source: Source): boolean =>
  /^(core|strategies)\/.*\.ts$/.test(source.file) &&
  !isTest(source) &&
  !source.file.startsWith('strategies/manifest');

const COMMENT_OR_TEXT =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\/(?![*/\s])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[gimsuy]*(?=[\s.,;)\]])/g;

/**
 * The text without its comments, line by line.
 * @param texts what becomes of strings and patterns: kept as they are, or each replaced by this
 */
function code(text: string, texts: 'kept' | ''): string {
  return text.replace(COMMENT_OR_TEXT, (found) =>
    /^\/[*/]/.test(found) || texts === '' ? found.replace(/[^\n]/g, '') : found,
  );
}

interface Ban {
  readonly what: RegExp;
  readonly instead: string;
  readonly where: (source: Source) => boolean;
  /** Paths, or their beginnings, where it is meant. */
  readonly except?: readonly string[];
  /** Looks into strings as well. */
  readonly inTexts?: boolean;
}

const host = (source: Source): boolean => !isShared(source) && source.file.endsWith('.ts');
const everywhere = (): boolean => true;

/** Clocks are read where something is timed or dated, and nowhere that figures are derived. */
const TIMED = [
  'bench/benchmarks/',
  'bench/build/',
  'bench/cell/cell-process.ts',
  'bench/conformance/',
  'bench/environment/',
  'bench/explore/',
  'bench/import/fuzz-import.ts',
  'bench/import/import-trace.ts',
  'bench/micro/',
  'bench/record/',
  'bench/run/',
  'reports/fixtures/large-report.ts',
];

const BANS: readonly Ban[] = [
  { what: /\bMath\.random\b/, instead: 'a seeded generator', where: host },
  {
    what: /\b(Date|performance)\.now\b/,
    instead: 'a time handed in by the caller',
    where: (source) => host(source) && !isTest(source),
    except: TIMED,
  },
  {
    what: /\bconsole\./,
    instead: 'process.stdout or process.stderr in a command, UsageError elsewhere',
    where: (source) => host(source) && !isTest(source),
    except: ['bench/import/fuzz-import.ts', 'bench/conformance/verify-one.ts', 'reports/fixtures/'],
  },
  {
    what: /\batomic\.fence\b/,
    instead: 'atomic.add(p, 0): the compiler drops a fence',
    where: isShared,
  },
  { what: /\bnew\b/, instead: 'addresses of the layout: no managed object', where: isShared },
  { what: /=>/, instead: 'a function of the module: no closure', where: isShared },
  { what: /[=(,]\s*\[/, instead: 'a range of the layout: no managed array', where: isShared },
  {
    what: /^(?!.*\b(import|from)\b).*['"`]/,
    instead: 'a code of terms.ts: a string is static data',
    where: isShared,
    inTexts: true,
  },
  { what: /\bmemory\.grow\b|\.grow\(/, instead: 'the plan: memory never grows', where: everywhere },
  {
    what: /\b(it|test|describe)\.(skip|only|todo)\(/,
    instead: 'skipIf with a reason',
    where: host,
  },
];

function foundIn(ban: Ban, source: Source): string[] {
  if (!ban.where(source) || ban.except?.some((path) => source.file.startsWith(path))) return [];
  const found: string[] = [];
  const texts = ban.inTexts === true ? 'kept' : '';
  for (const [i, line] of code(source.text, texts).split('\n').entries()) {
    if (ban.what.test(line)) found.push(`${source.file}:${i + 1}: use ${ban.instead}`);
  }
  return found;
}

const bansFound = (source: Source): string[] => BANS.flatMap((ban) => foundIn(ban, source));

function sample(file: string, text: string): Source {
  return { file, text, lines: text.split('\n') };
}

describe('banned names', () => {
  it('stand nowhere but in their place', () => {
    // This file has to name them.
    const others = sources.filter(({ file }) => file !== 'bench/tidy.test.ts');
    expect(others.flatMap(bansFound)).toEqual([]);
  });

  it.each([
    ['bench/a.ts', 'const x = Math.random();'],
    ['reports/a.ts', 'const x = Date.now();'],
    ['bench/statistics/a.ts', 'const x = performance.now();'],
    ['results/a.ts', "console.log('x');"],
    ['core/a.ts', 'atomic.fence();'],
    ['core/a.ts', 'const x = new Uint8Array(4);'],
    ['strategies/a.ts', "const x = 'text';"],
    ['strategies/a.ts', 'const x = [1, 2];'],
    ['strategies/a.ts', 'visit((x) => x + 1);'],
    ['core/a.ts', 'memory.grow(1);'],
    ['bench/a.test.ts', 'it.only(x);'],
  ])('would be found in %s: %s', (file, text) => {
    expect(bansFound(sample(file, text))).toHaveLength(1);
  });

  it.each([
    ['core/a.ts', '// a new page => "text"'],
    ['core/a.ts', "import { x } from './abi/layout';"],
    ['core/a.ts', "  a,\n} from './abi/terms';"],
    ['bench/environment/a.ts', 'const x = Date.now();'],
    ['bench/a.ts', "const x = 'console.log';"],
  ])('would be let alone in %s: %s', (file, text) => {
    expect(bansFound(sample(file, text))).toEqual([]);
  });
});

describe('sizes', () => {
  /** First line and length of each function of formatted code: it ends where its indent closes. */
  function functionsOf({ lines }: Source): { line: number; name: string; length: number }[] {
    const start =
      /^(\s*)(?:export )?(?:default )?(?:async )?(?:function\*?\s+(\w+)|(?:(?:static|async|get|set|private|override|readonly) )*([\w#]+)\((?!.*\bof\b)|const (\w+) = (?:async )?(?:<.*>)?\()/;
    const found: { line: number; name: string; length: number }[] = [];
    for (const [i, line] of lines.entries()) {
      const match = start.exec(line);
      const name = match?.[2] ?? match?.[3] ?? match?.[4];
      if (!match || name === undefined || /^(if|for|while|switch|catch|return)$/.test(name))
        continue;
      const closes = `${match[1]}}`;
      const end = lines.findIndex((text, at) => at > i && text.startsWith(closes));
      const cut = lines.findIndex((text, at) => at > i && text === '');
      // A declaration or a call ends before the next empty line, without a brace of its own.
      if (end < 0 || (match[3] !== undefined && cut >= 0 && cut < end && !opens(lines, i)))
        continue;
      if (opens(lines, i)) found.push({ line: i + 1, name, length: end - i + 1 });
    }
    return found;
  }

  /** Does the signature that begins in line `first` end in an opening brace? */
  function opens(lines: readonly string[], first: number): boolean {
    const indent = /^\s*/.exec(lines[first]!)![0].length;
    for (let i = first; i < lines.length && i < first + 20; i++) {
      const line = lines[i]!;
      if (i > first && /^\s*/.exec(line)![0].length > indent) continue;
      if (line.endsWith('{')) return true;
      if (line.endsWith(';') || line === '') return false;
    }
    return false;
  }

  it(`files have at most ${LINES_MAX} lines`, () => {
    const long = sources
      .filter(({ lines }) => lines.length > LINES_MAX)
      .map(({ file, lines }) => `${file}: ${lines.length} lines`);
    expect(long).toEqual([]);
  });

  it(`functions have at most ${FUNCTION_LINES_MAX} lines`, () => {
    const long = sources
      .filter((source) => !isTest(source) && source.file.endsWith('.ts'))
      .flatMap((source) =>
        functionsOf(source)
          .filter(({ length }) => length > FUNCTION_LINES_MAX)
          .map(({ line, name, length }) => `${source.file}:${line}: ${name} has ${length} lines`),
      );
    expect(long).toEqual([]);
  });

  it('of functions are measured from the signature to its closing brace', () => {
    const text = [
      'export function one(',
      '  a: number,',
      '): void {',
      '  call(a);',
      '}',
      '',
      'class Two {',
      '  async three(a: string): Promise<void> {',
      '    if (a) {',
      '      call(a);',
      '    }',
      '  }',
      '}',
      'const four = (a: number): number => {',
      '  return a;',
      '};',
    ].join('\n');
    const measured = functionsOf(sample('bench/a.ts', text)).map(({ name, length }) => [
      name,
      length,
    ]);
    expect(measured).toEqual([
      ['one', 5],
      ['three', 5],
      ['four', 3],
    ]);
  });

  it(`lines have at most ${COLUMNS_MAX} columns of code; texts may be longer`, () => {
    // Templates within templates and their markup are text as well.
    const isText = /[`<]|\$\{/;
    const long = sources.flatMap(({ file, text, lines }) =>
      code(text, '')
        .split('\n')
        .flatMap((line, i) =>
          line.length > COLUMNS_MAX && !isText.test(lines[i]!) ? [`${file}:${i + 1}`] : [],
        ),
    );
    expect(long).toEqual([]);
  });
});

describe('texts', () => {
  it('leave no unfinished business', () => {
    const words = new RegExp(
      `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`,
    );
    const found = sources.flatMap(({ file, lines }) =>
      lines.flatMap((line, i) => (words.test(line) ? [`${file}:${i + 1}`] : [])),
    );
    expect(found).toEqual([]);
  });

  it('name no place of one machine', () => {
    const found = sources.flatMap(({ file, lines }) =>
      lines.flatMap((line, i) =>
        /['"`\s](\/root|\/work)\//.test(line) ? [`${file}:${i + 1}`] : [],
      ),
    );
    expect(found.filter((place) => !place.startsWith('bench/tidy.test.ts'))).toEqual([]);
  });
});

describe('files', () => {
  it('are named after one noun, in kebab case', () => {
    const named = /^[a-z0-9]+(-[a-z0-9.]+)*(\.test|\.d)?\.(ts|c|h)$/;
    const wrong = sources.map(({ file }) => file).filter((file) => !named.test(basename(file)));
    expect(wrong).toEqual([]);
  });

  it('are no drawers for everything', () => {
    const drawer = /^(utils?|helpers?|common|types|misc|shared)\.ts$/;
    const wrong = sources.map(({ file }) => file).filter((file) => drawer.test(basename(file)));
    expect(wrong).toEqual([]);
  });

  it('of strategies stand in the manifest, once, and every entry has its file', () => {
    const ids = manifest.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    const missing = manifest
      .map(({ id, language }) => `strategies/${language === 'c' ? `c/${id}.c` : `${id}.ts`}`)
      .filter((file) => !existsSync(join(packageRoot, file)));
    expect(missing).toEqual([]);
    const unlisted = sources
      .filter(isShared)
      .filter(({ text }) =>
        /^export (function|\{[^}]*\b)\s*translate\b|^export \{[^}]*\btranslate\b/m.test(text),
      )
      .filter(({ file }) => file.startsWith('strategies/'))
      .map(({ file }) => basename(file, '.ts'))
      .filter((id) => !ids.includes(id));
    expect(unlisted).toEqual([]);
  });
});
