import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CellRecord } from '../../results/cell-record.ts';
import { UsageError } from '../../results/usage-error.ts';
import { moduleHash } from '../environment/capture-host.ts';
import { packageRoot } from '../package-root.ts';

/** Digests of core, driver and the strategies of the tree by name, as the build wrote them down. */
export function moduleHashes(): Record<string, string> {
  const list = JSON.parse(
    readFileSync(join(packageRoot, 'dist', 'wasm', 'modules.json'), 'utf8'),
  ) as Record<string, { sha256: string }>;
  return Object.fromEntries(Object.entries(list).map(([name, { sha256 }]) => [name, sha256]));
}

/**
 * Digests of the modules that a cell of the strategy runs; an out-of-tree one is named by its path.
 * @param built what moduleHashes returned
 */
export function modulesOf(
  strategy: string,
  built: Readonly<Record<string, string>>,
): Record<string, string> {
  const hashes: Record<string, string> = {};
  const inTree = `strategies/${strategy}`;
  for (const name of ['core', 'driver', inTree in built ? inTree : strategy]) {
    const hash = built[name] ?? outOfTreeHash(name);
    if (hash !== undefined) hashes[name] = hash;
  }
  return hashes;
}

/**
 * @param where begins the message, e.g. the option and the run folder
 * @param advice what to do instead
 * @throws UsageError naming the first module that is not the one that made the records
 */
export function refuseOtherModules(
  records: readonly CellRecord[],
  where: string,
  advice: string,
): void {
  const built = moduleHashes();
  for (const { modules } of records) {
    for (const [name, sha256] of Object.entries(modules)) {
      if ((built[name] ?? outOfTreeHash(name)) === sha256) continue;
      const file = name.endsWith('.wasm') ? name : `${name}.wasm`;
      throw new UsageError(`${where}: ${file} is not the module that made the records; ${advice}`);
    }
  }
}

function outOfTreeHash(name: string): string | undefined {
  return name.endsWith('.wasm') && existsSync(name) ? moduleHash(name) : undefined;
}
