import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from './fixtures/source-files.ts';
import { packageRoot } from './package-root.ts';

interface Import {
  readonly from: string;
  /** Path from the package's root, or a package's name. */
  readonly to: string;
}

/** What is imported from a text: static, dynamic, re-exported, for types, for its effect. */
function specifiersOf(text: string): string[] {
  const statements =
    /^\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...text.matchAll(statements)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

function importsOf(file: string): Import[] {
  return specifiersOf(readFileSync(join(packageRoot, file), 'utf8')).map((specifier) => ({
    from: file,
    to: specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier,
  }));
}

const LAYERS = ['core', 'strategies', 'bench', 'results', 'reports'];
const layerOf = (path: string): string => path.split('/')[0]!;

/**
 * Commands that may call reports: report and publish are about them, run and bench leave a page in what
 * they have measured (a run folder's report.html), so that one command ends with something to look at.
 */
const REPORTING = ['report', 'publish', 'run', 'bench'].map((name) => `bench/commands/${name}.ts`);

/** What each layer may import of the others. */
const ALLOWED: Readonly<Record<string, (path: Import) => boolean>> = {
  // core/testing holds entries of test modules: a strategy that is slowed down on purpose is one.
  core: ({ from, to }) => from.startsWith('core/testing/') && layerOf(to) === 'strategies',
  strategies: ({ to }) => to.startsWith('core/abi/'),
  results: () => false,
  reports: ({ to }) => layerOf(to) === 'results',
  bench: ({ from, to }) =>
    layerOf(to) === 'results' ||
    to.startsWith('core/abi/') ||
    to === 'strategies/manifest.ts' ||
    (layerOf(to) === 'reports' && REPORTING.includes(from)),
};

function allowed(link: Import): boolean {
  const [from, to] = [layerOf(link.from), layerOf(link.to)];
  return from === to || ALLOWED[from]!(link);
}

const sources = sourceFiles('.ts').filter((file) => !file.endsWith('.test.ts'));
const links = sources.flatMap(importsOf);

describe('imports', () => {
  it('are found in every form', () => {
    const text = [
      "import type { A } from './a.ts';",
      "import {\n  b,\n} from '../b.ts';",
      "export { c } from './c.ts';",
      "import './d.ts';",
      "export * from './e';",
      "const f = await import('./f.ts');",
      "// the word import from 'nowhere' in a comment",
    ];
    const found = ['./a.ts', '../b.ts', './c.ts', './d.ts', './e', './f.ts'];
    expect(specifiersOf(text.join('\n'))).toEqual(found);
    expect(links.length).toBeGreaterThan(sources.length);
  });

  it('point from layer to layer only where the design allows it', () => {
    const wrong = links
      .filter(({ to }) => LAYERS.includes(layerOf(to)))
      .filter((link) => !allowed(link))
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(wrong).toEqual([]);
  });

  it('would be refused where it does not', () => {
    const refused: [string, string][] = [
      ['results/run-store.ts', 'bench/cell/run-cell.ts'],
      ['results/statistics/rank-test.ts', 'bench/run/run-suite.ts'],
      ['core/notifier.ts', 'strategies/noop.ts'],
      ['strategies/noop.ts', 'core/device.ts'],
      ['results/compare/compare-runs.ts', 'reports/verdict.ts'],
      ['bench/cell/run-cell.ts', 'core/notifier.ts'],
      ['bench/suites/plan.ts', 'strategies/manifest-mlx5.ts'],
    ];
    for (const [from, to] of refused) expect(allowed({ from, to }), `${from} -> ${to}`).toBe(false);
    expect(allowed({ from: 'bench/commands/run.ts', to: 'reports/write-report.ts' })).toBe(true);
  });

  it('of core and the strategies name no package', () => {
    const wrong = links
      .filter(({ from }) => from.startsWith('core/') || /^strategies\/(?!manifest)/.test(from))
      .filter(({ to }) => !LAYERS.includes(layerOf(to)))
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(wrong).toEqual([]);
  });

  it('in tests reach into bench from outside for what builds and runs modules only', () => {
    const wrong = sourceFiles('.test.ts')
      .filter((file) => !file.startsWith('bench/'))
      .flatMap(importsOf)
      .filter(
        ({ to }) =>
          to.startsWith('bench/') && !/^bench\/(fixtures|build|cell|conformance)\//.test(to),
      )
      .map(({ from, to }) => `${from} imports ${to}`);
    expect(wrong).toEqual([]);
  });
});
