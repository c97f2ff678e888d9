import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as finish from '../chart-finish.ts';
import * as marks from '../chart-marks.ts';
import { forkStripConfig } from '../charts/fork-strip.ts';
import { heatMapConfig } from '../charts/heat-map.ts';
import { csvField } from '../escape.ts';
import { frontierOf } from '../frontier.ts';
import * as ratio from '../ratio.ts';
import * as units from '../units.ts';

/**
 * Modules that run in the page as well as here. Each exports only functions that use nothing but
 * their arguments and their own file's functions, so that their source text is the whole of them.
 */
const SHARED_MODULES: readonly object[] = [
  units,
  ratio,
  { csvField },
  { frontierOf },
  { heatMapConfig },
  { forkStripConfig },
  finish,
  marks,
];

/** The source text of all shared functions, one declaration each. */
export function sharedFunctions(): string {
  return SHARED_MODULES.flatMap((module) => Object.values(module))
    .filter((value) => typeof value === 'function')
    .map((shared) => String(shared))
    .join('\n');
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

/** A file of reports/page/client, as text. */
export function clientFile(name: string): string {
  return readFileSync(join(packageRoot(), 'reports', 'page', 'client', name), 'utf8');
}

/** Modules of the page's own script, each after those it imports. */
const CLIENT_MODULES = [
  'page-state.mjs',
  'download.mjs',
  'chart-figure.mjs',
  'heat-map-table.mjs',
  'report-app.mjs',
];

/** Client modules as one text: they share a scope, so imports and exports fall away. */
export function clientModules(names: readonly string[]): string {
  return inScript(
    names
      .map((name) =>
        clientFile(name)
          .replace(/^import [^;]*;\n/gm, '')
          .replace(/^export /gm, ''),
      )
      .join('\n'),
  );
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
