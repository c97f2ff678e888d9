import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as statistics from 'simple-statistics';
import * as finish from '../chart-finish.ts';
import * as marks from '../chart-marks.ts';
import { forkStripConfig } from '../charts/fork-strip.ts';
import * as heatMap from '../charts/heat-map.ts';
import { csvField } from '../escape.ts';
import { frontierOf } from '../frontier.ts';
import * as units from '../units.ts';

/**
 * Modules that run in the page as well as here. Each exports only functions that use nothing but
 * their arguments and their own file's functions, so that their source text is the whole of them.
 */
const SHARED_MODULES: readonly object[] = [
  units,
  { csvField },
  { frontierOf },
  heatMap,
  { forkStripConfig },
  finish,
  marks,
];

/** The source text of all shared functions, one declaration each, and the judge of figures. */
export function sharedFunctions(): string {
  const functions = SHARED_MODULES.flatMap((module) => Object.values(module)).filter(
    (value) => typeof value === 'function',
  );
  return [judgeScript(), ...functions.map((shared) => String(shared))].join('\n');
}

/** The compiled modules of the judge, each after those it imports. */
const JUDGE_MODULES = [
  'statistics/seeded-random.js',
  'statistics/fork-bootstrap.js',
  'statistics/rank-test.js',
  'statistics/forks-needed.js',
  'compare/contrast.js',
  'compare/verdict.js',
  'compare/judge.js',
  'compare/judge-pairs.js',
];

/** `judgePairs` for the page, in a scope of its own: the very code that `compare` runs. */
function judgeScript(): string {
  const { errorFunction, mean, sampleVariance, sum, sumNthPowerDeviations } = statistics;
  const functions = [errorFunction, mean, sampleVariance, sum, sumNthPowerDeviations].map(String);
  const modules = JUDGE_MODULES.map((name) => withoutBorders(packageFile('dist', 'results', name)));
  return `const judgePairs = (() => {\n${[...functions, ...modules].join('\n')}\nreturn judgePairs;\n})();`;
}

/** Module text for a scope that it shares with what it imports; its docstrings stay in the source. */
function withoutBorders(source: string): string {
  return source
    .replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, '')
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^export /gm, '');
}

/** The package's own folder, from the source tree and from the compiled one alike. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('package.json of xlt-bench not found above its modules');
    folder = parent;
  }
  return folder;
}

function packageFile(...path: string[]): string {
  return readFileSync(join(packageRoot(), ...path), 'utf8');
}

/** A file of reports/page/client, as text. */
export function clientFile(name: string): string {
  return packageFile('reports', 'page', 'client', name);
}

/** Modules of the page's own script, each after those it imports. */
const CLIENT_MODULES = [
  'page-state.mjs',
  'download.mjs',
  'chart-figure.mjs',
  'chart-folds.mjs',
  'scroll-hint.mjs',
  'heat-map-table.mjs',
  'report-app.mjs',
];

/** Client modules as one text: they share a scope, so imports and exports fall away. */
export function clientModules(names: readonly string[]): string {
  return inScript(names.map((name) => withoutBorders(clientFile(name))).join('\n'));
}

/** The report page's own script. */
export function clientScript(): string {
  return clientModules(CLIENT_MODULES);
}

/** Chart.js as a classic script, without its source map's address: that would be a request. */
export function chartLibrary(): string {
  const entry = createRequire(import.meta.url).resolve('chart.js');
  const source = readFileSync(join(dirname(entry), 'chart.umd.min.js'), 'utf8');
  return inScript(source.replace(/\/\/# sourceMappingURL=.*$/m, ''));
}

/** Program text that may stand inside a script element. */
export function inScript(source: string): string {
  return source.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
}
